/*
 * job - see job.h.
 * A bundle is a list through the recipients themselves, so that a mailing to
 * 100,000 costs no memory beyond them.  Which recipients of a message go to the
 * same place is one hash table per message, made when a second one appears.
 */
#include "qmgr/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/clock.h"
#include "qmgr/pause.h"
#include "qmgr/result.h"

struct bundle {
	struct group	 g;
	TAILQ_ENTRY(bundle) next;
	struct message	*m;
	struct span	 sender;
	struct dest	*dest;		/* of the recipients, who refer to it */
	uint32_t	 first, last, n;	/* by rcpt.next */
};

void
job_free_route(void *data)
{
	free(data);
}

/* The words that make a route, in an order of their own, NUL between them. */
static void
route_key(struct buf *out, const struct target *t)
{
	/* All within out's cap. */
	(void)buf_addf(out, "%u", t->kind);
	if (t->kind == TARGET_REMOTE)
		(void)buf_addf(out, " %u %u %u %u %s%c%s%c%s", t->transport,
		    t->port, t->tls, t->generic, t->nexthop, 0, t->source,
		    0, t->auth);
	else if (t->kind == TARGET_PIPE)
		(void)buf_addf(out, " %s", t->nexthop);
	else
		(void)buf_addf(out, " %u %u %u %s%c%s%c%s", t->uid, t->gid,
		    t->system_user, t->user, 0, t->home, 0, t->maildir);
}

static char *
put(char *at, const char *text, struct span *out)
{
	*out = span_of(at, strlen(text));
	memcpy(at, text, out->n);
	return at + out->n;
}

static struct route *
route_new(const struct target *t)
{
	struct route *r = xcalloc(1, sizeof(*r) + strlen(t->user) +
	    strlen(t->home) + strlen(t->maildir) + strlen(t->nexthop) +
	    strlen(t->source) + strlen(t->auth));
	char *at = r->p;

	r->kind = t->kind;
	r->transport = t->transport;
	r->system_user = t->system_user;
	r->port = t->port;
	r->tls = t->tls;
	r->generic = t->generic;
	r->uid = t->uid;
	r->gid = t->gid;
	at = put(at, t->user, &r->user);
	at = put(at, t->home, &r->home);
	at = put(at, t->maildir, &r->maildir);
	at = put(at, t->nexthop, &r->nexthop);
	at = put(at, t->source, &r->source);
	(void)put(at, t->auth, &r->auth);
	return r;
}

static struct dest *
dest_of(struct qmgr *q, const struct target *t)
{
	static const enum schedule_class classes[] = {
		[TARGET_MAILBOX] = CLASS_LOCAL, [TARGET_REMOTE] = CLASS_OUT,
		[TARGET_PIPE] = CLASS_PIPE,
	};
	struct dest *d;
	struct buf key;

	buf_init(&key, 4 * KIB);
	route_key(&key, t);
	d = schedule_dest(q->schedule, classes[t->kind], buf_span(&key),
	    t->kind == TARGET_MAILBOX);
	buf_fini(&key);
	if (d != NULL && d->data == NULL)
		d->data = route_new(t);
	return d;
}

/* Two recipients with the same text go to the same place. */
static void
place_text(struct buf *out, unsigned kind, struct span to, struct span name)
{
	(void)buf_addf(out, "%u %.*s %.*s", kind, SPAN_ARG(to),
	    SPAN_ARG(name));	/* within out's cap */
}

static void
place_of(const struct message *m, uint32_t i, struct buf *out)
{
	const struct rcpt *r = &m->rcpts[i];
	const struct route *route = r->dest->data;

	place_text(out, route->kind, r->to, route->kind == TARGET_PIPE ?
	    route->nexthop : SPAN_NONE);
}

