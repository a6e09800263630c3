/*
 * message - see message.h.
 * Memory is exact: one block for all texts of the envelope, one for each text
 * that comes later; with 20,000 messages in memory an arena's spare room would
 * be most of it.  The log is written through one descriptor per message, of
 * which the oldest are closed.
 */
#include "qmgr/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "mail/intl.h"
#include "os/clock.h"
#include "os/fd.h"
#include "qmgr/expand.h"
#include "qmgr/limits.h"
#include "qmgr/sync.h"
#include "qmgr/verp.h"
#include "qmgr/wish.h"

struct piece {
	struct piece *next;
	char	      p[];
};

#define TO(s)	(1u << (s))

static const unsigned message_edges[] = {
	[MSG_COMMITTING] = TO(MSG_ACTIVE) | TO(MSG_GONE),
	[MSG_LOADING] = TO(MSG_ORPHANED) | TO(MSG_ACTIVE) | TO(MSG_GONE),
	[MSG_ORPHANED] = TO(MSG_ACTIVE) | TO(MSG_GONE),
	[MSG_ACTIVE] = TO(MSG_REPORTING) | TO(MSG_GONE),
	[MSG_REPORTING] = TO(MSG_ACTIVE) | TO(MSG_GONE),
	[MSG_GONE] = 0,
};

#define SETTLED	(TO(RCPT_LATER) | TO(RCPT_NEVER))
static const unsigned rcpt_edges[RCPT_STATES] = {
	[RCPT_NEW] = TO(RCPT_ASKED) | TO(RCPT_DONE) | TO(RCPT_EXPANDED) |
	    SETTLED,
	[RCPT_ASKED] = TO(RCPT_NEW) | TO(RCPT_ROUTED) | TO(RCPT_SYNCING) |
	    TO(RCPT_DONE) | SETTLED,
	[RCPT_SYNCING] = TO(RCPT_EXPANDED) | TO(RCPT_ROUTED) | SETTLED,
	[RCPT_ROUTED] = TO(RCPT_QUEUED) | TO(RCPT_SAME) | TO(RCPT_DONE) |
	    SETTLED,
	[RCPT_QUEUED] = TO(RCPT_TRYING) | SETTLED,
	[RCPT_TRYING] = TO(RCPT_ROUTED) | TO(RCPT_DONE) | SETTLED,
	[RCPT_SAME] = TO(RCPT_DONE) | TO(RCPT_ROUTED) | SETTLED,
	[RCPT_LATER] = TO(RCPT_NEW) | TO(RCPT_NEVER) | TO(RCPT_DONE) |
	    TO(RCPT_EXPANDED),
	[RCPT_DONE] = 0,
	[RCPT_NEVER] = 0,
	[RCPT_EXPANDED] = TO(RCPT_NEW),
};

struct message *
message_new(struct qmgr *q, const char *id, enum queue_state place,
    enum message_state state)
{
	struct message *m = xcalloc(1, sizeof(*m));

	if (hash_put(q->messages, span_str(id), m) != 0) {
		free(m);
		return NULL;
	}
	memcpy(m->id, id, ID_LEN);
	m->q = q;
	m->place = place;
	m->state = state;
	if (state == MSG_COMMITTING)
		q->ledger.committing++;
	m->fd = m->log_fd = -1;
	buf_init(&m->log_pending, LOG_PENDING_MAX);
	TAILQ_INIT(&m->bundles);
	TAILQ_INIT(&m->helds);
	return m;
}

struct message *
message_find(struct qmgr *q, const char *id)
{
	return hash_get(q->messages, span_str(id));
}

static void
log_close(struct message *m)
{
	if (!m->is_log_open)
		return;
	TAILQ_REMOVE(&m->q->log_open, m, log_open);
	m->q->log_open_n--;
	m->is_log_open = false;
	fd_close(&m->log_fd);
}

void
message_free(struct message *m)
{
	struct qmgr *q = m->q;
	struct piece *p;

	if (m->syncs > 0 || m->asking > 0 || m->load != NULL ||
	    !TAILQ_EMPTY(&m->bundles) || !TAILQ_EMPTY(&m->helds) ||
	    m->jobs > 0)
		bug("message %s freed while in use", m->id);
	for (uint32_t i = 0; i < m->n; i++)
		if (m->rcpts[i].dest != NULL)
			schedule_unref(q->schedule, m->rcpts[i].dest,
			    clock_mono_ms());
	expand_forget(m);
	if (m->is_ripe)
		TAILQ_REMOVE(&q->ripe, m, ripe);
	log_close(m);
	if (m->fd >= 0)
		q->fds_n--;
	fd_close(&m->fd);
	q->rcpts -= m->n;
	hash_free(&m->targets, NULL);
	buf_fini(&m->log_pending);
	while ((p = m->pieces) != NULL) {
		m->pieces = p->next;
		free(p);
	}
	(void)hash_del(q->messages, span_str(m->id));	/* m itself */
	free(m->originals);
	free(m->wishes);
	free(m->verps);
	free(m->rcpts);
	free(m);
	qmgr_wake(q);	/* there is room for another */
}

