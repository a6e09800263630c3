/*
 * deliver_forward - the owner's forward file: found, and told to qmgr.
 */
#ifndef LOCAL_DELIVER_DELIVER_FORWARD_H
#define LOCAL_DELIVER_DELIVER_FORWARD_H

#include "base/base.h"
#include "base/buf.h"
#include "local-deliver/job.h"
#include "store/root.h"

#define FORWARD_NAME	".forward"

/*
 * Read home/.forward, as the owner and before the mailbox becomes the root
 * directory.  It counts if home and file are the owner's, the file is a regular one,
 * nobody else may write in either, and it is not too large; otherwise a line in
 * the log says why not.
 * text     stays empty if there is none that counts
 */
void	forward_read(const struct mail_roots *roots, const char *home,
	    uint32_t uid, struct buf *text);
/*
 * What it says for this recipient, told to qmgr.
 * keep     the message goes into the mailbox, too
 * returns  how many addresses it goes to; -1: qmgr is gone
 */
int	forward_apply(struct ipc_client *qmgr, struct span text,
	    const struct job_rcpt *rcpt, bool *keep) must_use;

#endif
