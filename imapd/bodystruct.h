/*
 * bodystruct - BODY and BODYSTRUCTURE of a message (RFC 3501 sections 7.4.2,
 * 9).  Pure.
 */
#ifndef IMAPD_BODYSTRUCT_H
#define IMAPD_BODYSTRUCT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "mail/mime_walk.h"

/*
 * raw       the message that tree was made from
 * extended  with the extension data of BODYSTRUCTURE
 * global    for IMAP4rev2: message/global has the form of a message
 * out       gets the list with its brackets.  Sizes are those of CRLF line ends.
 */
void	bodystruct_put(struct buf *out, const struct mime_tree *tree,
	    struct span raw, bool extended, bool global);

#endif
