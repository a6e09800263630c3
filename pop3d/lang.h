/*
 * lang - LANG (RFC 6856 section 3), before and after log-in: there is one
 * language, English.  Pure.
 */
#ifndef POP3D_LANG_H
#define POP3D_LANG_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define LANG_MAX	256

/*
 * The whole answer, lines with CRLF.
 * range    what stands behind the verb; empty: which languages there are
 * out      cap of LANG_MAX at least
 * returns  false: -ERR was put
 */
bool	lang_put(struct buf *out, struct span range);

#endif
