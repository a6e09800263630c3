/*
 * named - the mailbox that a client means by a name, and what it is told of that
 * name.
 */
#ifndef IMAPD_NAMED_H
#define IMAPD_NAMED_H

#include "base/base.h"
#include "base/span.h"
#include "imapd/session.h"
#include "store/folders.h"

/*
 * The name of lib/store: the normal form, unless there is a folder whose name is
 * written just so.
 * returns  false: there can be none; the answer is given
 */
bool	named(struct session *s, struct span mailbox,
	    char out[FOLDER_NAME_SIZE]) must_use;
/*
 * The folder that messages go to (RFC 3501 6.3.11, 6.4.7: TRYCREATE).
 * own      to be closed by the caller; else it is the selected one
 * returns  NULL: the answer is given
 */
struct folder *named_target(struct session *s, struct span mailbox,
	    bool *own) must_use;
/*
 * To clients of IMAP4rev2: that the mailbox is called otherwise than they have
 * written it (RFC 9051 6.3.9.7).
 */
void	named_tell(struct session *s, struct span mailbox, const char *name);

#endif
