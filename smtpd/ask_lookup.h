/* ask_lookup - all that a session asks of lookupd. */
#ifndef SMTPD_ASK_LOOKUP_H
#define SMTPD_ASK_LOOKUP_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/msg_lookup.h"
#include "mail/addr.h"
#include "smtpd/session.h"

/* What is known of a recipient. */
struct rcpt_facts {
	enum rcpt_kind kind;
	bool	       asks_sender;	/* ask_copy() may find something */
	struct addr    copy;	/* recipient_bcc; ADDR_NULL: nobody */
};

/*
 * May mail for this mailbox come in, and who gets a copy of it?
 * to       with a domain
 * returns  0 and *out; -1 with why (WHY_TEMP): ask again later
 */
int	ask_lookup(struct session *s, const struct addr *to,
	    struct rcpt_facts *out, struct why *why) must_use;

/*
 * Who gets a copy of what this envelope sender sends (sender_bcc)?
 * from     a mailbox
 * returns  0 and *copy (ADDR_NULL: nobody); -1 with why (WHY_TEMP): ask again
 *          later
 */
int	ask_copy(struct session *s, const struct addr *from,
	    struct addr *copy, struct why *why) must_use;

/*
 * May the user of this session write that address as a sender?
 * from     a mailbox
 * returns  0 and *own; -1 with why (WHY_TEMP): ask again later
 */
int	ask_sender(struct session *s, const struct addr *from, bool *own,
	    struct why *why) must_use;

#endif
