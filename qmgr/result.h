/*
 * result - what became of a recipient: into the log of the file, into the
 * line for the operator, and to those that share it.
 */
#ifndef QMGR_RESULT_H
#define QMGR_RESULT_H

#include "ipc/msg_deliver.h"
#include "qmgr/message.h"

struct outcome {
	enum result_kind kind;
	struct span esc;	/* RFC 3463 */
	struct span text;	/* reply or error, one line */
	struct span remote;	/* who said so, or empty */
	bool	    told;	/* DONE: that host does what RFC 3461 asks */
};

/* A delay's reason in short, to see whether it is still the same; never 0. */
uint32_t result_reason(const struct message *m, struct span esc,
	    struct span text);
/* Recipient i, which is not settled in this pass, has this outcome. */
void	result_apply(struct message *m, uint32_t i, const struct outcome *o);
/* The same for a reason of our own. */
void	result_own(struct message *m, uint32_t i, enum result_kind kind,
	    const char *esc, const char *text);
/* Not tried at all in this pass: LATER, and no line anywhere. */
void	result_withdraw(struct message *m, uint32_t i);
/* An operator has stopped it: LATER, and it does not age. */
void	result_paused(struct message *m, uint32_t i);
/* Does this DONE say that the mail went on and nowhere else? */
bool	result_is_forward(struct span esc, struct span remote);
/* Recipient i came from j, goes to the same place, and j only sent it on. */
bool	result_in_circle(const struct message *m, uint32_t i, uint32_t j);
/* So it fails: else all would be done, and nobody would have the mail. */
void	result_circle(struct message *m, uint32_t i);
/*
 * The forward file of recipient i also names this address: a further
 * recipient of the message, logged now.  Too many: the recipient fails.
 */
void	result_forward(struct message *m, uint32_t i, struct span address);
/* A worker's result; held back until the forwards of i are on disk. */
void	result_receive(struct message *m, uint32_t i, const struct outcome *o);

#endif