void
message_keep_fd(struct message *m, int fd)
{
	if (m->q->fds_n >= MESSAGE_FDS_MAX) {
		fd_close(&fd);
		return;
	}
	m->fd = fd;
	m->q->fds_n++;
}

static char *
piece_new(struct message *m, size_t n)
{
	struct piece *p = xmalloc(sizeof(*p) + n);

	p->next = m->pieces;
	m->pieces = p;
	return p->p;
}

struct span
message_keep(struct message *m, struct span s)
{
	char *p;

	if (s.n == 0)
		return SPAN_LIT("");
	p = piece_new(m, s.n);
	memcpy(p, s.p, s.n);
	return span_of(p, s.n);
}

static struct span
move_to(char **at, struct span s)
{
	struct span kept = span_of(*at, s.n);

	if (s.n > 0)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return kept;
}

static void
make_verps(struct message *m, struct span marks)
{
	struct buf address;

	m->verps = xcalloc(m->envelope_n, sizeof(m->verps[0]));
	buf_init(&address, KIB);
	for (uint32_t i = 0; i < m->envelope_n; i++) {
		buf_clear(&address);
		if (verp_put(&address, m->from, m->rcpts[i].address,
		    marks) == 0)
			m->verps[i] = message_keep(m, buf_span(&address));
	}
	buf_fini(&address);
}

void
message_fill(struct message *m, const struct queue_head *h)
{
	const struct queue_envelope *e = &h->envelope;
	size_t octets = e->from.n + e->auth.n;
	uint32_t n = (uint32_t)e->rcpts_n;	/* <= QUEUE_RCPTS_MAX */
	bool wishes = false;
	char *at;

	for (uint32_t i = 0; i < n; i++) {
		octets += e->rcpts[i].address.n + e->rcpts[i].original.n +
		    e->rcpts[i].orcpt.n;
		wishes = wishes || e->rcpts[i].notify != 0 ||
		    e->rcpts[i].orcpt.n > 0;
	}
	at = piece_new(m, octets + e->envid.n);
	m->ret = (uint8_t)e->ret;
	m->smtputf8 = e->smtputf8;
	m->envid = move_to(&at, e->envid);
	m->arrival = m->age_at = e->time;
	m->body_8bit = e->body_8bit;
	m->at_octets = QUEUE_FIRST_LEN + h->first.envelope_octets;
	m->size_octets = h->first.message_octets;
	m->log_end = queue_first_end(&h->first);
	m->from = move_to(&at, e->from);
	m->account = move_to(&at, e->auth);
	m->rcpts = xcalloc(n, sizeof(m->rcpts[0]));
	m->originals = xcalloc(n, sizeof(m->originals[0]));
	if (wishes)
		m->wishes = xcalloc(n, sizeof(m->wishes[0]));
	m->n = m->size = m->envelope_n = n;
	m->count[RCPT_NEW] = n;
	m->q->rcpts += n;
	for (uint32_t i = 0; i < n; i++) {
		m->rcpts[i].address = move_to(&at, e->rcpts[i].address);
		m->rcpts[i].to = m->rcpts[i].address;
		m->rcpts[i].root = i;
		m->rcpts[i].parent = m->rcpts[i].child = RCPT_NOBODY;
		m->rcpts[i].same = m->rcpts[i].next = RCPT_NOBODY;
		m->originals[i] = move_to(&at, e->rcpts[i].original);
		if (wishes)
			m->wishes[i] = (struct wish){
				.notify = (uint8_t)e->rcpts[i].notify,
				.orcpt = move_to(&at, e->rcpts[i].orcpt) };
	}
	if (e->verp.n > 0 && m->from.n > 0)
		make_verps(m, e->verp);
}

void
message_enter(struct message *m, enum message_state to)
{
	if ((message_edges[m->state] & TO(to)) == 0)
		bug("message %s: from state %d to %d", m->id, (int)m->state,
		    (int)to);
	if (m->state == MSG_COMMITTING)
		m->q->ledger.committing--;
	m->state = to;
}

void
message_ripe(struct message *m)
{
	if (!m->is_ripe) {
		m->is_ripe = true;
		TAILQ_INSERT_TAIL(&m->q->ripe, m, ripe);
	}
	qmgr_wake(m->q);
}

uint32_t
message_add(struct message *m, uint32_t parent, struct span address)
{
	uint32_t i = m->n;
	struct rcpt *r;

	if (m->n >= RCPTS_MESSAGE_MAX || m->q->rcpts >= RCPTS_MAX)
		return RCPT_NOBODY;
	if (m->n == m->size) {
		m->size = m->size < 8 ? 16 : m->size * 2;
		m->rcpts = xreallocarray(m->rcpts, m->size,
		    sizeof(m->rcpts[0]));
	}
	r = &m->rcpts[i];
	*r = (struct rcpt){ .root = m->rcpts[parent].root,
		.parent = parent, .child = RCPT_NOBODY,
		.same = RCPT_NOBODY, .next = RCPT_NOBODY };
	m->rcpts[parent].children++;
	m->rcpts[parent].child = i;
	r->address = r->to = message_keep(m, address);
	r->owner = m->rcpts[parent].owner;
	m->n++;
	m->q->rcpts++;
	m->count[RCPT_NEW]++;
	if (i < m->ask_from)
		m->ask_from = i;
	return i;
}