static void
targets_put(struct message *m, struct span text, uint32_t i)
{
	if (m->targets == NULL)
		m->targets = hash_new(RCPTS_MESSAGE_MAX * 2, m->q->seed);
	/* There already: whoever is there was first. */
	if (hash_put(m->targets, text, (void *)((uintptr_t)i + 1)) != 0)
		return;
}

void
job_remember(struct message *m, uint32_t i)
{
	static const unsigned kinds[] = { TARGET_MAILBOX, TARGET_REMOTE };
	struct buf text;

	buf_init(&text, 2 * KIB);
	if (m->rcpts[i].dest != NULL) {
		place_of(m, i, &text);
		targets_put(m, buf_span(&text), i);
	} else {
		/* Its route was not kept: it was one of these. */
		for (size_t k = 0; k < COUNT(kinds); k++) {
			buf_clear(&text);
			place_text(&text, kinds[k], m->rcpts[i].to,
			    SPAN_NONE);
			targets_put(m, buf_span(&text), i);
		}
	}
	buf_fini(&text);
}

/* Who goes to i's place in this message, or NOBODY; i does from now on. */
static uint32_t
first_there(struct message *m, uint32_t i)
{
	uintptr_t there = 0;
	struct buf text;

	if (m->n == 1)
		return RCPT_NOBODY;
	buf_init(&text, 2 * KIB);
	place_of(m, i, &text);
	if (m->targets != NULL)
		there = (uintptr_t)hash_get(m->targets, buf_span(&text));
	if (there == 0)
		targets_put(m, buf_span(&text), i);
	buf_fini(&text);
	return there == 0 || there - 1 == i ? RCPT_NOBODY :
	    (uint32_t)(there - 1);
}

static void
take_place(struct message *m, uint32_t i)
{
	struct buf text;

	buf_init(&text, 2 * KIB);
	place_of(m, i, &text);
	(void)hash_del(m->targets, buf_span(&text));	/* just a number */
	targets_put(m, buf_span(&text), i);
	buf_fini(&text);
}

void
job_join(struct message *m, uint32_t i)
{
	uint32_t j = first_there(m, i);
	struct outcome same = { .kind = RESULT_DONE, .esc = SPAN_LIT("2.0.0"),
		.text = SPAN_LIT("delivered with another recipient") };

	rcpt_enter(m, i, RCPT_ROUTED);
	if (j == RCPT_NOBODY)
		return;
	switch ((enum rcpt_state)m->rcpts[j].state) {
	case RCPT_DONE:
		if (result_in_circle(m, i, j))
			result_circle(m, i);
		else
			result_apply(m, i, &same);
		break;
	case RCPT_ROUTED:
	case RCPT_QUEUED:
	case RCPT_TRYING:
		rcpt_enter(m, i, RCPT_SAME);
		m->rcpts[i].same = m->rcpts[j].same;
		m->rcpts[j].same = i;
		break;
	default:		/* that one failed: this one tries itself */
		take_place(m, i);
		break;
	}
}

int
job_route(struct message *m, uint32_t i, const struct target *t)
{
	struct dest *d = dest_of(m->q, t);
	struct rcpt *r = &m->rcpts[i];

	if (d == NULL)
		return -1;
	if (r->dest != NULL)
		schedule_unref(m->q->schedule, r->dest, clock_mono_ms());
	r->dest = d;
	if (!span_eq_str(r->to, t->address))
		r->to = message_keep(m, span_str(t->address));
	if (!span_eq_str(r->owner, t->owner))
		r->owner = message_keep(m, span_str(t->owner));
	if (!span_eq_str(r->detail, t->detail))
		r->detail = message_keep(m, span_str(t->detail));
	return 0;
}

