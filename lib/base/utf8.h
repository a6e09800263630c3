/*
 * utf8 - validity by Unicode table 3-7 (no surrogates, no overlong forms,
 * nothing above 10FFFF), and one code point at a time.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

bool	utf8_valid(struct span s);
/* How many octets at the front of s are ASCII, NUL included. */
size_t	utf8_ascii(struct span s);
/*
 * The code point at the front of *s, which is moved behind it.
 * returns  -1 at the end; 0xfffd for a bad octet (one octet is passed over)
 */
int32_t	utf8_next(struct span *s);
int	utf8_put(struct buf *out, uint32_t code_point);	/* -1: cap, no char */

#endif
