/*
 * outcome - from a reply or an error to done, later or never, for each
 * recipient.  Pure.
 */
#ifndef SMTP_OUT_OUTCOME_H
#define SMTP_OUT_OUTCOME_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/msg_deliver.h"
#include "smtp/reply.h"

/* What the whole connection came to, beside the recipients' results. */
enum outcome_talk {
	TALK_DONE,		/* every recipient has its result; go on with it */
	TALK_CLOSED,		/* every recipient has its result; hang up */
	TALK_NEXT_HOST,		/* this host cannot; try another */
};

/* r: the reply that decided; its text goes to the sender in a bounce. */
void	outcome_from_reply(struct result *out, const struct reply *r,
	    const char *remote);
void	outcome_from_why(struct result *out, const struct why *why,
	    const char *remote);

#endif
