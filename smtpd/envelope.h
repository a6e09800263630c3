/*
 * envelope - sender and recipients of the message at hand; lives in the
 * session until DATA, then it is written into the queue file.
 */
#ifndef SMTPD_ENVELOPE_H
#define SMTPD_ENVELOPE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "queue/format.h"
#include "smtp/verb.h"

#define ENVELOPE_ENVID_MAX	100	/* RFC 3461 4.4: octets of xtext */

struct envelope {
	struct addr from;
	bool	    from_own;	/* it was found to be its user's own */
	uint64_t    size;	/* declared (RFC 1870), or 0 */
	bool	    body_8bit;	/* BODY=8BITMIME */
	bool	    utf8;	/* SMTPUTF8 (RFC 6531 3.4) */
	enum verb_ret ret;	/* RFC 3461 4.3 */
	char	    envid[ENVELOPE_ENVID_MAX + 1];	/* decoded, or "" */
	char	    verp[3];	/* delimiters of XVERP, or "" */
	struct buf  rcpts;	/* of each: canonical address NUL, one octet of
				   notify, ORCPT decoded NUL */
	size_t	    rcpts_n, rcpts_max;
};

/* rcpts_max: most recipients; bounds the memory. */
void	envelope_init(struct envelope *e, size_t rcpts_max);
void	envelope_fini(struct envelope *e);
void	envelope_clear(struct envelope *e);	/* keeps the memory */
/* MAIL was accepted. */
void	envelope_begin(struct envelope *e, const struct verb_mail *m);
/*
 * to   a mailbox
 * how  what RCPT said beside it
 * returns  0, or -1: no room left
 */
int	envelope_add(struct envelope *e, const struct addr *to,
	    const struct verb_rcpt *how) must_use;
/* The first recipient; empty if there is none. */
struct span	envelope_first(const struct envelope *e);
/* All of them, as the queue wants them; borrowed from e.  free() it. */
struct queue_rcpt *envelope_rcpts(const struct envelope *e) must_use;
/*
 * The same with one more behind them, who is not to be told of and whose fate
 * is reported to nobody.  bcc: borrowed
 */
struct queue_rcpt *envelope_rcpts_bcc(const struct envelope *e,
	    const struct addr *bcc) must_use;

#endif