static struct bundle *
bundle_of(struct message *m, struct hash *by, uint32_t i)
{
	const struct rcpt *r = &m->rcpts[i];
	struct span sender = rcpt_sender(m, i);
	struct bundle *b;
	struct buf key;

	buf_init(&key, KIB);
	/* Within key's cap. */
	(void)buf_addf(&key, "%p %.*s", (void *)r->dest, SPAN_ARG(sender));
	b = hash_get(by, buf_span(&key));
	if (b == NULL) {
		b = xcalloc(1, sizeof(*b));
		b->m = m;
		b->sender = sender;
		b->dest = r->dest;
		b->first = b->last = RCPT_NOBODY;
		TAILQ_INSERT_TAIL(&m->bundles, b, next);
		if (hash_put(by, buf_span(&key), b) != 0)
			bug("as many bundles as recipients");
	}
	buf_fini(&key);
	return b;
}

static void
bundle_add(struct bundle *b, uint32_t i)
{
	struct message *m = b->m;

	rcpt_enter(m, i, RCPT_QUEUED);
	m->rcpts[i].next = RCPT_NOBODY;
	if (b->last == RCPT_NOBODY)
		b->first = i;
	else
		m->rcpts[b->last].next = i;
	b->last = i;
	b->n++;
}

static void
site_is_down(struct message *m, uint32_t i)
{
	result_own(m, i, RESULT_LATER, "4.4.1",
	    "nobody answered there a short while ago");
}

void
job_bundle(struct message *m)
{
	struct hash *by = hash_new(RCPTS_MESSAGE_MAX, m->q->seed);
	int64_t now_ms = clock_mono_ms();
	struct bundle *b;

	for (uint32_t i = 0; i < m->n && m->count[RCPT_ROUTED] > 0; i++) {
		if (m->rcpts[i].state != RCPT_ROUTED)
			continue;
		if (schedule_down(m->rcpts[i].dest, now_ms)) {
			site_is_down(m, i);
			continue;
		}
		if (pause_stops(m->q->pause, m->rcpts[i].dest->data)) {
			result_paused(m, i);
			continue;
		}
		bundle_add(bundle_of(m, by, i), i);
	}
	hash_free(&by, NULL);
	TAILQ_FOREACH(b, &m->bundles, next)
		if (b->g.dest == NULL && b->g.node.at == 0)
			schedule_add(m->q->schedule, &b->g, b->dest, &m->flow);
	qmgr_wake(m->q);
}

static void
bundle_free(struct bundle *b)
{
	TAILQ_REMOVE(&b->m->bundles, b, next);
	free(b);
}

static uint32_t
bundle_pop(struct bundle *b)
{
	uint32_t i = b->first;

	b->first = b->m->rcpts[i].next;
	b->n--;
	if (b->n == 0)
		b->last = RCPT_NOBODY;
	return i;
}

static struct bundle *
bundle_at(struct group *g)
{
	return (struct bundle *)(void *)((char *)g -
	    offsetof(struct bundle, g));
}

/* g: from the schedule, or NULL. */
static struct batch *
batch_of(struct qmgr *q, struct group *g)
{
	struct bundle *b;
	struct batch *j;

	if (g == NULL)
		return NULL;
	b = bundle_at(g);
	j = xcalloc(1, sizeof(*j));
	j->m = b->m;
	j->dest = schedule_ref(b->dest);
	j->m->jobs++;
	j->sender = b->sender;
	j->serial = ++q->job_serial;
	while (b->n > 0 && j->n < JOB_RCPTS_MAX) {
		uint32_t i = bundle_pop(b);

		rcpt_enter(j->m, i, RCPT_TRYING);
		j->m->rcpts[i].job = j->serial;
		j->rcpts[j->n++] = i;
	}
	j->left = j->n;
	if (b->n > 0)
		schedule_add(q->schedule, &b->g, b->dest, &b->m->flow);
	else
		bundle_free(b);
	return j;
}

struct batch *
job_take(struct qmgr *q, enum schedule_class cls)
{
	return batch_of(q, schedule_next(q->schedule, cls));
}

struct batch *
job_take_of(struct qmgr *q, struct dest *d)
{
	return batch_of(q, schedule_next_of(q->schedule, d));
}

