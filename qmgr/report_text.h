/* report_text - what a report says: from the log and the message's header. */
#ifndef QMGR_REPORT_TEXT_H
#define QMGR_REPORT_TEXT_H

#include "qmgr/message.h"

enum report_about { REPORT_FAILURE, REPORT_DELAY, REPORT_SUCCESS };

struct report_text {
	struct message *m;
	const char     *id;		/* of the report */
	struct span	to;
	const uint32_t *rcpts;		/* ascending */
	uint32_t	n;		/* 1..REPORT_RCPTS_MAX */
	enum report_about about;
	int64_t		until_s;	/* DELAY: when we will give up */
};

/* The whole message; 0, or -1: the file cannot be read, or out is full. */
int	report_text(const struct report_text *t, struct buf *out) must_use;

#endif
