/*
 * msgid - message identifiers in Message-ID, In-Reply-To and References
 * (RFC 5322 section 3.6.4), in the one form in which they are compared (RFC
 * 5256 section 3, REFERENCES).  Pure.
 */
#ifndef IMAPD_MSGID_H
#define IMAPD_MSGID_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define MSGID_MAX	1000	/* octets of one that is looked at */

/*
 * The next "<...@...>" of *rest, which is moved behind it.
 * out      cleared, then the identifier without brackets, quotes and white
 *	    space
 * returns  false: there is none
 */
bool	msgid_next(struct span *rest, struct buf *out);

#endif
