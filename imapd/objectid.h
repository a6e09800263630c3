/*
 * objectid - the identifier of a message's content (RFC 8474 section 5).
 */
#ifndef IMAPD_OBJECTID_H
#define IMAPD_OBJECTID_H

#include "base/buf.h"
#include "store/folder.h"

#define OBJECTID_MAX	255	/* octets: RFC 8474 section 7 */

/* Without brackets; m is from folder_need(). */
void	objectid_put(struct buf *out, const struct message *m);

#endif
