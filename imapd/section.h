/*
 * section - which octets of a message BODY[section] means (RFC 3501 section
 * 6.4.5).  Pure.
 */
#ifndef IMAPD_SECTION_H
#define IMAPD_SECTION_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "imapd/parse.h"
#include "mail/mime_walk.h"

/*
 * The text of a section, with line ends as in raw; the fields of
 * HEADER.FIELDS are still to be chosen from it.
 * tree     of raw
 * returns  false: the message has no such section (answered by NIL)
 */
bool	section_find(const struct mime_tree *tree, struct span raw,
	    const struct section *s, struct span *text) must_use;

/* A part that is there, and is neither a multipart nor a message. */
bool	section_is_leaf(const struct mime_tree *tree,
	    const struct section *s);

/*
 * The chosen fields of a header and its empty line (always, but where the
 * message has neither empty line nor body).
 * out   cap as large as the header and 2 octets
 */
void	section_choose(const struct section *s, struct span header,
	    struct buf *out);

/* Let a header end in an empty line, where the message has none; cap: 4 more. */
void	section_end(struct buf *header);

#endif
