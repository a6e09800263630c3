/*
 * qp - quoted-printable (RFC 2045 section 6.7).
 */
#ifndef BASE_QP_H
#define BASE_QP_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * Decode a body; broken escapes are taken as they stand; line ends, CRLF or
 * LF, stay what they are.  -1: cap reached (out holds a beginning).
 */
int	qp_decode(struct buf *out, struct span in);
/*
 * Lines of at most 76 octets, CRLF in = CRLF out; a line that a soft break
 * makes does not begin with "-".  -1: cap reached.
 */
int	qp_encode(struct buf *out, struct span in);

#endif
