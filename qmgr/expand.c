/*
 * expand - see expand.h; what is done with a complete answer is in
 * expand_answer.c.
 * Questions that are out stand in a table indexed by their request id, as many
 * as lookupd can answer without delay.  Messages take turns with a few
 * questions each, so that the 50,000 recipients of one do not stand before the
 * one of another.
 */
#include "qmgr/expand.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "ipc/msg_lookup.h"
#include "ipc/msg_refusal.h"
#include "os/clock.h"
#include "qmgr/expand_answer.h"
#include "qmgr/limits.h"
#include "qmgr/result.h"

_Static_assert((QUESTIONS_MAX & (QUESTIONS_MAX - 1)) == 0, "a power of two");

struct question {
	struct message *m;	/* NULL: free */
	struct ipc_peer *peer;	/* whose request id it is */
	uint32_t	i;	/* recipient */
	uint32_t	request;
	int64_t		asked_ms;
	struct answer	answer;
};

struct expand {
	struct qmgr	*q;
	struct messages	 asks;	/* with NEW recipients */
	size_t		 out, octets;
	struct question	 questions[QUESTIONS_MAX];
};

struct expand *
expand_new(struct qmgr *q)
{
	struct expand *e = xcalloc(1, sizeof(*e));

	e->q = q;
	TAILQ_INIT(&e->asks);
	return e;
}

void
expand_message(struct message *m)
{
	if (m->is_asking || m->count[RCPT_NEW] == 0)
		return;
	m->is_asking = true;
	TAILQ_INSERT_TAIL(&m->q->expand->asks, m, asks);
	qmgr_wake(m->q);
}

void
expand_forget(struct message *m)
{
	if (m->is_asking)
		TAILQ_REMOVE(&m->q->expand->asks, m, asks);
	m->is_asking = false;
}

/* The question is over; its recipient is the caller's to settle. */
static void
question_end(struct expand *e, struct question *k)
{
	e->octets -= k->answer.octets;
	answer_fini(&k->answer);
	k->m->asking--;
	message_ripe(k->m);
	expand_message(k->m);	/* it may have been waiting for this */
	k->m = NULL;
	e->out--;
}

/* The next NEW recipient, or NOBODY.  Linear over a pass. */
static uint32_t
next_new(struct message *m)
{
	while (m->ask_from < m->n && m->rcpts[m->ask_from].state != RCPT_NEW)
		m->ask_from++;
	return m->ask_from < m->n ? m->ask_from : RCPT_NOBODY;
}

/* false: no question can go out now. */
static bool
ask(struct expand *e, struct ipc_peer *peer, struct message *m)
{
	uint32_t i = next_new(m);
	uint32_t request = ipc_peer_request(peer);
	struct question *k = &e->questions[request & (QUESTIONS_MAX - 1)];
	struct resolve r = { .address = "" };
	struct span sender;

	if (i == RCPT_NOBODY)
		return true;
	if (k->m != NULL)
		return false;	/* that answer takes long; the next id may do */
	/* A list with an owner sends in the owner's name. */
	sender = m->from.n > 0 && m->rcpts[i].owner.n > 0 ?
	    m->rcpts[i].owner : m->from;
	rcpt_enter(m, i, RCPT_ASKED);
	if (span_copy(m->rcpts[i].address, r.address, sizeof(r.address)) != 0 ||
	    span_copy(sender, r.sender, sizeof(r.sender)) != 0 ||
	    ipc_send(peer, &resolve_type, request, &r, -1) != 0) {
		result_own(m, i, RESULT_LATER, "4.4.3",
		    "the address could not be looked up");
		return true;
	}
	*k = (struct question){ .m = m, .peer = peer, .i = i,
		.request = request, .asked_ms = clock_mono_ms() };
	answer_init(&k->answer);
	m->asking++;
	e->out++;
	return true;
}

void
expand_turn(struct qmgr *q)
{
	struct ipc_peer *peer = ipc_server_peer(q->server, ROLE_LOOKUPD);
	struct expand *e = q->expand;
	struct message *m;
	int blocked = 0;

	while (peer != NULL && (m = TAILQ_FIRST(&e->asks)) != NULL &&
	    e->out < QUESTIONS_MAX && blocked < QUESTIONS_MAX) {
		TAILQ_REMOVE(&e->asks, m, asks);
		m->is_asking = false;
		/* A few at once stay together; then the next message. */
		while (m->asking < QUESTIONS_MESSAGE_MAX &&
		    m->count[RCPT_NEW] > 0 && e->out < QUESTIONS_MAX &&
		    blocked < QUESTIONS_MAX)
			if (!ask(e, peer, m))
				blocked++;
		/* Else the end of one of its questions brings it back. */
		if (m->asking < QUESTIONS_MESSAGE_MAX)
			expand_message(m);
		if (blocked > 0)
			break;
	}
}

static struct question *
find(struct qmgr *q, const struct ipc_peer *peer, uint32_t request)
{
	struct question *k =
	    &q->expand->questions[request & (QUESTIONS_MAX - 1)];

	return k->m != NULL && k->peer == peer && k->request == request ?
	    k : NULL;
}

enum verdict
expand_on_target(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct qmgr *q = ctx;
	struct question *k = find(q, peer, msg->request);
	size_t before;

	if (k == NULL)
		return VERDICT_OK;	/* we gave it up */
	before = k->answer.octets;
	answer_add(&k->answer, msg->body,
	    EXPANSION_MEMORY - q->expand->octets);
	q->expand->octets += k->answer.octets - before;
	return VERDICT_OK;
}

enum verdict
expand_on_resolved(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct resolved *r = msg->body;
	struct qmgr *q = ctx;
	struct question *k = find(q, peer, msg->request);

	if (k == NULL)
		return VERDICT_OK;
	if (k->answer.full)
		result_own(k->m, k->i, RESULT_LATER, "4.3.1",
		    "too many expansions at once");
	else if (k->answer.n != r->count || r->count == 0)
		result_own(k->m, k->i, RESULT_LATER, "4.4.3",
		    "the address leads nowhere");
	else
		answer_use(&k->answer, k->m, k->i);
	question_end(q->expand, k);
	return VERDICT_OK;
}

enum verdict
expand_on_refusal(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct refusal *r = msg->body;
	struct qmgr *q = ctx;
	struct question *k = find(q, peer, msg->request);

	if (k == NULL)
		return VERDICT_OK;
	/* Trouble there is never the end of a message, whatever it says. */
	result_own(k->m, k->i, RESULT_LATER,
	    r->esc[0] == '4' ? r->esc : "4.4.3", r->text);
	question_end(q->expand, k);
	return VERDICT_OK;
}

void
expand_tick(struct qmgr *q, int64_t now_ms)
{
	struct question *k;

	for (size_t i = 0; i < QUESTIONS_MAX; i++) {
		k = &q->expand->questions[i];
		if (k->m == NULL || now_ms - k->asked_ms < QUESTION_MS)
			continue;
		result_own(k->m, k->i, RESULT_LATER, "4.4.3",
		    "looking up the address took too long");
		question_end(q->expand, k);
	}
}

void
expand_peer_gone(struct qmgr *q, const struct ipc_peer *peer)
{
	struct question *k;

	for (size_t i = 0; i < QUESTIONS_MAX; i++) {
		k = &q->expand->questions[i];
		if (k->m == NULL || k->peer != peer)
			continue;
		rcpt_enter(k->m, k->i, RCPT_NEW);
		question_end(q->expand, k);
	}
}
