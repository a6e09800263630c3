/*
 * dispatch - see dispatch.h.
 * A job waits as long as its deliverer's parent is not there: a daemon that
 * is being restarted delays mail by a second, not by a retry interval.  What
 * a worker says counts only for the recipients of its present job.
 *
 * What waits for a mailbox when its worker gets a job goes along in a row, so
 * that the worker can sync it all at once: as many as fit, in their order.  A
 * message that a worker has died of goes alone, and so does a large one.
 */
#include "qmgr/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "qmgr/job.h"
#include "qmgr/result.h"
#include "qmgr/wish.h"

TAILQ_HEAD(row, batch);

struct worker {
	TAILQ_ENTRY(worker) next;	/* among the idle or the busy */
	struct ipc_peer *peer;
	struct dest	*dest;		/* a reference */
	struct row	 jobs;		/* the first is answered first */
	unsigned	 turns;		/* rows that it had before their turn */
	int64_t		 since_ms;	/* idle, or its last sign of life */
	bool		 is_idle;
};
TAILQ_HEAD(workers, worker);

struct dispatch {
	struct workers idle, busy;	/* longest first */
	unsigned count[CLASS_COUNT];	/* busy and idle */
	size_t	 running;	/* workers that have jobs */
	size_t	 along;		/* jobs in rows, but the first of each */
};

static const struct {
	enum role parent, worker;
} roles[CLASS_COUNT] = {
	[CLASS_OUT] = { ROLE_SMTP_OUT, ROLE_SMTP_OUT_WORKER },
	[CLASS_LOCAL] = { ROLE_DELIVER, ROLE_DELIVER_WORKER },
	[CLASS_PIPE] = { ROLE_PIPE, ROLE_PIPE_WORKER },
};

struct dispatch *
dispatch_new(struct qmgr *q)
{
	struct dispatch *d = xcalloc(1, sizeof(*d));

	(void)q;
	TAILQ_INIT(&d->idle);
	TAILQ_INIT(&d->busy);
	return d;
}

size_t
dispatch_running(const struct qmgr *q)
{
	return q->dispatch->running;
}

static void
unidle(struct qmgr *q, struct worker *w)
{
	if (w->is_idle)
		TAILQ_REMOVE(&q->dispatch->idle, w, next);
	w->is_idle = false;
}

/* It has said something about its job, or has just got it. */
static void
lives(struct qmgr *q, struct worker *w)
{
	TAILQ_REMOVE(&q->dispatch->busy, w, next);
	w->since_ms = clock_mono_ms();
	TAILQ_INSERT_TAIL(&q->dispatch->busy, w, next);
}

/* Its first job is over: the next one, or it is no longer busy. */
static struct batch *
next_job(struct qmgr *q, struct worker *w)
{
	struct batch *over = TAILQ_FIRST(&w->jobs);

	TAILQ_REMOVE(&w->jobs, over, next);
	if (!TAILQ_EMPTY(&w->jobs)) {
		q->dispatch->along--;
		return over;
	}
	TAILQ_REMOVE(&q->dispatch->busy, w, next);
	q->dispatch->running--;
	return over;
}

void
dispatch_peer_gone(struct qmgr *q, struct ipc_peer *peer)
{
	struct worker *w = ipc_peer_get(peer);
	struct batch *b;

	if (w == NULL)
		return;
	unidle(q, w);
	q->dispatch->count[w->dest->cls]--;
	while (!TAILQ_EMPTY(&w->jobs)) {
		b = next_job(q, w);
		log_warn(LF_STR("event", "worker-lost"),
		    LF_STR("daemon", role_name(ipc_peer_role(peer))),
		    LF_STR("id", b->m->id));
		job_lost(&b);
	}
	schedule_unref(q->schedule, w->dest, clock_mono_ms());
	free(w);
	qmgr_wake(q);
}

