/*
 * sendmail_header - what a user's program wrote as a header becomes one that
 * may be sent.  Pure.
 */
#ifndef TOOLS_SENDMAIL_HEADER_H
#define TOOLS_SENDMAIL_HEADER_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

#define SENDMAIL_HEADER_MAX	(1 * MIB)	/* octets */
#define SENDMAIL_FIELDS_MAX	20000
#define SENDMAIL_RCPTS_MAX	100000

/* Recipients one behind the other, canonical, a NUL behind each. */
struct sendmail_rcpts {
	struct buf text;
	size_t	   n;
};
void	sendmail_rcpts_init(struct sendmail_rcpts *r);
void	sendmail_rcpts_fini(struct sendmail_rcpts *r);
/*
 * Add the addresses of a list as in a To field; one without '@' is of domain.
 * returns  0, or -1 with why: something in it is no address
 */
int	sendmail_rcpts_add(struct sendmail_rcpts *r, struct span list,
	    struct span domain, struct why *why) must_use;

struct sendmail_author {
	struct span name;	/* full name, UTF-8, or empty */
	struct span mailbox;	/* canonical */
	struct span domain;	/* for addresses without one */
};
/*
 * text     header with its empty line, as header_intake gives it; perhaps
 *	    with the first body line behind it if there is no empty line
 * rcpts    NULL, or (-t) gets those of To, Cc and Bcc: of their Resent- forms
 *	    alone if there are any
 * out      the header to be sent with its empty line, and that body line:
 *	    without Bcc fields if rcpts is not NULL; From added, and To where
 *	    the message names nobody.  Date and Message-ID are smtpd's
 * returns  0, or -1 with why
 */
int	sendmail_header(struct span text, const struct sendmail_author *author,
	    struct sendmail_rcpts *rcpts, struct buf *out, struct why *why)
	    must_use;

#endif
