/*
 * ehlo - what an SMTP server offers: the lines of its answer to EHLO, read
 * and written (RFC 5321 4.1.1.1).
 */
#ifndef SMTP_EHLO_H
#define SMTP_EHLO_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

enum ehlo_cap {
	EHLO_SIZE = 1 << 0,		/* RFC 1870 3 */
	EHLO_PIPELINING = 1 << 1,	/* RFC 2920 3 */
	EHLO_8BITMIME = 1 << 2,		/* RFC 1652 2 */
	EHLO_ENHANCED = 1 << 3,		/* ENHANCEDSTATUSCODES, RFC 2034 3 */
	EHLO_AUTH = 1 << 4,
	EHLO_STARTTLS = 1 << 5,		/* RFC 3207 2 */
	EHLO_DSN = 1 << 6,		/* RFC 3461 4 */
	EHLO_CHUNKING = 1 << 7,		/* RFC 3030 2 */
	EHLO_SMTPUTF8 = 1 << 8,		/* RFC 6531 3.1 */
	EHLO_LIMITS = 1 << 9,
	EHLO_XCLIENT = 1 << 10,		/* of Postfix, as is the next */
	EHLO_XFORWARD = 1 << 11,
	EHLO_XVERP = 1 << 12,		/* of Postfix, too */
	EHLO_BINARYMIME = 1 << 13	/* RFC 3030 3 */
};

enum ehlo_auth {		/* the bits are those of trust/sasl.h */
	EHLO_AUTH_PLAIN = 1 << 0,
	EHLO_AUTH_LOGIN = 1 << 1,
	EHLO_AUTH_SCRAM_SHA_1 = 1 << 2,
	EHLO_AUTH_SCRAM_SHA_256 = 1 << 3,
	EHLO_AUTH_SCRAM_SHA_1_PLUS = 1 << 4,
	EHLO_AUTH_SCRAM_SHA_256_PLUS = 1 << 5,
	EHLO_AUTH_EXTERNAL = 1 << 6,
	EHLO_AUTH_OAUTHBEARER = 1 << 7,
	EHLO_AUTH_XOAUTH2 = 1 << 8
};

struct ehlo {
	unsigned caps;		/* enum ehlo_cap */
	unsigned auth;		/* enum ehlo_auth: those that we know */
	uint64_t size;		/* 0: no fixed maximum (RFC 1870 4) */
	uint64_t rcptmax;	/* LIMITS RCPTMAX, MAILMAX; 0: not told */
	uint64_t mailmax;
};

void	ehlo_init(struct ehlo *e);
/* One line behind the first, as "AUTH PLAIN LOGIN"; unknown ones: no-op. */
void	ehlo_parse_line(struct ehlo *e, struct span line);
/* All of a reply's text: lines parted by LF, the first is the greeting. */
void	ehlo_parse(struct ehlo *e, struct span text);
/*
 * Add the lines, parted by LF, for reply_format(): host first.
 * returns  0, or -1: cap reached
 */
int	ehlo_put(struct buf *out, struct span greeting, const struct ehlo *e);

#endif
