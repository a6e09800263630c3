/*
 * exchange - one command and its reply; what talk.c and talk_open.c share.
 */
#ifndef SMTP_OUT_EXCHANGE_H
#define SMTP_OUT_EXCHANGE_H

#include "smtp-out/talk.h"

/*
 * The next reply into t->reply; what is written leaves first.
 * wait_ms  at most, and no longer than all answers of the job may take
 * when     for the reason: "to MAIL"
 * returns  0; -1 with why: none came, it is none, or nobody waits any more
 */
int	exchange_reply(struct talk *t, int64_t wait_ms, const char *when,
	    struct why *why) must_use;
/* line: with CRLF. */
int	exchange_command(struct talk *t, const char *line, int64_t wait_ms,
	    const char *when, struct why *why) must_use;
/* Does the last reply's code begin with that digit? */
bool	exchange_said(const struct talk *t, unsigned hundred);

/* Both are -1: the connection broke; this host will not, with its words. */
int	exchange_lost(const struct talk *t, struct why *why,
	    const char *when);
int	exchange_refused(struct talk *t, struct why *why, const char *when);

#endif
