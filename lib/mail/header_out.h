/*
 * header_out - header fields that we write: CRLF line ends, folded at spaces
 * near 78 columns and never over 998 octets (RFC 5322 2.1.1, 2.2.3).  A value
 * with CR, LF or NUL is refused, so that no value can become a field.
 */
#ifndef MAIL_HEADER_OUT_H
#define MAIL_HEADER_OUT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * A structured field; value is already in the grammar of the field.  Folded
 * only at single spaces outside quoted strings.
 * name     field name without ':', a literal of ours
 * returns  0, or -1: controls or 8-bit in value, a word too long for a line,
 *          cap of out reached; out is then as before
 */
int	header_out(struct buf *out, const char *name, struct span value)
	    must_use;

/*
 * An unstructured field (Subject, Comments): UTF-8, written as encoded words
 * where it is not printable ASCII (RFC 2047 2, 5 (1)).
 * returns  as header_out; also -1: not UTF-8
 */
int	header_out_text(struct buf *out, const char *name, struct span value)
	    must_use;

/*
 * A field with one mailbox: "Name <local@domain>".
 * display  UTF-8, may be empty; quoted or encoded as need be
 * mailbox  canonical text of an addr (mail/addr.h); one that is not ASCII
 *          stands as it is, and the message needs SMTPUTF8 (RFC 6531 3.4)
 */
int	header_out_mailbox(struct buf *out, const char *name,
	    struct span display, struct span mailbox) must_use;

/*
 * Add a phrase (RFC 5322 3.2.5), such as a display name: atoms, a quoted string, or
 * encoded words.
 * name     of the field in which it stands, for the length of its first line
 * s        UTF-8 without controls
 * returns  0, or -1: not UTF-8, cap reached
 */
int	header_out_phrase(struct buf *out, const char *name, struct span s)
	    must_use;

/*
 * Add foreign text as a dot-atom (RFC 5322 3.2.3): whatever cannot stand in
 * one becomes '?'; cut at max octets; an empty one becomes "?".  For what a
 * stranger said (HELO, host names).
 */
void	header_out_tame(struct buf *out, struct span foreign, size_t max);

#endif
