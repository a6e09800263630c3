/*
 * job.c - what comes is read by ipc/job_in; a job that breaks its rules ends
 * the worker.
 */
#include "local-deliver/job.h"

#include <string.h>

#include "base/log.h"
#include "local-deliver/limits.h"
#include "os/clock.h"
#include "os/fd.h"

void
job_row_fini(struct job_row *row)
{
	while (row->n > 0)
		job_in_fini(&row->v[--row->n]);
}

static int
receive_row(struct ipc_client *qmgr, struct job_row *row, struct why *why)
{
	bool more = true;

	while (more) {
		if (row->n == COUNT(row->v)) {
			why_set(why, WHY_TEMP, "4.3.0", "too many in a row");
			return -1;
		}
		if (job_in_read(&row->v[row->n], qmgr, JOB_WAIT_MS, why) != 0)
			return -1;
		more = row->v[row->n++].more;
	}
	return 0;
}

bool
job_receive(struct ipc_client *qmgr, struct job_row *row)
{
	struct why why;

	row->n = 0;
	/* The end of the channel is the usual way in which a worker ends. */
	if (fd_wait(qmgr->fd, FD_READ, clock_deadline(IDLE_MS)) != 1 ||
	    fd_at_end(qmgr->fd))
		return false;
	if (receive_row(qmgr, row, &why) == 0)
		return true;
	job_row_fini(row);
	log_warn(LF_STR("event", "job-broken"), LF_STR("why", why.text));
	return false;
}

int
job_result(struct ipc_client *qmgr, const struct result *r)
{
	struct why why;

	return ipc_client_send(qmgr, &result_type, 0, r, -1, &why);
}

int
job_forward(struct ipc_client *qmgr, uint32_t index, const struct addr *to)
{
	struct result_forward f = { .index = index };
	struct why why;

	span_copy_cut(addr_text(to), f.address, sizeof(f.address)); /* fits */
	return ipc_client_send(qmgr, &result_forward_type, 0, &f, -1, &why);
}

int
job_end(struct ipc_client *qmgr, bool reusable)
{
	struct job_end end = { .reusable = reusable };
	struct why why;

	return ipc_client_send(qmgr, &job_end_type, 0, &end, -1, &why);
}
