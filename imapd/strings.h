/*
 * strings - what stands between the brackets of an answer: strings, flags,
 * mailbox names (RFC 3501 sections 4.3 and 9).  Pure.
 */
#ifndef IMAPD_STRINGS_H
#define IMAPD_STRINGS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* A quoted string where that is possible, else a literal; NUL goes as 0x80. */
void	strings_put(struct buf *out, struct span s);
/* NIL for s.p == NULL. */
void	strings_put_n(struct buf *out, struct span s);
/* As it is where it can be an atom (and is not NIL), else as a string. */
void	strings_put_astring(struct buf *out, struct span s);
/* The same for a client that takes UTF-8 between quotes (RFC 6855 3). */
void	strings_put_utf8(struct buf *out, struct span s);
/* The system flags that stand in flags, separated by spaces. */
void	strings_put_flags(struct buf *out, uint8_t flags);

#endif