/* Tell the parent of a new worker; chan is the worker's end. */
static int
introduce(struct ipc_peer *parent, const struct dest *d, int chan)
{
	const struct route *r = d->data;
	const struct out_worker out = { .generic = r->generic,
		.auth = r->auth.n > 0 };
	struct local_worker local = { .uid = r->uid, .gid = r->gid,
		.system_user = r->system_user };

	if (d->cls == CLASS_OUT)
		return ipc_send(parent, &out_worker_type, 0, &out, chan);
	if (span_copy(r->user, local.user, sizeof(local.user)) != 0 ||
	    span_copy(r->home, local.home, sizeof(local.home)) != 0 ||
	    span_copy(r->maildir, local.maildir, sizeof(local.maildir)) != 0)
		return -1;
	return ipc_send(parent, &local_worker_type, 0, &local, chan);
}

static struct worker *
worker_new(struct qmgr *q, struct ipc_peer *parent, struct dest *d)
{
	struct worker *w;
	int pair[2], rc;

	if (fd_pair(pair) != 0)
		return NULL;
	rc = introduce(parent, d, pair[1]);
	fd_close(&pair[1]);
	if (rc != 0) {
		fd_close(&pair[0]);
		return NULL;
	}
	w = xcalloc(1, sizeof(*w));
	TAILQ_INIT(&w->jobs);
	w->peer = ipc_server_add(q->server, pair[0], roles[d->cls].worker);
	if (w->peer == NULL) {
		free(w);
		return NULL;
	}
	ipc_peer_set(w->peer, w);
	w->dest = schedule_ref(d);
	q->dispatch->count[d->cls]++;
	return w;
}

static struct worker *
idle_for(struct qmgr *q, const struct dest *d)
{
	struct worker *w;

	TAILQ_FOREACH(w, &q->dispatch->idle, next)
		if (w->dest == d)
			return w;
	return NULL;
}

/* May another worker of this class be made, perhaps for an idle one? */
static bool
room(struct qmgr *q, enum schedule_class cls)
{
	struct worker *w;

	if (q->dispatch->count[cls] < q->set.workers_max[cls])
		return true;
	TAILQ_FOREACH(w, &q->dispatch->idle, next)
		if (w->dest->cls == cls)
			return true;
	return false;
}

static struct worker *
worker_for(struct qmgr *q, struct ipc_peer *parent, struct dest *d)
{
	struct worker *w = idle_for(q, d);

	if (w != NULL)
		return w;
	if (q->dispatch->count[d->cls] >= q->set.workers_max[d->cls])
		TAILQ_FOREACH(w, &q->dispatch->idle, next)
			if (w->dest->cls == d->cls) {
				ipc_peer_close(w->peer);	/* frees it */
				break;
			}
	return worker_new(q, parent, d);
}

static int
send_rcpt(struct worker *w, const struct message *m, uint32_t i)
{
	struct span original = rcpt_original(m, i);
	struct wish wish = rcpt_wish(m, i);
	struct job_rcpt r = { .index = i, .notify = wish.notify };

	if (span_copy(m->rcpts[i].to, r.address, sizeof(r.address)) != 0 ||
	    span_copy(original, r.original, sizeof(r.original)) != 0 ||
	    span_copy(wish.orcpt, r.orcpt, sizeof(r.orcpt)) != 0 ||
	    span_copy(m->rcpts[i].detail, r.detail, sizeof(r.detail)) != 0)
		return -1;
	return ipc_send(w->peer, &job_rcpt_type, 0, &r, -1);
}

/*
 * The descriptor that commit kept serves all the jobs of the message; one that
 * has many keeps its own.
 * returns  the caller's to close, or to leave if it is m->fd
 */
static int
message_fd(struct message *m)
{
	int fd = m->fd;

	if (fd >= 0)
		return fd;
	fd = queue_open_read(&m->q->queue, m->place, m->id);
	if (fd >= 0 && !TAILQ_EMPTY(&m->bundles) &&
	    m->q->fds_n < MESSAGE_FDS_MAX)
		message_keep_fd(m, fd);
	return fd;
}

static void
done_with_fd(struct message *m, int fd)
{
	if (fd == m->fd && !TAILQ_EMPTY(&m->bundles))
		return;
	if (fd == m->fd) {
		m->fd = -1;
		m->q->fds_n--;
	}
	fd_close(&fd);
}

