/*
 * result - see result.h.
 * Which order of losses is harmless: a result that is not in the log when the
 * power fails is a recipient that is tried again, at worst a duplicate; so
 * results are written at once, one line each (a kill -9 loses none), but
 * synced only every RESULTS_PER_SYNC.  The exception is a forward file: its
 * addresses must be on disk before the recipient counts as done, or they
 * would be lost with it.
 * The last result of a message that went well is never written: the file
 * is removed.
 */
#include "qmgr/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "os/clock.h"
#include "qmgr/job.h"
#include "qmgr/limits.h"
#include "qmgr/wish.h"

struct held {
	TAILQ_ENTRY(held) next;
	uint32_t       i;
	struct outcome o;	/* its texts in p */
	char	       p[];
};

static const char *const events[] = { "delivered", "deferred", "failed" };
static const enum queue_log_kind kinds[] = { QUEUE_LOG_DONE, QUEUE_LOG_LATER,
	QUEUE_LOG_NEVER };
static const enum rcpt_state states[] = { RCPT_DONE, RCPT_LATER, RCPT_NEVER };

uint32_t
result_reason(const struct message *m, struct span esc, struct span text)
{
	struct buf b;
	uint64_t h;

	buf_init(&b, KIB);
	(void)buf_add_span(&b, esc);	/* both within the cap */
	(void)buf_add_span(&b, text);
	h = siphash(m->q->seed, b.p, b.n);
	buf_fini(&b);
	return (uint32_t)h | 1;	/* 0: none yet */
}

/* Does this result have to be in the file? */
static bool
worth_a_line(struct message *m, uint32_t i, const struct outcome *o)
{
	uint32_t reason;

	switch (o->kind) {
	case RESULT_DONE:
		/* To be reported: what was said has to be known then. */
		if (!m->rcpts[i].reported && m->from.n > 0 &&
		    rcpt_notify(m, i, QUEUE_NOTIFY_SUCCESS))
			return true;
		return message_under_way(m) > 0 || m->count[RCPT_LATER] > 0 ||
		    m->count[RCPT_NEVER] > 0;
	case RESULT_LATER:
		reason = result_reason(m, o->esc, o->text);
		if (reason == m->rcpts[i].reason || m->log_end > LOG_LATER_MAX)
			return false;
		m->rcpts[i].reason = reason;
		return true;
	case RESULT_NEVER:
		break;
	}
	return true;
}

/* Left out of the line if there is none. */
static struct log_field
if_any(const char *key, struct span s)
{
	return (struct log_field){ .key = key, .span = s,
		.kind = s.n > 0 ? LOG_IS_SPAN : LOG_IS_STR };
}

static void
tell(const struct message *m, uint32_t i, const struct outcome *o)
{
	const struct rcpt *r = &m->rcpts[i];
	struct span original = rcpt_original(m, i);
	int64_t delay = clock_wall_s() - m->arrival;

	log_info(LF_STR("event", events[o->kind]), LF_STR("id", m->id),
	    LF_SPAN("rcpt", original), LF_SPAN("to", r->to),
	    LF_SPAN("status", o->esc), if_any("remote", o->remote),
	    LF_INT("delay", delay < 0 ? 0 : delay),
	    LF_SPAN(o->kind == RESULT_DONE ? "text" : "why", o->text));
}

static void
apply_one(struct message *m, uint32_t i, const struct outcome *o)
{
	struct queue_log line = { .kind = kinds[o->kind], .index = i,
		.address = m->rcpts[i].to, .esc = o->esc,
		.remote = o->remote, .text = o->text };

	rcpt_enter(m, i, states[o->kind]);
	m->rcpts[i].tried = true;
	m->rcpts[i].error = m->rcpts[i].dest == NULL ?
	    (struct retry_error){ .kind = RETRY_LOCAL } :
	    retry_error_of(o->esc, o->text, o->remote.n > 0);
	m->q->ledger.rcpts[o->kind]++;
	m->rcpts[i].forwarded = o->kind == RESULT_DONE &&
	    result_is_forward(o->esc, o->remote);
	m->rcpts[i].reported = o->kind == RESULT_DONE && o->told;
	tell(m, i, o);
	if (!worth_a_line(m, i, o))
		return;
	(void)message_log(m, &line);	/* what is not taken now is kept */
	if (++m->unsynced >= RESULTS_PER_SYNC)
		message_sync(m, NULL, NULL);
}

bool
result_is_forward(struct span esc, struct span remote)
{
	return remote.n == 0 && span_eq_str(esc, RESULT_ESC_FORWARDED);
}

bool
result_in_circle(const struct message *m, uint32_t i, uint32_t j)
{
	return m->rcpts[j].forwarded && rcpt_descends(m, i, j);
}

