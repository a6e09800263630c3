/*
 * rules - the owner's forward file, read (pure).
 *
 *	# a comment, to the end of the line
 *	alice@example.org, <bob@example.org>
 *	carol			a name of the recipient's own domain
 *	\alice			keep a copy in this mailbox
 *
 * So does the recipient's own address.  Files, :include: and programs are not
 * offered: such entries are counted and do nothing.
 */
#ifndef LOCAL_DELIVER_RULES_H
#define LOCAL_DELIVER_RULES_H

#include "base/base.h"
#include "base/span.h"
#include "local-deliver/limits.h"
#include "mail/addr.h"

struct rules {
	bool	    keep;	/* deliver to the mailbox, too */
	size_t	    n;
	struct addr to[FORWARD_MAX];
	size_t	    ignored;	/* entries that do nothing */
	char	    first_ignored[64];
};

/*
 * text     of the forward file; "" gives keep and no address
 * self     the recipient, with its domain
 * out      keep is set if nothing usable is in it, or more than FORWARD_MAX
 */
void	rules_parse(struct span text, const struct addr *self,
	    struct rules *out);

#endif
