/*
 * retry - when again, when to warn, when to give up.  Pure: times are passed
 * in, seconds since 1970 of a clock that may jump.
 *
 * Age is not "now minus arrival": it grows by at most twice the longest
 * interval per attempt, so that a clock set forward, or a host that was off for a
 * week, expires nothing; a clock set back makes nothing younger.
 */
#ifndef QMGR_RETRY_H
#define QMGR_RETRY_H

#include "base/base.h"

struct retry_conf {
	int64_t min_s, max_s;		/* intervals */
	int64_t notice_s;		/* 0: never */
	int64_t expire_s, bounce_expire_s;
};

/* The age at now_s of what was age_s old at since_s. */
int64_t	retry_age(const struct retry_conf *c, int64_t age_s, int64_t since_s,
	    int64_t now_s);
/*
 * The time of the next attempt.
 * passes   attempts made so far (1 after the first): the interval doubles
 * random   any 32 random bits: up to a quarter of jitter
 * left_s   time to live: the last attempt is made at its end, not after it
 */
int64_t	retry_next(const struct retry_conf *c, unsigned passes,
	    uint32_t random, int64_t left_s, int64_t now_s);
/* next_s as found on disk, brought back to the longest interval from now. */
int64_t	retry_sane(const struct retry_conf *c, int64_t next_s, int64_t now_s);
/* Time to live left; <= 0: give up. */
int64_t	retry_left(const struct retry_conf *c, int64_t age_s, bool bounce);
/* Tell the sender of a delay? */
bool	retry_warn(const struct retry_conf *c, int64_t age_s, bool warned,
	    bool bounce);

#endif
