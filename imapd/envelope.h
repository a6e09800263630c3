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
/*
 * The Subject in a list that envelope_put() has made.
 * mem      where it is put together, if it must be
 * subject  unfolded, not decoded; valid as long as envelope and mem
 * returns  false: NIL, or no such list
 */
bool	envelope_subject(struct span envelope, struct buf *mem,
	    struct span *subject) must_use;

#endif
