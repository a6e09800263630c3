/*
 * ask_queue - see ask_queue.h.
 * Whatever is not a clear COMMITTED for the id in question is a failure: a
 * message is then perhaps kept twice, but never said to be kept when it is
 * not.
 */
#include "smtpd/ask_queue.h"

#include <string.h>

#include "ipc/msg_queue.h"
#include "os/clock.h"

int
ask_queue_new(struct session *s, uint64_t size, char id[ID_SIZE],
    struct why *why)
{
	struct queue_new ask = { .size_octets = size };
	struct queue_file file;
	struct ipc_question q = { .type = &queue_new_type, .msg = &ask,
		.fd = -1, .answer = &queue_file_type,
		.deadline_ms = clock_deadline(LIMIT_QUEUE_NEW_MS) };
	int fd;

	if (ipc_call(&s->ch->qmgr, &q, &file, &fd, why) != 0)
		return -1;
	memcpy(id, file.id, ID_SIZE);
	return fd;
}

int
ask_queue_commit(struct session *s, const char *id, struct why *why)
{
	struct queue_commit ask;
	struct queue_committed done;
	struct ipc_question q = { .type = &queue_commit_type, .msg = &ask,
		.fd = -1, .answer = &queue_committed_type,
		.deadline_ms = clock_deadline(LIMIT_COMMIT_MS) };

	memcpy(ask.id, id, ID_SIZE);
	if (ipc_call(&s->ch->qmgr, &q, &done, NULL, why) != 0)
		return -1;
	if (strcmp(done.id, id) != 0) {
		ipc_client_fini(&s->ch->qmgr);
		why_set(why, WHY_TEMP, "4.3.0",
		    "queue answered for another message");
		return -1;
	}
	return 0;
}

void
ask_queue_abort(struct session *s, const char *id)
{
	struct queue_abort m;
	struct why why;

	memcpy(m.id, id, ID_SIZE);
	/* A channel that cannot carry it is at its end: the same meaning. */
	if (s->ch->qmgr.fd >= 0 && ipc_client_send(&s->ch->qmgr,
	    &queue_abort_type, 0, &m, -1, &why) != 0)
		ipc_client_fini(&s->ch->qmgr);
}
