/*
 * orphan - see orphan.h.
 * Nobody says how many results are to come, so the first one leaves the
 * others a second.  A result for a message that is not in memory waits here:
 * the message is loaded for it.
 */
#include "qmgr/orphan.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "ipc/msg_deliver.h"
#include "os/clock.h"
#include "qmgr/limits.h"
#include "qmgr/load.h"
#include "qmgr/pass.h"
#include "qmgr/result.h"

struct came {			/* a result that waits for its message */
	TAILQ_ENTRY(came) next;
	struct orphan_result r;
};

struct child {
	TAILQ_ENTRY(child) next;
	char	id[ID_SIZE];
	int64_t	until_ms;
	TAILQ_HEAD(, came) came;
	size_t	came_n;
};

struct orphans {
	TAILQ_HEAD(, child) list;
	size_t n;
};

struct orphans *
orphans_new(void)
{
	struct orphans *o = xcalloc(1, sizeof(*o));

	TAILQ_INIT(&o->list);
	return o;
}

static struct child *
find(struct orphans *o, const char *id)
{
	struct child *c;

	TAILQ_FOREACH(c, &o->list, next)
		if (strcmp(c->id, id) == 0)
			return c;
	return NULL;
}

static void
child_free(struct orphans *o, struct child *c)
{
	struct came *r;

	while ((r = TAILQ_FIRST(&c->came)) != NULL) {
		TAILQ_REMOVE(&c->came, r, next);
		free(r);
	}
	TAILQ_REMOVE(&o->list, c, next);
	o->n--;
	free(c);
}

/* The results that came for it are its recipients' now. */
static void
hand_over(struct message *m, struct child *c)
{
	struct came *r;

	while ((r = TAILQ_FIRST(&c->came)) != NULL) {
		struct outcome o = { .kind = (enum result_kind)r->r.kind,
			.esc = span_str(r->r.esc),
			.text = span_str(r->r.text) };
		uint32_t i = r->r.index;

		if (i < m->n && (m->rcpts[i].state == RCPT_NEW ||
		    m->rcpts[i].state == RCPT_LATER) &&
		    o.kind != RESULT_LATER)
			result_apply(m, i, &o);
		TAILQ_REMOVE(&c->came, r, next);
		c->came_n--;
		free(r);
	}
}

void
orphan_gate(struct message *m)
{
	struct child *c = find(m->q->orphans, m->id);

	if (c == NULL) {
		pass_begin(m);
		return;
	}
	message_enter(m, MSG_ORPHANED);
	hand_over(m, c);
}

void
orphan_tick(struct qmgr *q, int64_t now_ms)
{
	struct child *c, *next;
	struct message *m;

	TAILQ_FOREACH_SAFE(c, &q->orphans->list, next, next) {
		if (c->until_ms > now_ms)
			continue;
		m = message_find(q, c->id);
		if (m != NULL && m->state == MSG_ORPHANED) {
			hand_over(m, c);
			pass_begin(m);
		}
		child_free(q->orphans, c);
	}
}

static struct child *
child_of(struct qmgr *q, const char *id)
{
	struct child *c = find(q->orphans, id);

	if (c == NULL && q->orphans->n < ORPHANS_MAX) {
		c = xcalloc(1, sizeof(*c));
		memcpy(c->id, id, ID_LEN);
		TAILQ_INIT(&c->came);
		c->until_ms = clock_mono_ms() + ORPHAN_MS;
		TAILQ_INSERT_TAIL(&q->orphans->list, c, next);
		q->orphans->n++;
	}
	return c;
}

enum verdict
orphan_on_orphan(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct orphan *o = msg->body;
	struct qmgr *q = ctx;

	(void)peer;
	if (!id_valid(span_str(o->id)))
		return VERDICT_CLOSE;
	if (child_of(q, o->id) != NULL)
		log_info(LF_STR("event", "orphan"), LF_STR("id", o->id));
	return VERDICT_OK;
}

enum verdict
orphan_on_result(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct orphan_result *r = msg->body;
	struct qmgr *q = ctx;
	struct message *m;
	struct child *c;
	struct came *w;

	(void)peer;
	if (!id_valid(span_str(r->id)))
		return VERDICT_CLOSE;
	c = child_of(q, r->id);
	m = message_find(q, r->id);
	/* A pass has begun: the duplicate is made already. */
	if (c == NULL || c->came_n >= JOB_RCPTS_MAX ||
	    (m != NULL && m->state != MSG_ORPHANED && m->state != MSG_LOADING))
		return VERDICT_OK;
	w = xcalloc(1, sizeof(*w));
	w->r = *r;
	TAILQ_INSERT_TAIL(&c->came, w, next);
	c->came_n++;
	c->until_ms = clock_mono_ms() + ORPHAN_AFTER_MS;
	if (m != NULL && m->state == MSG_ORPHANED)
		hand_over(m, c);
	else if (m == NULL) {
		load_begin(q, r->id, QUEUE_INCOMING);
		if (message_find(q, r->id) == NULL)
			load_begin(q, r->id, QUEUE_DEFERRED);
	}
	return VERDICT_OK;
}
