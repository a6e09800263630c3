/*
 * utf7 - the modified UTF-7 of IMAP mailbox names (RFC 3501 section 5.1.3).
 */
#ifndef BASE_UTF7_H
#define BASE_UTF7_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * -1: not in the one canonical form, or holds U+0000 (or the cap of out is
 * reached); out is then as before.  The same for the other direction.
 */
int	utf7_to_utf8(struct buf *out, struct span in) must_use;
/* -1: in is not UTF-8, or holds a NUL (or the cap of out is reached). */
int	utf7_from_utf8(struct buf *out, struct span in) must_use;
bool	utf7_valid(struct span in);

#endif
