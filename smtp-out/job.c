/*
 * job.c - JOB, then as many JOB_RCPT as it says, then JOB_GO; anything else ends
 * the worker.  The count is checked against RCPTS_MAX before memory is taken.
 */
#include "smtp-out/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/clock.h"
#include "os/fd.h"
#include "smtp-out/limits.h"

static int
receive(struct ipc_client *qmgr, const struct ipc_type *type,
    struct ipc_got *got, struct why *why)
{
	const struct ipc_type *const types[] = { type };

	return ipc_client_recv(qmgr, types, 1, clock_deadline(JOB_WAIT_MS),
	    got, why);
}

static int
receive_rcpts(struct ipc_client *qmgr, struct job_in *j, struct why *why)
{
	struct ipc_got got;

	for (size_t i = 0; i < j->head.nrcpts; i++) {
		if (receive(qmgr, &job_rcpt_type, &got, why) != 0)
			return -1;
		memcpy(&j->rcpts[i], got.msg.octets, sizeof(j->rcpts[i]));
		j->results[i].index = j->rcpts[i].index;
	}
	return receive(qmgr, &job_go_type, &got, why);
}

enum job_got
job_receive(struct ipc_client *qmgr, int idle, struct job_in *j,
    struct why *why)
{
	struct ipc_got got;
	int64_t deadline = clock_deadline(IDLE_MS);
	int ready;

	memset(j, 0, sizeof(*j));
	j->file = -1;
	ready = idle >= 0 ? fd_wait_two(qmgr->fd, idle, deadline) :
	    fd_wait(qmgr->fd, FD_READ, deadline);
	if (ready != 1 || receive(qmgr, &job_type, &got, why) != 0)
		return JOB_NONE;
	memcpy(&j->head, got.msg.octets, sizeof(j->head));
	j->file = got.fd;
	if (j->head.nrcpts == 0 || j->head.nrcpts > RCPTS_MAX) {
		why_set(why, WHY_TEMP, "4.3.0", "job with %u recipients",
		    j->head.nrcpts);
		job_fini(j);
		return JOB_NONE;
	}
	j->rcpts = xcalloc(j->head.nrcpts, sizeof(*j->rcpts));
	j->results = xcalloc(j->head.nrcpts, sizeof(*j->results));
	j->settled = xcalloc(j->head.nrcpts, sizeof(*j->settled));
	if (receive_rcpts(qmgr, j, why) != 0) {
		job_fini(j);
		return JOB_NONE;
	}
	return JOB_GOT;
}

void
job_fini(struct job_in *j)
{
	fd_close(&j->file);
	free(j->rcpts);
	free(j->results);
	free(j->settled);
	j->rcpts = NULL;
	j->results = NULL;
	j->settled = NULL;
}

int
job_report(struct ipc_client *qmgr, const struct job_in *j, bool reusable,
    bool site_down)
{
	struct job_end end = { .reusable = reusable, .site_down = site_down };
	struct why why;

	for (size_t i = 0; i < j->head.nrcpts; i++)
		if (ipc_client_send(qmgr, &result_type, 0, &j->results[i], -1,
		    &why) != 0)
			return -1;
	return ipc_client_send(qmgr, &job_end_type, 0, &end, -1, &why);
}

bool
job_abandoned(const struct ipc_client *qmgr)
{
	return qmgr->fd < 0 || fd_wait(qmgr->fd, FD_READ, 0) != 0;
}