static int
send_job(struct worker *w, struct batch *b)
{
	const struct job_go go = { .more = TAILQ_NEXT(b, next) != NULL };
	struct message *m = b->m;
	const struct route *r = w->dest->data;
	struct job j = { .at_octets = m->at_octets,
		.size_octets = m->size_octets, .body_8bit = m->body_8bit,
		.transport = r->transport, .port = r->port, .tls = r->tls,
		.smtputf8 = m->smtputf8, .nrcpts = b->n };
	int fd, rc;

	memcpy(j.id, m->id, sizeof(j.id));
	if (span_copy(b->sender, j.sender, sizeof(j.sender)) != 0 ||
	    span_copy(r->nexthop, j.nexthop, sizeof(j.nexthop)) != 0 ||
	    span_copy(r->source, j.source, sizeof(j.source)) != 0 ||
	    span_copy(r->auth, j.auth, sizeof(j.auth)) != 0)
		return -1;
	/* RFC 3461 5.2.7.1: nothing of it for the members of a list. */
	if (span_eq(b->sender, m->from)) {
		j.ret = m->ret;
		span_copy_cut(m->envid, j.envid, sizeof(j.envid));
	}
	fd = message_fd(m);
	if (fd < 0)
		return -1;
	rc = ipc_send(w->peer, &job_type, 0, &j, fd);
	done_with_fd(m, fd);
	for (uint32_t k = 0; k < b->n && rc == 0; k++)
		rc = send_rcpt(w, m, b->rcpts[k]);
	return rc == 0 ? ipc_send(w->peer, &job_go_type, 0, &go, -1) : -1;
}

/* b, and what may go along with it. */
static void
make_row(struct qmgr *q, struct worker *w, struct batch *b)
{
	uint64_t left = ROW_OCTETS_MAX;
	unsigned n = 1;

	TAILQ_INSERT_TAIL(&w->jobs, b, next);
	if (w->dest->cls != CLASS_LOCAL || !job_rows(b))
		return;
	while (b->m->size_octets <= left && n < JOB_ROW_MOST &&
	    q->dispatch->along < ROW_FDS_MAX) {
		left -= b->m->size_octets;
		b = job_take_along(q, w->dest, left);
		if (b == NULL)
			break;
		TAILQ_INSERT_TAIL(&w->jobs, b, next);
		q->dispatch->along++;
		n++;
	}
}

/* The worker may be gone when this returns. */
static void
assign(struct qmgr *q, struct worker *w, struct batch *b)
{
	unidle(q, w);
	make_row(q, w, b);
	w->since_ms = clock_mono_ms();
	TAILQ_INSERT_TAIL(&q->dispatch->busy, w, next);
	q->dispatch->running++;
	TAILQ_FOREACH(b, &w->jobs, next)
		if (send_job(w, b) != 0) {
			/* Its end brings the jobs back. */
			ipc_peer_close(w->peer);
			return;
		}
}

static void
start(struct qmgr *q, struct ipc_peer *parent, struct batch *b)
{
	struct worker *w = worker_for(q, parent, b->dest);

	if (w == NULL) {
		job_lost(&b);
		return;
	}
	w->turns = 0;
	assign(q, w, b);
}

/*
 * When all places are taken, another destination costs an end and a fork: who
 * is there goes on with what waits for its own, so many times.
 */
static struct batch *
one_more(struct qmgr *q, struct worker *w)
{
	enum schedule_class cls = w->dest->cls;

	if (q->dispatch->count[cls] < q->set.workers_max[cls] ||
	    w->turns >= WORKER_TURNS_MAX)
		return NULL;
	w->turns++;
	return job_take_of(q, w->dest);
}

