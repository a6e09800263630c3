/*
 * rate - a bucket that fills with time: bursts of twice the rate of a second.
 */
#ifndef KEYD_RATE_H
#define KEYD_RATE_H

#include "base/base.h"

struct rate {			/* all zero at birth: full */
	int64_t	 last_ms;
	uint64_t tokens;	/* thousandths */
};

/* false: there is none left. */
bool	rate_take(struct rate *r, unsigned per_second) must_use;

#endif
