/*
 * preview - the first words of a message, for lists of messages (RFC 8970).
 */
#ifndef IMAPD_PREVIEW_H
#define IMAPD_PREVIEW_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "mail/mime_walk.h"

#define PREVIEW_CHARS	200	/* RFC 8970 3.3 */
#define PREVIEW_OCTETS	(PREVIEW_CHARS * 4)
/* For PREVIEW (LAZY) larger messages are not read (4.1). */
#define PREVIEW_LAZY_MAX	(32 * KIB)

/*
 * Up to PREVIEW_CHARS characters of UTF-8 on one line: of the first text/plain
 * part that is no attachment, or of the first text/html without its marks;
 * nothing where there is neither.
 * tree  of raw
 * out   cap of PREVIEW_OCTETS at least; what is in it goes
 */
void	preview_text(const struct mime_tree *tree, struct span raw,
	    struct buf *out);
/*
 * The same of a text in UTF-8 (pure).
 * html  with tags, comments and the commonest entities
 */
void	preview_put(struct buf *out, struct span text, bool html);

#endif
