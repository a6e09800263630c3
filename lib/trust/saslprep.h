/*
 * saslprep - one form for names and passwords that are typed differently and
 * meant alike (RFC 4013): compatibility characters composed (NFKC), what
 * nobody sees left out, and what no keyboard should send refused.
 */
#ifndef TRUST_SASLPREP_H
#define TRUST_SASLPREP_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define SASLPREP_MAX	1024	/* octets in; the result is bounded by out's cap */

/*
 * in       as it came from the client or the operator
 * out      appended; its memory may move, so give it room first (buf_room)
 *          where the text is a secret
 * returns  0; -1: not UTF-8, prohibited characters, mixed directions, too
 *          long, or nothing left (out is as before)
 * source   RFC 4013 2; code points that Unicode gave out after 3.2 are
 *          allowed, as for queries
 */
int	saslprep(struct span in, struct buf *out) must_use;

#endif
