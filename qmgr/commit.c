/*
 * commit - see commit.h; what an envelope must look like is in envelope.c.
 * A session has at most one file.  Its declared size is set aside until it is
 * committed or dropped, so that many large messages at once cannot fill the
 * disk that each of them found free.
 */
#include "qmgr/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/num.h"
#include "ipc/msg_queue.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "qmgr/envelope.h"
#include "qmgr/limits.h"
#include "qmgr/message.h"
#include "qmgr/pass.h"
#include "qmgr/sync.h"
#include "qmgr/waiting.h"

struct receive {
	size_t	 open;		/* files of sessions */
	uint64_t reserved;	/* octets for them */
	int64_t	 looked_ms;	/* when the disk was asked last */
	struct fs_space space;
};

struct commit;
struct session {
	char	 id[ID_SIZE];	/* of its file */
	uint64_t reserved;
	bool	 open;
	struct commit *commit;	/* that it waits for */
};

struct commit {
	struct message  *m;
	struct ipc_peer *peer;	/* NULL: gone */
	uint32_t	 request;
	char		 client[64], auth[LOG_VALUE_MAX];	/* for the log */
};

struct receive *
receive_new(void)
{
	return xcalloc(1, sizeof(struct receive));
}

static struct session *
session_of(struct ipc_peer *peer)
{
	struct session *s = ipc_peer_get(peer);

	if (s == NULL) {
		s = xcalloc(1, sizeof(*s));
		ipc_peer_set(peer, s);
	}
	return s;
}

static void
release(struct qmgr *q, struct session *s)
{
	s->open = false;
	q->receive->open--;
	q->receive->reserved -= s->reserved;
}

static void
discard(struct qmgr *q, const char *id)
{
	if (queue_remove(&q->queue, QUEUE_INCOMING, id) != 0)
		log_error(LF_STR("event", "not-removed"), LF_STR("id", id),
		    LF_STR("why", strerror(errno)));
}

void
commit_peer_gone(struct qmgr *q, struct ipc_peer *peer)
{
	struct session *s = ipc_peer_get(peer);

	if (s == NULL)
		return;
	if (s->open) {
		discard(q, s->id);
		release(q, s);
	}
	if (s->commit != NULL)
		s->commit->peer = NULL;
	free(s);
}

/* Is there room for so many octets more? */
static int
disk_has(struct qmgr *q, uint64_t octets, struct why *why)
{
	struct receive *r = q->receive;
	int64_t now_ms = clock_mono_ms();
	uint64_t need;

	if (r->looked_ms == 0 || now_ms - r->looked_ms > SPACE_AGE_MS) {
		if (fs_space(q->queue.top, &r->space) != 0) {
			why_sys(why, WHY_TEMP, "4.3.0", "queue");
			return -1;
		}
		r->looked_ms = now_ms;
	}
	if (!num_add64(r->reserved, octets, &need) ||
	    !num_add64(need, q->set.free_min_octets, &need) ||
	    r->space.free_octets < need ||
	    r->space.free_inodes < INODES_MIN + r->open) {
		why_set(why, WHY_TEMP, "4.3.1", "no room in the queue now");
		return -1;
	}
	return 0;
}

static int
may_open(struct qmgr *q, const struct queue_new *n, struct why *why)
{
	if (n->size_octets > q->set.message_max_octets) {
		why_set(why, WHY_PERM, "5.3.4", "the message is too large");
		return -1;
	}
	if (q->stopping || q->receive->open >= OPEN_FILES_MAX) {
		why_set(why, WHY_TEMP, "4.3.2", "the queue is busy");
		return -1;
	}
	if (waiting_count(q->waiting) + hash_count(q->messages) >=
	    q->set.messages_max) {
		why_set(why, WHY_TEMP, "4.3.1", "too many messages queued");
		return -1;
	}
	return disk_has(q, n->size_octets > 0 ? n->size_octets :
	    RESERVE_UNDECLARED, why);
}

enum verdict
commit_on_new(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct queue_new *n = msg->body;
	struct session *s = session_of(peer);
	struct queue_file file;
	struct qmgr *q = ctx;
	struct why why;
	int fd;

	if (s->open || s->commit != NULL)
		return VERDICT_CLOSE;	/* one at a time */
	if (may_open(q, n, &why) != 0)
		return ipc_refuse(peer, msg->request, &why);
	qmgr_new_id(q, s->id);
	fd = queue_create(&q->queue, s->id);
	if (fd < 0) {
		why_sys(&why, WHY_TEMP, "4.3.0", "queue");
		return ipc_refuse(peer, msg->request, &why);
	}
	s->open = true;
	s->reserved = n->size_octets > 0 ? n->size_octets : RESERVE_UNDECLARED;
	q->receive->open++;
	q->receive->reserved += s->reserved;
	memcpy(file.id, s->id, sizeof(file.id));
	(void)ipc_answer(peer, msg, &queue_file_type, &file, fd);
	fd_close(&fd);
	return VERDICT_OK;
}

