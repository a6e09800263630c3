/*
 * sync - what has changed in the selected folder since the client was last
 * told, as untagged lines (RFC 3501 sections 5.2, 7.3, 7.4).
 */
#ifndef IMAPD_SYNC_H
#define IMAPD_SYNC_H

#include "base/base.h"
#include "imapd/session.h"

/*
 * Look at the folder and tell.
 * expunge  EXPUNGE may be sent now; else expunged messages keep their numbers
 *	    until it may (RFC 3501 7.4.1)
 */
void	sync_tell(struct session *s, bool expunge);
/* Messages that this session has expunged: EXPUNGE lines, at once. */
void	sync_expunged(struct session *s, const struct uids *uids);
/*
 * "* n FETCH (FLAGS (...))" for a message that the client knows; with UID and
 * MODSEQ for one that has enabled them (RFC 7162 3.2.4).
 * flags  false: without FLAGS, where there is anything else to tell
 */
void	sync_tell_flags(struct session *s, uint32_t uid, bool flags);

#endif
