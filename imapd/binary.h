/*
 * binary - a part of a message without its transfer encoding (RFC 3516
 * sections 4.2, 4.3; RFC 9051 6.4.5).  Pure.
 */
#ifndef IMAPD_BINARY_H
#define IMAPD_BINARY_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "imapd/parse.h"
#include "mail/mime_walk.h"

/*
 * Whether the part's Content-Transfer-Encoding is one of RFC 2045 6.1; also
 * true where there is no such part.
 * tree  of raw
 */
bool	binary_known(const struct mime_tree *tree, struct span raw,
	    const struct section *s);
/*
 * The octets as they go over the wire: lines of text that is not encoded, or is
 * quoted-printable, end in CRLF.  Multiparts, messages within the message and
 * the message itself have nothing to be undone.
 * out      cap of BINARY_MAX(raw.n)
 * returns  false: no such part
 */
bool	binary_decode(const struct mime_tree *tree, struct span raw,
	    const struct section *s, struct buf *out) must_use;

#define BINARY_MAX(octets)	(2 * (octets) + 2)

#endif
