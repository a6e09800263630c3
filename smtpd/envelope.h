/*
 * envelope - sender and recipients of the message at hand; lives in the
 * session until DATA, then it is written into the queue file.
 */
#ifndef SMTPD_ENVELOPE_H
#define SMTPD_ENVELOPE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "queue/format.h"
#include "smtp/verb.h"

#define ENVELOPE_ENVID_MAX	100	/* RFC 3461 4.4: octets of xtext */

struct envelope {
	struct addr from;	/* as it came: rights are judged by it */
	struct addr sender;	/* what stands for it, and goes on */
	bool	    from_asked;	/* lookupd told that, and who gets copies */
	unsigned    asks;	/* USE_BIT()s of the header that are worth it */
	bool	    from_own;	/* it was found to be its user's own */
	uint64_t    size;	/* declared (RFC 1870), or 0 */
	bool	    body_8bit;	/* BODY=8BITMIME */
	bool	    binary;	/* BODY=BINARYMIME (RFC 3030 3) */
	bool	    utf8;	/* SMTPUTF8 (RFC 6531 3.4) */
	enum verb_ret ret;	/* RFC 3461 4.3 */
	char	    envid[ENVELOPE_ENVID_MAX + 1];	/* decoded, or "" */
	char	    verp[3];	/* delimiters of XVERP, or "" */
	struct buf  rcpts;	/* of each: canonical address NUL, one octet of
				   notify, ORCPT decoded NUL, what stands for it
				   or nothing NUL */
	size_t	    rcpts_n, rcpts_max;
	struct buf  copies;	/* of each: canonical address NUL */
	size_t	    copies_n;
	size_t	    places;	/* for both */
};

/*
 * rcpts_max  most recipients; bounds the memory
 * kept       places of the queue file that are kept for the caller's own
 */
void	envelope_init(struct envelope *e, size_t rcpts_max, size_t kept);
void	envelope_fini(struct envelope *e);
void	envelope_clear(struct envelope *e);	/* keeps the memory */
/* MAIL was accepted. */
void	envelope_begin(struct envelope *e, const struct verb_mail *m);
/*
 * to    a mailbox
 * as    what stands for it, or ADDR_NULL; if it came without an ORCPT it gets
 *	 one, so that reports name what the sender wrote (RFC 3461 5.2.1)
 * how   what RCPT said beside it
 * copy  as for envelope_copy(): together with the recipient or not at all
 * returns  0, or -1: no room left
 */
int	envelope_add(struct envelope *e, const struct addr *to,
	    const struct addr *as, const struct verb_rcpt *how,
	    const struct addr *copy) must_use;
/* The first recipient; empty if there is none. */
struct span	envelope_first(const struct envelope *e);
/*
 * Somebody more who gets the message, is not told of, and whose fate is
 * reported to nobody.
 * to       a mailbox, or ADDR_NULL: nobody
 * returns  0; -1 with why: no room left
 */
int	envelope_copy(struct envelope *e, const struct addr *to,
	    struct why *why) must_use;
/*
 * All of them, as the queue wants them, copies behind the others.
 * bcc      of all mail: a place was kept for it; ADDR_NULL: nobody; borrowed
 * n        set to how many; at most QUEUE_RCPTS_MAX
 * returns  borrowed from e; free() it
 */
struct queue_rcpt *envelope_rcpts(const struct envelope *e,
	    const struct addr *bcc, size_t *n) must_use;

#endif
