/*
 * job - what qmgr wants sent, as received; and the results on their way back.
 */
#ifndef SMTP_OUT_JOB_H
#define SMTP_OUT_JOB_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/client.h"
#include "ipc/msg_deliver.h"

struct job_in {
	struct job	 head;
	int		 file;		/* the queue file, read only */
	struct job_rcpt *rcpts;		/* head.nrcpts of them */
	struct result	*results;	/* one each */
	bool		*settled;	/* has its result */
};

/*
 * Wait for a job.
 * idle     where to look while waiting: a kept connection, or -1
 * returns  JOB_GOT; JOB_NONE: qmgr has ended this worker, or the wait is
 *          over, or the other host said something
 */
enum job_got { JOB_GOT, JOB_NONE };
enum job_got	job_receive(struct ipc_client *qmgr, int idle,
	    struct job_in *j, struct why *why) must_use;
void	job_fini(struct job_in *j);

/* All results and the end.  -1: qmgr is gone. */
int	job_report(struct ipc_client *qmgr, const struct job_in *j,
	    bool reusable, bool site_down) must_use;
/* Has qmgr hung up?  Nothing else can come while a job is under way. */
bool	job_abandoned(const struct ipc_client *qmgr);

#endif
