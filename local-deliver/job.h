/*
 * job - what qmgr wants delivered, as received; the results on their way back.
 */
#ifndef LOCAL_DELIVER_JOB_H
#define LOCAL_DELIVER_JOB_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/client.h"
#include "ipc/job_in.h"
#include "ipc/msg_deliver.h"
#include "mail/addr.h"

struct job_row {		/* the answers come in this order */
	struct job_in v[JOB_ROW_MOST];
	size_t n;		/* at least 1 */
};

/*
 * Wait for a job and all that come with it.
 * returns  false: qmgr has ended this worker, or broke the rules; else row is to
 *	    be ended by job_row_fini()
 */
bool	job_receive(struct ipc_client *qmgr, struct job_row *row) must_use;
void	job_row_fini(struct job_row *row);

/* -1: qmgr is gone; what was delivered may be delivered again. */
int	job_result(struct ipc_client *qmgr, const struct result *r) must_use;
int	job_forward(struct ipc_client *qmgr, uint32_t index,
	    const struct addr *to) must_use;
int	job_end(struct ipc_client *qmgr, bool reusable) must_use;

#endif
