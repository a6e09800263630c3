/*
 * mime_leaf - the body of one part with Content-Transfer-Encoding: binary, in
 * a form that lines can carry (RFC 2045 2.7, 2.8, 6.8): as it is, if it is
 * text that is made of lines, else in base64.
 *
 * Text is held until it is whole, MIME_LEAF_HOLD octets at most; what is
 * longer becomes base64.  So the form depends on the octets alone, not on the
 * pieces in which they come.
 */
#ifndef MAIL_MIME_LEAF_H
#define MAIL_MIME_LEAF_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "mail/mime_lines.h"

#define MIME_LEAF_HOLD		(256 * KIB)
#define MIME_LEAF_LINE		998	/* RFC 2045 2.7, 2.8 */
#define MIME_LEAF_BASE64	76	/* RFC 2045 6.8: of its lines */

struct mime_leaf_sink {
	/* The form is "7bit", "8bit" or "base64": once, before all put(). */
	void  (*form)(void *ctx, const char *encoding);
	void  (*put)(void *ctx, struct span octets);
	void   *ctx;
};

struct mime_leaf {
	struct mime_leaf_sink to;
	bool	holding;	/* nothing was put yet: it may be text */
	struct mime_lines lines;
	struct buf held;
	char	rest[MIME_LEAF_BASE64 / 4 * 3];	/* of a line of base64 */
	size_t	rest_n;
	bool	any;		/* a line of base64 was put */
	struct buf out;
};

void	mime_leaf_init(struct mime_leaf *l, const struct mime_leaf_sink *to);
void	mime_leaf_fini(struct mime_leaf *l);
/* Another part begins.  text: of type text */
void	mime_leaf_begin(struct mime_leaf *l, bool text);
void	mime_leaf_add(struct mime_leaf *l, struct span octets);
/*
 * It ends.  What is put ends without CRLF, but for that of a text.
 * closed  a delimiter follows; else it is the end of the message, where only
 *	   whole lines can stand
 */
void	mime_leaf_end(struct mime_leaf *l, bool closed);

#endif