/* RFC 3463 3.5, X.4.6: routing loop detected */
static const struct outcome circle = { .kind = RESULT_NEVER,
	.esc = SPAN_LIT("5.4.6"),
	.text = SPAN_LIT("forward files lead in a circle") };

void
result_circle(struct message *m, uint32_t i)
{
	result_apply(m, i, &circle);
}

void
result_apply(struct message *m, uint32_t i, const struct outcome *o)
{
	uint32_t next, k = m->rcpts[i].same;

	m->rcpts[i].same = RCPT_NOBODY;
	apply_one(m, i, o);
	for (; k != RCPT_NOBODY; k = next) {
		next = m->rcpts[k].same;
		m->rcpts[k].same = RCPT_NOBODY;
		apply_one(m, k, result_in_circle(m, k, i) ? &circle : o);
	}
	message_ripe(m);
}

void
result_own(struct message *m, uint32_t i, enum result_kind kind,
    const char *esc, const char *text)
{
	struct outcome o = { .kind = kind, .esc = span_str(esc),
		.text = span_str(text) };

	result_apply(m, i, &o);
}

void
result_withdraw(struct message *m, uint32_t i)
{
	uint32_t next;

	for (; i != RCPT_NOBODY; i = next) {
		next = m->rcpts[i].same;
		m->rcpts[i].same = RCPT_NOBODY;
		rcpt_enter(m, i, RCPT_LATER);
		m->rcpts[i].tried = true;
	}
}

void
result_paused(struct message *m, uint32_t i)
{
	m->paused = true;
	/* RFC 3463 3.4, X.3.2: system not accepting network messages */
	result_own(m, i, RESULT_LATER, "4.3.2", "paused by the operator");
}

/*
 * Who has the address already, from an earlier try of this recipient or from
 * another forward file; or NOBODY.
 */
static uint32_t
forwarded_already(const struct message *m, uint32_t i, struct span address)
{
	for (uint32_t k = m->envelope_n; k < m->n; k++)
		if (m->rcpts[k].root == m->rcpts[i].root &&
		    span_eq(m->rcpts[k].address, address))
			return k;
	return RCPT_NOBODY;
}

void
result_forward(struct message *m, uint32_t i, struct span address)
{
	struct queue_log line = { .kind = QUEUE_LOG_FORWARD, .parent = i,
		.address = address };
	uint32_t k = forwarded_already(m, i, address);

	if (k != RCPT_NOBODY) {
		/* Else all would be done, and nobody would have the mail. */
		if (rcpt_descends(m, i, k))
			m->rcpts[i].circle = true;
		return;
	}
	line.index = RCPT_NOBODY;
	if (m->rcpts[i].forwards < JOB_FORWARDS_MAX)
		line.index = message_add(m, i, address);
	if (line.index == RCPT_NOBODY) {
		m->rcpts[i].too_many = true;
		return;
	}
	if (m->n == 2)
		job_remember(m, 0);	/* alone until now: job_join() did not */
	m->rcpts[i].forwards++;
	(void)message_log(m, &line);	/* the sync before DONE decides */
}

static void
on_forwards_synced(struct message *m, bool ok, void *arg)
{
	struct held *h = arg;

	TAILQ_REMOVE(&m->helds, h, next);
	m->rcpts[h->i].forwards = 0;
	if (ok)
		result_apply(m, h->i, &h->o);
	else
		result_own(m, h->i, RESULT_LATER, "4.3.0",
		    "forwarding could not be recorded");
	free(h);
}

static char *
keep(char *at, struct span *s)
{
	if (s->n > 0)
		memcpy(at, s->p, s->n);
	s->p = at;
	return at + s->n;
}

void
result_receive(struct message *m, uint32_t i, const struct outcome *o)
{
	struct held *h;
	char *at;

	if (m->rcpts[i].too_many) {
		result_own(m, i, RESULT_NEVER, "5.2.4",
		    "its forward file names too many addresses");
		return;
	}
	if (m->rcpts[i].circle && m->rcpts[i].forwards == 0 &&
	    o->kind == RESULT_DONE && result_is_forward(o->esc, o->remote)) {
		result_circle(m, i);
		return;
	}
	if (m->rcpts[i].forwards == 0) {
		result_apply(m, i, o);
		return;
	}
	h = xcalloc(1, sizeof(*h) + o->esc.n + o->text.n + o->remote.n);
	h->i = i;
	h->o = *o;
	at = keep(h->p, &h->o.esc);
	at = keep(at, &h->o.text);
	(void)keep(at, &h->o.remote);
	m->rcpts[i].job = 0;	/* no job's any more */
	TAILQ_INSERT_TAIL(&m->helds, h, next);
	message_sync(m, on_forwards_synced, h);
}
