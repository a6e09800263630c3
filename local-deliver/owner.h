/*
 * owner - a worker that has become one mailbox's owner, with that mailbox as its
 * root directory.
 */
#ifndef LOCAL_DELIVER_OWNER_H
#define LOCAL_DELIVER_OWNER_H

#include "base/base.h"
#include "base/buf.h"
#include "base/why.h"
#include "ipc/msg_deliver.h"
#include "os/confine.h"
#include "store/folder.h"
#include "store/root.h"

struct owner {
	struct buf     forward;	/* text of the forward file, or empty */
	int	       root;	/* the mailbox, -1: cannot be opened */
	struct folder *inbox;	/* NULL: cannot be opened */
	bool	       wait_when_full;	/* over quota: later, not never */
	unsigned       warn_percent;	/* full: the log is told; 0: never */
	struct why     why;	/* then: for every recipient's result */
};

/*
 * The way that has no return.  Ends the process if it cannot be confined.
 * roots    closed
 * files    made for SANDBOX_FILES: each would take longer to make than a mail
 * privileged  false: all runs under one user id
 */
void	owner_become(struct owner *o, const struct local_worker *w,
	    struct mail_roots *roots, const struct confine_filter *files,
	    bool privileged);
void	owner_fini(struct owner *o);

#endif
