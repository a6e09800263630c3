/*
 * received - trace fields: written by us (RFC 5321 4.4), and looked for
 * against loops (RFC 5321 6.3).
 */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

enum received_how {		/* together they make the "with" keyword */
	RECEIVED_SMTP = 0,	/* HELO */
	RECEIVED_ESMTP = 1,	/* EHLO */
	RECEIVED_LMTP = 2,	/* LHLO */
	RECEIVED_LOCAL = 3	/* from a program here: no "from", "with" */
};

struct received {
	struct span helo;	/* what the client called itself; any octets */
	struct span client_name;	/* verified name, or empty */
	struct span client_ip;	/* "192.0.2.1", "2001:db8::1"; empty: local */
	struct span by;		/* our host name */
	enum received_how how;
	bool	    tls, auth;	/* add S and A: ESMTPSA (RFC 3848) */
	bool	    utf8;	/* with SMTPUTF8: UTF8SMTPSA (RFC 6531 4.3) */
	struct span version, cipher;	/* of TLS, the library's words */
	struct span id;		/* queue id */
	struct span for_rcpt;	/* mailbox, if it is the only one */
	int64_t	    time;	/* seconds since 1970 */
	int	    zone_minutes;
};

/*
 * Add the field, folded, with CRLF.  Foreign text is tamed, so that the field
 * is well formed whatever the client said; at most 1,800 octets.
 * returns  0, or -1: cap reached
 */
int	received_write(struct buf *out, const struct received *r);
/* "ESMTPSA" and its like; "" for RECEIVED_LOCAL. */
const char *received_keyword(const struct received *r);

/* A Delivered-To field names this mailbox (canonical, domain any case). */
bool	received_delivered_to(struct span header, struct span mailbox);

#endif
