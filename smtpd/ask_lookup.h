/* ask_lookup - all that a session asks of lookupd. */
#ifndef SMTPD_ASK_LOOKUP_H
#define SMTPD_ASK_LOOKUP_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/msg_lookup.h"
#include "mail/addr.h"
#include "smtpd/session.h"

/*
 * May mail for this mailbox come in?
 * to       with a domain
 * returns  0 and *kind; -1 with why (WHY_TEMP): ask again later
 */
int	ask_lookup(struct session *s, const struct addr *to,
	    enum rcpt_kind *kind, struct why *why) must_use;

/*
 * May the user of this session write that address as a sender?
 * from     a mailbox
 * returns  0 and *own; -1 with why (WHY_TEMP): ask again later
 */
int	ask_sender(struct session *s, const struct addr *from, bool *own,
	    struct why *why) must_use;

#endif
