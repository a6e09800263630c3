/*
 * search_text - whether a text stands in a header or in a body, after transfer
 * encodings, encoded words and charsets are decoded (RFC 3501 6.4.4).
 */
#ifndef IMAPD_SEARCH_TEXT_H
#define IMAPD_SEARCH_TEXT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "mail/mime_text.h"
#include "mail/mime_walk.h"

struct search_text {
	struct arena *mem;		/* of the part at hand */
	struct buf raw;			/* transfer encoding undone */
	struct buf utf8;
	struct buf folded;
	struct mime_charset charset;	/* further charsets */
};

void	search_text_init(struct search_text *t);
void	search_text_fini(struct search_text *t);

/*
 * want   folded by casemap; empty: any
 * field  only fields of this name; p == NULL: all, with their names
 */
bool	search_text_header(struct search_text *t, struct span header,
	    struct span field, struct span want);
/* The value of one field, raw. */
bool	search_text_value(struct search_text *t, struct span value,
	    struct span want);
/* The text parts, and headers of messages within the message. */
bool	search_text_body(struct search_text *t, const struct mime_tree *tree,
	    struct span raw, struct span want);
/* The MIME fields of its parts, as TEXT wants (RFC 9051 6.4.4). */
bool	search_text_mime(struct search_text *t, const struct mime_tree *tree,
	    struct span raw, struct span want);
/*
 * As search_text_body(), of a message that is one text, which needs no tree.
 * returns  false: it is not, or has no such type: nothing is known
 */
bool	search_text_single(struct search_text *t, struct span raw,
	    struct span want, bool *found) must_use;

#endif
