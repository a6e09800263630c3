/*
 * xtext - how SMTP parameters write any text (RFC 3461 4).
 */
#ifndef SMTP_XTEXT_H
#define SMTP_XTEXT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* -1: the cap is reached; out as before. */
int	xtext_encode(struct buf *out, struct span in);
/* -1: bad form, not printable ASCII, or the cap is reached; out as before. */
int	xtext_decode(struct buf *out, struct span in) must_use;

#endif
