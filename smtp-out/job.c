/*
 * job.c - what comes is read by ipc/job_in; a job that breaks its rules ends
 * the worker.
 *
 * A job whose qmgr has ended is given up, wherever it stands: the next qmgr
 * begins it anew.  Only after the final dot the other host may have taken the
 * message: then the parent is told (ORPHAN), so that the next qmgr waits, and
 * gets the results for it.
 */
#include "smtp-out/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/clock.h"
#include "os/fd.h"
#include "smtp-out/limits.h"

enum job_got
job_receive(struct job_link *l, int idle, bool *spoke, struct job_out *j,
    struct why *why)
{
	int64_t deadline = clock_deadline(IDLE_MS);
	int ready;

	memset(j, 0, sizeof(*j));
	j->in.file = -1;
	l->in_doubt = l->orphaned = false;
	ready = idle >= 0 ? fd_wait_two(l->qmgr.fd, idle, deadline) :
	    fd_wait(l->qmgr.fd, FD_READ, deadline);
	*spoke = ready == 3;
	if ((ready != 1 && ready != 3) ||
	    job_in_read(&j->in, &l->qmgr, JOB_WAIT_MS, why) != 0)
		return JOB_NONE;
	memcpy(l->id, j->in.head.id, sizeof(l->id));
	j->results = xcalloc(j->in.head.nrcpts, sizeof(*j->results));
	j->settled = xcalloc(j->in.head.nrcpts, sizeof(*j->settled));
	j->soft = xcalloc(j->in.head.nrcpts, sizeof(*j->soft));
	for (size_t i = 0; i < j->in.head.nrcpts; i++)
		j->results[i].index = j->in.rcpts[i].index;
	return JOB_GOT;
}

void
job_fini(struct job_out *j)
{
	job_in_fini(&j->in);
	free(j->text);
	buf_fini(&j->header);
	free(j->results);
	free(j->settled);
	free(j->soft);
	j->text = NULL;
	j->results = NULL;
	j->settled = NULL;
	j->soft = NULL;
}

bool
job_soften(struct job_out *j)
{
	bool any = false;

	for (size_t i = 0; i < j->in.head.nrcpts; i++)
		if (j->soft[i]) {
			j->settled[i] = false;
			any = true;
		}
	return any;
}

void
job_harden(struct job_out *j)
{
	for (size_t i = 0; i < j->in.head.nrcpts; i++)
		j->settled[i] = j->settled[i] || j->soft[i];
}

static int
report_to_qmgr(struct job_link *l, const struct job_out *j,
    const struct job_end *end)
{
	struct why why;

	for (size_t i = 0; i < j->in.head.nrcpts; i++)
		if (ipc_client_send(&l->qmgr, &result_type, 0,
		    &j->results[i], -1, &why) != 0)
			return -1;
	return ipc_client_send(&l->qmgr, &job_end_type, 0, end, -1, &why);
}

/* "Later" is what the next qmgr thinks anyway, unless it waits for us. */
static void
report_to_parent(struct job_link *l, const struct job_out *j)
{
	struct why why;

	for (size_t i = 0; i < j->in.head.nrcpts; i++) {
		const struct result *r = &j->results[i];
		struct orphan_result o = { .index = r->index,
			.kind = r->kind };

		if (r->kind == RESULT_LATER && !l->orphaned)
			continue;
		memcpy(o.id, j->in.head.id, sizeof(o.id));
		memcpy(o.esc, r->esc, sizeof(o.esc));
		memcpy(o.text, r->text, sizeof(o.text));
		if (ipc_client_send(&l->parent, &orphan_result_type, 0, &o,
		    -1, &why) != 0)
			return;		/* the parent is gone too */
	}
}

int
job_report(struct job_link *l, const struct job_out *j, bool reusable,
    bool site_down)
{
	const struct job_end end = { .reusable = reusable,
		.site_down = site_down };

	if (!l->orphaned && report_to_qmgr(l, j, &end) == 0)
		return 0;
	report_to_parent(l, j);
	return -1;
}

bool
job_abandoned(const struct job_link *l)
{
	return l->qmgr.fd < 0 || fd_wait(l->qmgr.fd, FD_READ, 0) != 0;
}

static int
become_orphan(struct job_link *l)
{
	struct orphan o;
	struct why why;

	memcpy(o.id, l->id, sizeof(o.id));
	l->orphaned = true;
	return ipc_client_send(&l->parent, &orphan_type, 0, &o, -1, &why);
}

int
job_wait(struct job_link *l, int fd, int64_t deadline_ms)
{
	int owner = l->orphaned ? l->parent.fd : l->qmgr.fd;

	if (owner >= 0 && fd_wait_two(fd, owner, deadline_ms) != 2)
		return 0;
	if (!l->in_doubt || l->orphaned || become_orphan(l) != 0)
		return -1;
	return fd_wait_two(fd, l->parent.fd, deadline_ms) == 2 ? -1 : 0;
}
