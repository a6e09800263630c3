/*
 * surrogate - the header of a message in UTF-8 (RFC 6532) for a client that has
 * not said UTF8, which must get ASCII (RFC 6856 2.1).  Pure.
 *
 * Text becomes encoded words, names of files extended parameters, domains A-labels.
 * An address that cannot be written in ASCII is shown in a group without members, so
 * that nobody answers to another one; what remains becomes '?'.  Fields that hold
 * something other than UTF-8 are none of ours and stay.
 */
#ifndef POP3D_SURROGATE_H
#define POP3D_SURROGATE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define SURROGATE_FIELDS_MAX	10000
#define SURROGATE_GROWTH	16	/* times the header's octets, at most, ... */
#define SURROGATE_MORE		(4 * KIB)	/* ... and so many */

/* Does a field of the header hold UTF-8 that is not ASCII? */
bool	surrogate_needed(struct span header);
/*
 * out      with a cap of the header's octets * SURROGATE_GROWTH +
 *	    SURROGATE_MORE; fields that are kept keep their line ends, others
 *	    have CRLF; the empty line at the end is there if it was
 * returns  0; -1: cap reached
 */
int	surrogate_make(struct buf *out, struct span header) must_use;

#endif
