/*
 * addrlist - the address list of a From, To, Cc ... field (RFC 5322 3.4 and
 * the obsolete forms of 4.4), one address after the other.  Lenient: what
 * does not fit is passed over and remembered in `bad`.  Each octet is looked
 * at a bounded number of times, whatever it is.
 *
 *	addrlist_init(&l, field.value, 1000);
 *	while (addrlist_next(&l, &item))
 *		...
 *	addrlist_fini(&l);
 */
#ifndef MAIL_ADDRLIST_H
#define MAIL_ADDRLIST_H

#include "base/base.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/span.h"

#define ADDRLIST_PART_MAX	(16 * KIB)	/* octets kept of each span */

enum addrlist_kind {
	ADDRLIST_MAILBOX,
	ADDRLIST_GROUP,		/* "name:"; its mailboxes follow */
	ADDRLIST_GROUP_END	/* ";": all spans are empty */
};

/*
 * Spans with p == NULL are absent (IMAP: NIL).  They are valid until the next
 * call.  Nothing is decoded: encoded words (RFC 2047) and 8-bit stand as they
 * came; folding and quoting are gone, NUL, CR and LF are never in them.
 */
struct addrlist_item {
	enum addrlist_kind kind;
	struct span name;	/* display name; else the comment beside it;
				 * for a group its name */
	struct span route;	/* "@a,@b" (RFC 5322 4.4 obs-route) */
	struct span mailbox;	/* local part without quoting; never absent in a
				 * mailbox, but may be empty */
	struct span host;	/* absent for "user" without '@' */
	/*
	 * Where local part and host stand in the value, with their quotes; p
	 * is NULL for what is not there in one piece.  A line of its own may
	 * begin at `begin`.
	 */
	struct span local_at, host_at;
	const char *begin;	/* the '<', or the local part; or NULL */
};

struct addrlist_run {		/* of tokens that hang together by dots */
	const char *from, *to;
	bool	odd;		/* white space or a comment is in it */
};

struct addrlist {
	struct cur c;
	struct addrlist_run local_run, host_run;	/* of this item */
	const char *angle;
	struct buf name, comment, route, mailbox, host;	/* of this item */
	unsigned words;		/* of this item, before '@' or '<' */
	bool	in_group;
	bool	bad;		/* something was no address: passed over */
	bool	lone_word;	/* the item now given out is a word without
				 * '@', which made the list bad */
	bool	cut;		/* the budget of items ended it */
};

/*
 * value      the field's value with its folding; borrowed until _fini
 * items_max  most items given (groups and their ends count)
 */
void	addrlist_init(struct addrlist *l, struct span value,
	    unsigned items_max);
/* false: no more.  A group that is never closed gets its end all the same. */
bool	addrlist_next(struct addrlist *l, struct addrlist_item *item);
void	addrlist_fini(struct addrlist *l);

#endif