void
dispatch_turn(struct qmgr *q)
{
	struct ipc_peer *parent;
	struct batch *b;

	for (int c = 0; c < CLASS_COUNT && !q->stopping; c++) {
		enum schedule_class cls = (enum schedule_class)c;

		parent = ipc_server_peer(q->server, roles[c].parent);
		while (parent != NULL && room(q, cls) &&
		    (b = job_take(q, cls)) != NULL) {
			start(q, parent, b);
			parent = ipc_server_peer(q->server, roles[c].parent);
		}
	}
}

/*
 * A worker that is stuck, in a file system that does not answer, say, would
 * keep its place and its message for ever.  If it lives on and delivers all the
 * same, the recipients get a second copy.
 */
static void
give_up_stuck(struct qmgr *q, int64_t now_ms)
{
	struct worker *w;

	while ((w = TAILQ_FIRST(&q->dispatch->busy)) != NULL &&
	    now_ms - w->since_ms >= q->set.job_ms) {
		log_error(LF_STR("event", "worker-stuck"),
		    LF_STR("daemon", role_name(ipc_peer_role(w->peer))),
		    LF_STR("id", TAILQ_FIRST(&w->jobs)->m->id));
		ipc_peer_close(w->peer);	/* brings the jobs back */
	}
}

void
dispatch_tick(struct qmgr *q, int64_t now_ms)
{
	struct worker *w;

	give_up_stuck(q, now_ms);
	while ((w = TAILQ_FIRST(&q->dispatch->idle)) != NULL &&
	    now_ms - w->since_ms >= WORKER_IDLE_MS) {
		unidle(q, w);
		ipc_peer_close(w->peer);
	}
}

void
dispatch_close_idle(struct qmgr *q)
{
	struct worker *w;

	while ((w = TAILQ_FIRST(&q->dispatch->idle)) != NULL) {
		unidle(q, w);
		ipc_peer_close(w->peer);
	}
}

/* The job of this worker that recipient i is of, or NULL. */
static struct batch *
job_of(const struct worker *w, uint32_t i)
{
	struct batch *b = w != NULL ? TAILQ_FIRST(&w->jobs) : NULL;

	return b != NULL && job_has(b, i) ? b : NULL;
}

enum verdict
dispatch_on_result(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct worker *w = ipc_peer_get(peer);
	const struct result *r = msg->body;
	struct outcome o = { .kind = (enum result_kind)r->kind,
		.esc = span_str(r->esc), .text = span_str(r->text),
		.remote = span_str(r->remote), .told = r->told != 0 };
	struct batch *b = job_of(w, r->index);

	if (b == NULL)
		return VERDICT_CLOSE;
	lives(ctx, w);
	if (o.kind != RESULT_LATER || o.remote.n > 0)
		b->answered = true;
	b->left--;
	result_receive(b->m, r->index, &o);
	return VERDICT_OK;
}

enum verdict
dispatch_on_forward(struct ipc_peer *peer, const struct ipc_msg *msg,
    void *ctx)
{
	struct worker *w = ipc_peer_get(peer);
	const struct result_forward *f = msg->body;
	struct batch *b = job_of(w, f->index);

	if (b == NULL)
		return VERDICT_CLOSE;
	lives(ctx, w);
	result_forward(b->m, f->index, span_str(f->address));
	return VERDICT_OK;
}

enum verdict
dispatch_on_end(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct worker *w = ipc_peer_get(peer);
	const struct job_end *e = msg->body;
	struct qmgr *q = ctx;
	struct batch *b;

	if (w == NULL || TAILQ_EMPTY(&w->jobs))
		return VERDICT_CLOSE;
	b = next_job(q, w);
	job_end(&b, e->site_down != 0);
	qmgr_wake(q);
	if (!TAILQ_EMPTY(&w->jobs)) {
		lives(q, w);
		return VERDICT_OK;
	}
	if (e->reusable == 0 || q->stopping) {
		ipc_peer_close(peer);
		return VERDICT_OK;
	}
	b = one_more(q, w);
	if (b != NULL) {
		assign(q, w, b);
		return VERDICT_OK;
	}
	w->is_idle = true;
	w->since_ms = clock_mono_ms();
	TAILQ_INSERT_TAIL(&q->dispatch->idle, w, next);
	return VERDICT_OK;
}
