/*
 * readdress - other addresses in the place of those of a message header, for
 * maps that say which.  Only the octets of a local part or a host change that
 * are different in the new address: names, comments, encoded words, groups and
 * folding stay as they are.  Left alone are fields of which a part is no address,
 * and addresses with a source route, or with white space or a comment inside the
 * local part or inside the host (RFC 5322 4.4).
 *
 * A line of a changed field that would pass 998 octets (RFC 5322 2.1.1) is
 * folded in front of one of its addresses.
 */
#ifndef MAIL_READDRESS_H
#define MAIL_READDRESS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "mail/addr.h"

/*
 * Whose addresses a field has: of the sender From, Sender, Reply-To, Errors-To,
 * Return-Receipt-To and Disposition-Notification-To; of recipients To, Cc, Bcc,
 * Apparently-To; each also behind Resent-.
 */
enum readdress_side { READDRESS_SENDER, READDRESS_RECIPIENT };
#define READDRESS_SIDES	2

struct readdress {
	/*
	 * What stands for an address.  Each is asked about once for a side.
	 * to       ADDR_NULL on entry; stays so: the address is kept
	 * returns  0; -1 with why: cannot tell now
	 */
	int (*ask)(void *ctx, enum readdress_side side,
	    const struct addr *from, struct addr *to, struct why *why);
	void	      *ctx;
	bool	       sides[READDRESS_SIDES];	/* fields that are looked at */
	size_t	       questions_max;	/* further addresses are kept */
	const uint8_t *seed;		/* 16 octets, for the table of answers */
};

struct readdress_count {
	size_t fields;		/* changed */
	size_t questions;
	size_t passed;		/* addresses that nobody was asked about */
	size_t too_long;	/* fields that stay for want of room */
};

/*
 * header   with the line that ends it, or what is there of it; lines end in CRLF
 * out      empty, with a cap of at least header.n, which it never passes: a
 *	    field that would become too long stays as it is
 * count    set
 * returns  0; -1 with why: of ask(); out is of no use then
 * limits   one question per address and side; work is linear
 */
int	readdress_header(const struct readdress *r, struct span header,
	    struct buf *out, struct readdress_count *count, struct why *why)
	    must_use;

#endif
