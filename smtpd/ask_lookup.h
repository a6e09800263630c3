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
	unsigned asks;		/* USE_BIT()s of ask_rewrite() that may find
				   something */
	struct addr    as;	/* what stands for it; ADDR_NULL: itself */
	struct addr    copy;	/* recipient_bcc; ADDR_NULL: nobody */
};

/*
 * May mail for this mailbox come in, and who gets a copy of it?
 * to       with a domain
 * returns  0 and *out; -1 with why (WHY_TEMP): ask again later
 */
int	ask_lookup(struct session *s, const struct addr *to,
	    struct rcpt_facts *out, struct why *why) must_use;

/* What is known of another address. */
struct rewrite_facts {
	struct addr as;		/* what stands for it; ADDR_NULL: itself */
	struct addr copy;	/* USE_ENVELOPE_SENDER: sender_bcc; ADDR_NULL:
				   nobody */
};

/*
 * What stands for an address of the message at hand?
 * a        a mailbox
 * returns  0 and *out; -1 with why (WHY_TEMP): ask again later
 */
int	ask_rewrite(struct session *s, enum rewrite_use use,
	    const struct addr *a, struct rewrite_facts *out, struct why *why)
	    must_use;

/*
 * May the user of this session write that address as a sender?
 * from     a mailbox
 * returns  0 and *own; -1 with why (WHY_TEMP): ask again later
 */
int	ask_sender(struct session *s, const struct addr *from, bool *own,
	    struct why *why) must_use;

#endif