enum verdict
commit_on_abort(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct queue_abort *a = msg->body;
	struct session *s = session_of(peer);
	struct qmgr *q = ctx;

	if (!s->open || strcmp(s->id, a->id) != 0)
		return VERDICT_CLOSE;
	discard(q, s->id);
	release(q, s);
	return VERDICT_OK;
}

static void
tell(const struct commit *c)
{
	const struct message *m = c->m;

	log_info(LF_STR("event", "queued"), LF_STR("id", m->id),
	    LF_SPAN("from", m->from), LF_STR("client", c->client),
	    LF_STR("user", c->auth[0] != '\0' ? c->auth : NULL), LF_NUM("size", m->size_octets),
	    LF_NUM("rcpts", m->n));
}

/*
 * The file of a session as a message in memory: c->m.
 * returns  0, or -1 with why: refused
 */
static int
take(struct qmgr *q, const char *id, struct commit *c, struct why *why)
{
	struct arena *a = NULL;
	struct queue_head h;
	int fd, rc = -1;

	fd = queue_open_read(&q->queue, QUEUE_INCOMING, id);
	if (fd < 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "queue");
		return -1;
	}
	if (fd_no_writer(fd) != 0) {
		why_set(why, WHY_TEMP, "4.3.0", errno == EAGAIN ?
		    "the message is still open for writing" :
		    "the queue's file system has no leases");
		goto out;
	}
	a = arena_new(ENVELOPE_MEMORY);
	if (envelope_take(q, fd, a, &h, why) != 0)
		goto out;
	c->m = message_new(q, id, QUEUE_INCOMING, MSG_COMMITTING);
	if (c->m == NULL)
		bug("message %s committed twice", id);
	message_fill(c->m, &h);
	message_keep_fd(c->m, fd);
	fd = -1;
	span_copy_cut(h.envelope.client, c->client, sizeof(c->client));
	span_copy_cut(h.envelope.auth, c->auth, sizeof(c->auth));
	rc = 0;
out:
	arena_free(&a);
	fd_close(&fd);
	return rc;
}

static void
refuse(struct commit *c, struct why *why)
{
	struct message *m = c->m;

	log_warn(LF_STR("event", "commit-refused"), LF_STR("id", m->id),
	    LF_STR("why", why->text));
	if (c->peer != NULL)
		(void)ipc_refuse(c->peer, c->request, why);
	discard(m->q, m->id);
	message_enter(m, MSG_GONE);
	message_free(m);
}

/* The name is durable, or not. */
static void
on_synced(bool ok, void *arg)
{
	struct queue_committed done;
	struct commit *c = arg;
	struct message *m = c->m;
	struct qmgr *q = m->q;
	struct why why;

	if (c->peer != NULL)
		session_of(c->peer)->commit = NULL;
	memcpy(done.id, m->id, sizeof(done.id));
	if (!ok || c->peer == NULL) {
		/* Nobody was told of it, or will be. */
		why_set(&why, WHY_TEMP, "4.3.0", ok ? "the session ended" :
		    "the message could not be stored safely");
		refuse(c, &why);
	} else {
		(void)ipc_send(c->peer, &queue_committed_type, c->request,
		    &done, -1);		/* lost: the client sends it again */
		tell(c);
		ledger_count(q, LEDGER_ACCEPTED);
		/* It is among those that are counted. */
		if (hash_count(q->messages) <= q->set.active_max &&
		    q->rcpts <= RCPTS_MAX / 2) {
			pass_begin(m);
		} else {
			waiting_add(q, m->id, m->place, clock_wall_s());
			message_enter(m, MSG_GONE);
			message_free(m);
		}
	}
	free(c);
}

enum verdict
commit_on_commit(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct queue_commit *want = msg->body;
	struct session *s = session_of(peer);
	struct qmgr *q = ctx;
	struct commit *c;
	struct why why;

	if (!s->open || strcmp(s->id, want->id) != 0)
		return VERDICT_CLOSE;
	release(q, s);
	c = xcalloc(1, sizeof(*c));
	if (take(q, s->id, c, &why) != 0) {
		log_warn(LF_STR("event", "commit-refused"),
		    LF_STR("id", s->id), LF_STR("why", why.text));
		free(c);
		discard(q, s->id);
		return ipc_refuse(peer, msg->request, &why);
	}
	c->peer = peer;
	c->request = msg->request;
	s->commit = c;
	sync_incoming(q->sync, on_synced, c);
	return VERDICT_OK;
}
