/*
 * authors - who a message says it is from: the mailboxes of its From and
 * Sender fields, gathered field by field while the header is looked at.  Strict
 * where lib/mail/addrlist.h is lenient: what two readers could understand in
 * two ways is no author.  Pure.
 */
#ifndef SMTPD_AUTHORS_H
#define SMTPD_AUTHORS_H

#include "base/base.h"
#include "mail/addr.h"
#include "mail/header.h"

#define AUTHORS_MAX	10	/* mailboxes; more are refused, not cut */

struct authors {
	struct addr list[AUTHORS_MAX];
	size_t	 n;
	unsigned from, sender;	/* fields of that name */
	bool	 bad;		/* one was not understood, or too many */
};

/*
 * Look at one field; others than From and Sender are passed over.
 * source  RFC 5322 3.6.2: one From, a list of mailboxes; one Sender, a mailbox
 */
void	authors_take(struct authors *a, const struct header_field *f);
/*
 * May the header be relied on?  Each field at most once, each of its
 * addresses understood.
 * end  how the header ended: behind a stray line others may see more fields
 */
bool	authors_clear(const struct authors *a, enum header_end end);

#endif
