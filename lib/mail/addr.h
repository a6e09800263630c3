/*
 * addr - mailboxes and paths of the SMTP envelope (RFC 5321 4.1.2, 4.1.3).
 * One spelling per mailbox: a local part is quoted only where it has to be,
 * the domain is in lower case and has A-labels for U-labels, an address literal
 * is in its shortest form and an IPv4-mapped IPv6 literal is the IPv4 one.
 * Source routes are refused (RFC 5321 3.6.1 lets a server decline them), so is
 * an empty local part.  Names of no meaning to us, like % and !, stay in the
 * local part: see addr_local_routes().
 *
 * UTF-8 is taken as RFC 6531 3.3 has it, within the bounds of mail/intl.h.  A
 * local part keeps its octets: only the host of its domain may say that two
 * spellings are one (RFC 5321 2.3.11; map/fold.h does for ours).  All limits
 * are in octets, those of the domain hold for its A-labels.
 */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include "base/base.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/span.h"
#include "base/why.h"

#define ADDR_LOCAL_MAX	64	/* octets, RFC 5321 4.5.3.1.1 */
#define ADDR_DOMAIN_MAX	255	/* octets, RFC 5321 4.5.3.1.2 */
#define ADDR_MAX	254	/* octets: a path (4.5.3.1.3) without <> */
#define ADDR_SIZE	(ADDR_MAX + 1)
#define ADDR_LOCAL_SIZE	(ADDR_LOCAL_MAX + 1)
#define ADDR_DOMAIN_SIZE (ADDR_DOMAIN_MAX + 1)

enum addr_kind {
	ADDR_NULL,		/* <>: text is "" */
	ADDR_MAILBOX,		/* local@domain or local@[literal] */
	ADDR_POSTMASTER		/* <Postmaster> alone: text "postmaster" */
};

struct addr {			/* may be copied: holds no pointer */
	enum addr_kind kind;
	bool	literal;	/* the domain is an address literal */
	bool	utf8;		/* as written it was not ASCII */
	uint8_t	text_n;		/* octets of text */
	uint8_t	local_n;	/* octets before the '@' */
	char	text[ADDR_SIZE];	/* canonical, printable, NUL ended; ASCII
				 * but for the local part */
};

enum addr_side {
	ADDR_REVERSE,		/* Reverse-path: "<>" too; errors are 5.1.7 */
	ADDR_FORWARD		/* Forward-path: "<postmaster>" too; 5.1.3 */
};

/*
 * A mailbox without <>: the whole of s.
 * out      canonical; untouched on failure
 * why      NULL, or set on failure: WHY_PERM 5.1.3
 * returns  0 or -1
 * source   RFC 5321 4.1.2 Mailbox
 */
int	addr_parse(struct span s, struct addr *out, struct why *why) must_use;

/* A path with its <>: the whole of s.  RFC 5321 4.1.2, 4.5.1 (postmaster). */
int	addr_parse_path(struct span s, enum addr_side side, struct addr *out,
	    struct why *why) must_use;

/* The path at the cursor, which is moved behind the '>' (only on success). */
int	addr_take_path(struct cur *c, enum addr_side side, struct addr *out,
	    struct why *why) must_use;

/*
 * A domain or address literal alone, as in EHLO (RFC 5321 4.1.1.1), or a name
 * in a configuration; U-labels become A-labels.
 * out      canonical, NUL ended
 * literal  NULL, or set: it is an address literal
 */
int	addr_parse_domain(struct span s, char out[ADDR_DOMAIN_SIZE],
	    bool *literal) must_use;

/*
 * Put a mailbox together.
 * local    as plain text, not quoted; quoted here if need be
 * domain   name or literal, any case
 * returns  0, or -1: empty, too long, no possible mailbox
 */
int	addr_make(struct addr *out, struct span local, struct span domain)
	    must_use;

struct span	addr_text(const struct addr *a);
struct span	addr_local(const struct addr *a);	/* quoted if need be */
struct span	addr_domain(const struct addr *a);	/* "" if it has none */
/* The local part without quotes and backslashes: what look-ups work on. */
void	addr_local_plain(const struct addr *a, char out[ADDR_LOCAL_SIZE]);

/* Same mailbox: octet for octet, RFC 5321 2.4 (domains are lower case here). */
bool	addr_eq(const struct addr *a, const struct addr *b);
/*
 * The local part names a further host to some mail servers: it holds '%',
 * '!' or '@' ("user%other@us").  Nothing to relay for strangers.
 */
bool	addr_local_routes(const struct addr *a);

/* "<local@domain>", "<>" or "<postmaster>" for a command. */
int	addr_put_path(struct buf *out, const struct addr *a);

#endif
