/*
 * unitext - addresses of the type utf-8 in ORCPT and in reports (RFC 6533 3):
 * "utf-8;" and the address, in which \x{HEX} stands for a character.
 */
#ifndef SMTP_UNITEXT_H
#define SMTP_UNITEXT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define UNITEXT_MAX	500	/* octets, as ORCPT (RFC 3461 4.2) */

/* Is this typed address ("rfc822;a@b", "utf-8;...") of the type utf-8? */
bool	unitext_is(struct span typed);
/* utf-8-addr-unitext or utf-8-addr-xtext that can be decoded. */
bool	unitext_valid(struct span s);
/*
 * s to UTF-8 (the form utf-8-address).
 * returns  0; -1 (out as before): a form that is not allowed, controls, what
 *	    does not show (mail/intl.h), or cap reached
 */
int	unitext_decode(struct buf *out, struct span s) must_use;
/*
 * UTF-8 for ORCPT.
 * eight    characters beyond ASCII may stand for themselves: the host knows
 *	    SMTPUTF8
 * returns  0; -1 (out as before): not UTF-8, or cap reached
 */
int	unitext_encode(struct buf *out, struct span utf8, bool eight) must_use;

#endif
