/*
 * b64 - base64, strict (RFC 4648 sections 3.3, 3.5 and 4): no white space,
 * right padding, zero bits at the end; and a decoder for MIME bodies that
 * passes over what is not in the alphabet (RFC 2045 section 6.8).
 */
#ifndef BASE_B64_H
#define BASE_B64_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* -1: the cap of out is reached. */
int	b64_encode(struct buf *out, struct span in);
/* -1: not base64, or the cap is reached (out is as before). */
int	b64_decode(struct buf *out, struct span in) must_use;
/*
 * Octets that are no base64 are passed over; ends at the first padding.
 * -1: the cap is reached (out holds what fitted).
 */
int	b64_decode_mime(struct buf *out, struct span in);

#endif