bool
job_rows(const struct batch *j)
{
	return j->n == 1 && !j->m->rcpts[j->rcpts[0]].again;
}

struct batch *
job_take_along(struct qmgr *q, struct dest *d, uint64_t octets_max)
{
	struct group *g = schedule_first_of(d);
	struct bundle *b = g != NULL ? bundle_at(g) : NULL;

	if (b == NULL || b->n != 1 || b->m->rcpts[b->first].again ||
	    b->m->size_octets > octets_max)
		return NULL;
	return batch_of(q, schedule_along(q->schedule, d));
}

bool
job_has(const struct batch *j, uint32_t i)
{
	return i < j->m->n && j->m->rcpts[i].state == RCPT_TRYING &&
	    j->m->rcpts[i].job == j->serial;
}

/* Everybody who waits for that destination is put off. */
static void
drain(struct qmgr *q, struct dest *d,
    void (*put_off)(struct message *m, uint32_t i))
{
	struct group *g;
	struct bundle *b;

	while ((g = schedule_drain(q->schedule, d)) != NULL) {
		b = bundle_at(g);
		while (b->n > 0)
			put_off(b->m, bundle_pop(b));
		message_ripe(b->m);
		bundle_free(b);
	}
}

static void
pause_each(struct dest *d, void *ctx)
{
	struct qmgr *q = ctx;

	if (d->data != NULL && pause_stops(q->pause, d->data))
		drain(q, d, result_paused);
}

void
job_pause(struct qmgr *q)
{
	schedule_each(q->schedule, pause_each, q);
}

void
job_withdraw(struct message *m)
{
	struct bundle *b;

	while ((b = TAILQ_FIRST(&m->bundles)) != NULL) {
		schedule_remove(m->q->schedule, &b->g);
		while (b->n > 0)
			result_withdraw(m, bundle_pop(b));
		bundle_free(b);
	}
	for (uint32_t i = 0; i < m->n; i++)
		if (m->rcpts[i].state == RCPT_NEW ||
		    m->rcpts[i].state == RCPT_ROUTED)
			result_withdraw(m, i);
}

static void
job_free(struct batch **j, enum schedule_outcome how)
{
	struct qmgr *q = (*j)->m->q;
	struct dest *d = (*j)->dest;

	schedule_end(q->schedule, d, how, clock_mono_ms());
	if (how == SCHEDULE_DOWN)
		drain(q, d, site_is_down);
	(*j)->m->jobs--;
	message_ripe((*j)->m);
	schedule_unref(q->schedule, d, clock_mono_ms());
	free(*j);
	*j = NULL;
}

void
job_end(struct batch **j, bool site_down)
{
	for (uint32_t k = 0; k < (*j)->n && (*j)->left > 0; k++)
		if (job_has(*j, (*j)->rcpts[k]))
			result_receive((*j)->m, (*j)->rcpts[k],
			    &(struct outcome){ .kind = RESULT_LATER,
			    .esc = SPAN_LIT("4.3.0"),
			    .text = SPAN_LIT("the deliverer gave no result") });
	job_free(j, site_down ? SCHEDULE_DOWN :
	    (*j)->answered ? SCHEDULE_WELL : SCHEDULE_NEUTRAL);
}

void
job_lost(struct batch **j)
{
	struct message *m = (*j)->m;

	for (uint32_t k = 0; k < (*j)->n; k++) {
		uint32_t i = (*j)->rcpts[k];

		if (!job_has(*j, i))
			continue;
		if (m->rcpts[i].again) {
			result_own(m, i, RESULT_LATER, "4.3.0",
			    "the deliverer ended before it was done");
			continue;
		}
		m->rcpts[i].again = true;
		rcpt_enter(m, i, RCPT_ROUTED);
	}
	job_free(j, SCHEDULE_NEUTRAL);
}
