/*
 * job_in - a job as a worker of smtp-out or local-deliver receives it from
 * qmgr: JOB, JOB_RCPTs, JOB_GO (msg_deliver.h).
 */
#ifndef IPC_JOB_IN_H
#define IPC_JOB_IN_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/client.h"
#include "ipc/msg_deliver.h"

struct job_in {
	struct job	 head;
	int		 file;		/* the queue file, read only */
	struct job_rcpt *rcpts;		/* head.nrcpts of them */
	bool		 more;		/* the next of its row follows */
};

/*
 * Take one job that has begun to come.
 * wait_ms  for each packet
 * returns  0, and j is to be ended by job_in_fini(); -1 with why: qmgr is gone
 *	    or broke the rules; j holds nothing
 */
int	job_in_read(struct job_in *j, struct ipc_client *qmgr,
	    int64_t wait_ms, struct why *why) must_use;
void	job_in_fini(struct job_in *j);

#endif
