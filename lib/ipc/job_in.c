/*
 * job_in - see job_in.h.  Anything but the packets in their order ends the
 * reading.  The count is within JOB_RCPTS_MOST: the field's bounds say so.
 */
#include "ipc/job_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/clock.h"
#include "os/fd.h"

/* One message of that type. */
static int
take(struct ipc_client *qmgr, const struct ipc_type *type, int64_t wait_ms,
    struct ipc_got *got, struct why *why)
{
	const struct ipc_type *const types[] = { type };

	return ipc_client_recv(qmgr, types, 1, clock_deadline(wait_ms), got,
	    why);
}

static int
take_rcpts(struct job_in *j, struct ipc_client *qmgr, int64_t wait_ms,
    struct why *why)
{
	struct ipc_got got;
	struct job_go go;

	for (uint32_t i = 0; i < j->head.nrcpts; i++) {
		if (take(qmgr, &job_rcpt_type, wait_ms, &got, why) != 0)
			return -1;
		memcpy(&j->rcpts[i], got.msg.octets, sizeof(j->rcpts[i]));
	}
	if (take(qmgr, &job_go_type, wait_ms, &got, why) != 0)
		return -1;
	memcpy(&go, got.msg.octets, sizeof(go));
	j->more = go.more != 0;
	return 0;
}

int
job_in_read(struct job_in *j, struct ipc_client *qmgr, int64_t wait_ms,
    struct why *why)
{
	struct ipc_got got;

	*j = (struct job_in){ .file = -1 };
	if (take(qmgr, &job_type, wait_ms, &got, why) != 0)
		return -1;
	memcpy(&j->head, got.msg.octets, sizeof(j->head));
	j->file = got.fd;
	j->rcpts = xcalloc(j->head.nrcpts, sizeof(j->rcpts[0]));
	if (take_rcpts(j, qmgr, wait_ms, why) == 0)
		return 0;
	job_in_fini(j);
	return -1;
}

void
job_in_fini(struct job_in *j)
{
	fd_close(&j->file);
	free(j->rcpts);
	j->rcpts = NULL;
}
