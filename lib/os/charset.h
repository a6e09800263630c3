/*
 * charset - converters to UTF-8 from a fixed list of charsets, opened before
 * confinement (iconv loads its modules late otherwise).
 */
#ifndef OS_CHARSET_H
#define OS_CHARSET_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

void	charset_open_all(void);
/*
 * returns  0; -1: unknown charset, or the cap of out is reached.  What cannot
 * be converted becomes U+FFFD.
 */
int	charset_to_utf8(struct span charset, struct span in, struct buf *out)
	    must_use;

#endif
