/*
 * verp - a sender address for each recipient (Postfix's XVERP): whoever gets the
 * bounce knows from its address alone whom it is about.  Pure.
 */
#ifndef QMGR_VERP_H
#define QMGR_VERP_H

#include "base/buf.h"
#include "base/span.h"

/*
 * list@here, user@there -> list+user=there@here.
 * marks    the two delimiters
 * returns  0; -1: it would be no address (RFC 5321 4.5.3.1.1: 64 octets before
 *          the @), or one of both is quoted (out as before)
 */
int	verp_put(struct buf *out, struct span sender, struct span rcpt,
	    struct span marks) must_use;

#endif
