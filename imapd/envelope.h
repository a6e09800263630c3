/*
 * envelope - the ENVELOPE of a message (RFC 3501 sections 7.4.2, 9).  Pure.
 */
#ifndef IMAPD_ENVELOPE_H
#define IMAPD_ENVELOPE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * header  raw, of a message
 * out     gets the list with its brackets.  Addresses beyond
 *	   IMAP_ADDRESSES_MAX of a field are left out.
 */
void	envelope_put(struct buf *out, struct span header);

#endif
