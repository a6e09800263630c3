/*
 * job - what qmgr wants delivered, as received; the results on their way back.
 */
#ifndef LOCAL_DELIVER_JOB_H
#define LOCAL_DELIVER_JOB_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/client.h"
#include "ipc/msg_deliver.h"
#include "mail/addr.h"

struct job_in {
	struct job	 head;
	int		 file;		/* the queue file, read only */
	struct job_rcpt *rcpts;		/* head.nrcpts of them */
};

/*
 * Wait for a job.
 * returns  false: qmgr has ended this worker, or broke the rules
 */
bool	job_receive(struct ipc_client *qmgr, struct job_in *j) must_use;
void	job_fini(struct job_in *j);

/* -1: qmgr is gone; what was delivered may be delivered again. */
int	job_result(struct ipc_client *qmgr, const struct result *r) must_use;
int	job_forward(struct ipc_client *qmgr, uint32_t index,
	    const struct addr *to) must_use;
int	job_end(struct ipc_client *qmgr, bool reusable) must_use;

#endif
