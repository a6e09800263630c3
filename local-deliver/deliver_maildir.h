/*
 * deliver_maildir - messages into the owner's INBOX.
 */
#ifndef LOCAL_DELIVER_DELIVER_MAILDIR_H
#define LOCAL_DELIVER_DELIVER_MAILDIR_H

#include "base/base.h"
#include "base/why.h"
#include "local-deliver/job.h"
#include "store/folder.h"

struct delivery {
	const struct job_in   *job;
	const struct job_rcpt *rcpt;
	uint32_t uid;		/* set: of the message, or 0: given later */
};

/*
 * All of v, in this order, or none; they share one sync of the directory.
 * n        1 to JOB_ROW_MOST
 * returns  0: files and names are on stable storage; -1 with why: WHY_PERM 5.2.2
 *          (over the mailbox's quota); WHY_TEMP 4.2.2 (over the file system's
 *          quota), 4.3.1 (disk full), else
 */
int	deliver_maildir(struct folder *inbox, struct delivery *v, size_t n,
	    struct why *why) must_use;
/* -1 with why (5.4.6): a Delivered-To field names this recipient already. */
int	deliver_check_loop(const struct job_in *j,
	    const struct job_rcpt *rcpt, struct why *why) must_use;

#endif
