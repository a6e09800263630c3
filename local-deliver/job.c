/*
 * job.c - JOB, then as many JOB_RCPT as it says, then JOB_GO; anything else ends
 * the worker.  The count is within JOB_RCPTS_MOST: lib/ipc has checked that.
 */
#include "local-deliver/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "local-deliver/limits.h"
#include "os/clock.h"
#include "os/fd.h"

/* One message of that type into to; its descriptor, if it has one, into *fd. */
static int
take(struct ipc_client *qmgr, const struct ipc_type *type, void *to, int *fd)
{
	const struct ipc_type *const types[] = { type };
	struct ipc_got got;
	struct why why;

	if (ipc_client_recv(qmgr, types, 1, clock_deadline(JOB_WAIT_MS), &got,
	    &why) != 0) {
		log_warn(LF_STR("event", "job-broken"),
		    LF_STR("why", why.text));
		return -1;
	}
	memcpy(to, got.msg.octets, type->size);
	if (fd != NULL)
		*fd = got.fd;
	return 0;
}

bool
job_receive(struct ipc_client *qmgr, struct job_in *j)
{
	struct job_go go;

	*j = (struct job_in){ .file = -1 };
	/* The end of the channel is the usual way in which a worker ends. */
	if (fd_wait(qmgr->fd, FD_READ, clock_deadline(IDLE_MS)) != 1 ||
	    fd_at_end(qmgr->fd) ||
	    take(qmgr, &job_type, &j->head, &j->file) != 0)
		return false;
	j->rcpts = xcalloc(j->head.nrcpts, sizeof(j->rcpts[0]));
	for (uint32_t i = 0; i < j->head.nrcpts; i++)
		if (take(qmgr, &job_rcpt_type, &j->rcpts[i], NULL) != 0)
			goto bad;
	if (take(qmgr, &job_go_type, &go, NULL) == 0)
		return true;
bad:
	job_fini(j);
	return false;
}

void
job_fini(struct job_in *j)
{
	fd_close(&j->file);
	free(j->rcpts);
	j->rcpts = NULL;
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
