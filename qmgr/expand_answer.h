/*
 * expand_answer - the answer to one question, from the first target to what
 * it makes of the recipient.
 */
#ifndef QMGR_EXPAND_ANSWER_H
#define QMGR_EXPAND_ANSWER_H

#include "ipc/msg_lookup.h"
#include "qmgr/message.h"

struct answer {			/* targets, packed one behind the other */
	struct buf packed;
	uint32_t   n;
	size_t	   octets;
	bool	   full;	/* some did not fit */
};

void	answer_init(struct answer *a);
void	answer_fini(struct answer *a);
/* most: octets of memory that it may take still. */
void	answer_add(struct answer *a, const struct target *t, size_t most);
/*
 * All n >= 1 targets are there: recipient i of m, which is ASKED, gets its
 * route, its targets, or its end.
 */
void	answer_use(const struct answer *a, struct message *m, uint32_t i);

#endif