void
message_cut(struct message *m, uint32_t n)
{
	while (m->n > n) {
		struct rcpt *r = &m->rcpts[--m->n];

		m->count[r->state]--;
		m->q->rcpts--;
		m->rcpts[r->parent].children--;
		if (r->dest != NULL)
			schedule_unref(m->q->schedule, r->dest,
			    clock_mono_ms());
	}
}

void
rcpt_enter(struct message *m, uint32_t i, enum rcpt_state to)
{
	struct rcpt *r = &m->rcpts[i];

	if ((rcpt_edges[r->state] & TO(to)) == 0)
		bug("message %s: recipient from state %d to %d", m->id,
		    (int)r->state, (int)to);
	m->count[r->state]--;
	m->count[to]++;
	r->state = (uint8_t)to;
	if (to == RCPT_NEW && i < m->ask_from)
		m->ask_from = i;
}

struct span
rcpt_sender(const struct message *m, uint32_t i)
{
	/* Mail without a sender stays without: RFC 5321 4.5.5. */
	if (m->from.n > 0 && m->rcpts[i].owner.n > 0)
		return m->rcpts[i].owner;
	/* None that asks more of the host than its recipient does. */
	if (m->verps != NULL && m->verps[m->rcpts[i].root].n > 0 &&
	    (!intl_is_needed(m->verps[m->rcpts[i].root]) ||
	    intl_is_needed(m->from) || intl_is_needed(m->rcpts[i].to)))
		return m->verps[m->rcpts[i].root];
	return m->from;
}

bool
rcpt_descends(const struct message *m, uint32_t i, uint32_t j)
{
	/* A parent's number is always the smaller one. */
	while (i != RCPT_NOBODY && i > j)
		i = m->rcpts[i].parent;
	return i == j;
}

struct span
rcpt_original(const struct message *m, uint32_t i)
{
	return m->originals[m->rcpts[i].root];
}

uint32_t
message_under_way(const struct message *m)
{
	return m->n - m->count[RCPT_DONE] - m->count[RCPT_LATER] -
	    m->count[RCPT_NEVER] - m->count[RCPT_EXPANDED];
}

static int
log_open(struct message *m)
{
	struct qmgr *q = m->q;

	if (m->is_log_open)
		return 0;
	while (q->log_open_n >= LOG_FDS_MAX)
		log_close(TAILQ_FIRST(&q->log_open));
	m->log_fd = queue_open_log(&q->queue, m->place, m->id);
	if (m->log_fd < 0)
		return -1;
	m->is_log_open = true;
	TAILQ_INSERT_TAIL(&q->log_open, m, log_open);
	q->log_open_n++;
	return 0;
}

int
message_flush(struct message *m)
{
	if (m->log_pending.n == 0)
		return 0;
	/* At a place that we know: a part written before is written over. */
	if (log_open(m) != 0 || fd_pwrite_all(m->log_fd, m->log_pending.p,
	    m->log_pending.n, m->log_end) != 0) {
		log_error(LF_STR("event", "results-unwritten"),
		    LF_STR("id", m->id), LF_STR("why", strerror(errno)));
		return -1;
	}
	m->log_end += m->log_pending.n;
	buf_clear(&m->log_pending);
	return 0;
}

void
message_log_add(struct message *m, const struct queue_log *l)
{
	struct queue_log line = *l;

	line.time = clock_wall_s();
	if (m->log_torn) {
		m->log_torn = false;
		(void)buf_add_char(&m->log_pending, '\n');	/* has room */
	}
	if (m->log_pending.n > LOG_PENDING_FLUSH)
		(void)message_flush(m);		/* or with the next line */
	if (queue_log_put(&m->log_pending, &line) == 0)
		return;
	m->log_lost = true;
	log_error(LF_STR("event", "results-lost"), LF_STR("id", m->id),
	    LF_STR("kind", queue_log_name(l->kind)));
}

int
message_log(struct message *m, const struct queue_log *l)
{
	message_log_add(m, l);
	return message_flush(m);
}

struct syncing {
	struct message *m;
	void (*done)(struct message *m, bool ok, void *arg);
	void *arg;
};

static void
on_synced(bool ok, void *arg)
{
	struct syncing *s = arg;
	struct message *m = s->m;

	m->syncs--;
	if (s->done != NULL)
		s->done(m, ok, s->arg);
	message_ripe(m);
	free(s);
}

void
message_sync(struct message *m, void (*done)(struct message *m, bool ok,
    void *arg), void *arg)
{
	struct syncing *s = xcalloc(1, sizeof(*s));

	*s = (struct syncing){ m, done, arg };
	m->syncs++;
	m->unsynced = 0;
	/* A descriptor of -1 fails in its turn. */
	if (m->log_lost || message_flush(m) != 0 || log_open(m) != 0)
		sync_file(m->q->sync, -1, on_synced, s);
	else
		sync_file(m->q->sync, m->log_fd, on_synced, s);
}
