/*
 * request_sasl.c - exchanges and who has them.  Each belongs to one peer and
 * has that peer's number; a step is answered at once, but for the last one
 * that was wrong, which becomes a login and waits as any wrong password does.
 * A session of smtpd has one at a time, a front as many as it has clients
 * (bounded); each is forgotten when its time is over.
 *
 * What a front has been told AUTH_OK for stays until it claims the mailbox,
 * or its time is over.  A claim names the exchange, never an account.
 */
#include "helpers/authd/request_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/secret.h"
#include "helpers/authd/exchange.h"
#include "os/clock.h"
#include "trust/sasl.h"

struct entry {
	LIST_ENTRY(entry) next;
	struct request_state *state;
	struct ipc_peer *peer;
	uint32_t number;
	struct exchange *x;
	bool	 accepted;
	bool	 gated;		/* the throttle has been asked */
	struct event *timer;
	struct event *hold;	/* until the first challenge is said */
	uint32_t held_request;
	uint8_t	 held[AUTH_CHALLENGE_MAX];
	size_t	 held_n;
};

static struct {
	LIST_HEAD(, entry) list;
	struct hash *by_key;
	size_t n;
} all;

struct key {
	const struct ipc_peer *peer;
	uint64_t number;	/* no padding */
};

static struct entry *
find(const struct ipc_peer *peer, uint32_t number)
{
	const struct key key = { peer, number };

	return all.by_key == NULL ? NULL :
	    hash_get(all.by_key, span_of(&key, sizeof(key)));
}

/* How many a peer has: the pointer that the server keeps is the number. */
static size_t
held(const struct ipc_peer *peer)
{
	return (size_t)(uintptr_t)ipc_peer_get(peer);
}

static void
hold(struct ipc_peer *peer, size_t n)
{
	ipc_peer_set(peer, (void *)(uintptr_t)n);
}

static void
entry_free(struct entry *e)
{
	const struct key key = { e->peer, e->number };

	(void)hash_del(all.by_key, span_of(&key, sizeof(key)));
	hold(e->peer, held(e->peer) - 1);
	LIST_REMOVE(e, next);
	all.n--;
	event_free(e->timer);
	if (e->hold != NULL)
		event_free(e->hold);
	exchange_free(&e->x);
	free(e);
}

void
request_sasl_closed(struct ipc_peer *peer)
{
	struct entry *e, *after;

	for (e = LIST_FIRST(&all.list); e != NULL && held(peer) > 0;
	    e = after) {
		after = LIST_NEXT(e, next);
		if (e->peer == peer)
			entry_free(e);
	}
}

static void
on_time_over(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	entry_free(ctx);
}

/* NULL: there are too many. */
static struct entry *
entry_new(struct request_state *s, struct ipc_peer *peer,
    const struct sasl_begin *begin)
{
	const struct timeval limit = { .tv_sec = REQUEST_EXCHANGE_S };
	const struct key key = { peer, begin->exchange };
	struct entry *e;

	if (all.n >= REQUEST_EXCHANGES_MAX ||
	    held(peer) >= REQUEST_EXCHANGES_PEER)
		return NULL;
	if (all.by_key == NULL)
		all.by_key = hash_new(REQUEST_EXCHANGES_MAX,
		    s->world.secret);
	e = xcalloc(1, sizeof(*e));
	e->state = s;
	e->peer = peer;
	e->number = begin->exchange;
	e->timer = evtimer_new(s->base, on_time_over, e);
	if (e->timer == NULL || evtimer_add(e->timer, &limit) != 0 ||
	    hash_put(all.by_key, span_of(&key, sizeof(key)), e) != 0)
		die(EXIT_OSERR, "no room for an exchange");
	e->x = exchange_new(&s->world, begin);
	LIST_INSERT_HEAD(&all.list, e, next);
	all.n++;
	hold(peer, held(peer) + 1);
	return e;
}

/* ------------------------------------------------------------------- steps */

static void
say(struct ipc_peer *peer, uint32_t request, enum auth_result result,
    struct span challenge)
{
	struct sasl_rep rep = { .result = (uint8_t)result };

	memcpy(rep.challenge, challenge.p, challenge.n);
	rep.challenge_len = challenge.n;
	(void)ipc_send(peer, &sasl_rep_type, request, &rep,
	    -1);	/* a peer that cannot take it is closing */
}

/* A login in whose name the exchange goes on. */
static struct login *
become_login(const struct entry *e, uint32_t request, enum login_kind kind)
{
	const struct sasl_begin *f = exchange_facts(e->x);
	struct login *l = login_new(e->state, e->peer, request, kind);

	l->req.service = f->service;
	l->mech = sasl_mech_name((enum sasl_mech)f->mech);
	memcpy(l->req.client, f->client, sizeof(l->req.client));
	memcpy(l->req.session, f->session, sizeof(l->req.session));
	span_copy_cut(span_str(exchange_user(e->x)), l->req.user,
	    sizeof(l->req.user));
	l->account.made_s = exchange_account(e->x)->made_s;
	return l;
}

/* It has come to an end; e is gone, unless a claim is still to come. */
static void
conclude(struct entry *e, uint32_t request, enum auth_result result)
{
	struct login *l;

	if (result == AUTH_OK && ipc_peer_role(e->peer) !=
	    ROLE_SMTPD_SESSION) {
		e->accepted = true;
		say(e->peer, request, AUTH_OK, SPAN_LIT(""));
		return;
	}
	l = become_login(e, request, LOGIN_SASL);
	if (result == AUTH_OK) {
		l->account = *exchange_account(e->x);
		l->known = true;
	}
	if (result == AUTH_WRONG)
		l->known = exchange_known(e->x);
	entry_free(e);
	if (result == AUTH_OK)
		login_accept(l, "");
	else if (result == AUTH_WRONG)
		login_refuse(l);
	else
		login_answer(l, result);
}

static void
on_hold_over(evutil_socket_t fd, short what, void *ctx)
{
	struct entry *e = ctx;

	(void)fd;
	(void)what;
	event_free(e->hold);
	e->hold = NULL;
	say(e->peer, e->held_request, AUTH_CHALLENGE,
	    span_of(e->held, e->held_n));
}

static void
say_later(struct entry *e, uint32_t request, struct span challenge,
    int64_t ms)
{
	const struct timeval delay = { .tv_sec = ms / 1000,
		.tv_usec = (ms % 1000) * 1000 };

	e->held_request = request;
	e->held_n = challenge.n;
	memcpy(e->held, challenge.p, challenge.n);
	e->hold = evtimer_new(e->state->base, on_hold_over, e);
	if (e->hold == NULL || evtimer_add(e->hold, &delay) != 0)
		die(EXIT_OSERR, "no timer");
}

/* Once it is said who wants to log in, the throttle has a word. */
static int64_t
hold_ms(struct entry *e)
{
	const struct sasl_begin *f = exchange_facts(e->x);
	struct gate_who who = { .user = span_str(exchange_user(e->x)),
		.client = span_str(f->client), .now_ms = clock_mono_ms(),
		.now_s = clock_wall_s(),
		.since_s = exchange_account(e->x)->made_s };
	bool seen;

	if (e->gated || who.user.n == 0)
		return 0;
	e->gated = true;
	return gate_before(&e->state->gate, &who, &seen);
}

static void
challenge_on(struct entry *e, uint32_t request, struct span challenge)
{
	int64_t ms = hold_ms(e);

	if (ms < 0)
		conclude(e, request, AUTH_TEMPORARY);
	else if (ms > 0)
		say_later(e, request, challenge, ms);
	else
		say(e->peer, request, AUTH_CHALLENGE, challenge);
}

static void
step(struct entry *e, uint32_t request, struct span response)
{
	enum auth_result result;
	struct buf challenge;

	buf_init(&challenge, AUTH_CHALLENGE_MAX);
	result = exchange_step(e->x, response, &challenge);
	if (challenge.full)
		result = AUTH_BAD;	/* it said more than we can repeat */
	if (result == AUTH_CHALLENGE)
		challenge_on(e, request, challenge.p == NULL ?
		    SPAN_LIT("") : buf_span(&challenge));
	else
		conclude(e, request, result);
	buf_fini(&challenge);
}

static bool
serves(const struct ipc_peer *peer, uint8_t service)
{
	switch (ipc_peer_role(peer)) {
	case ROLE_SMTPD_SESSION:
		return service == AUTH_SMTP;
	case ROLE_POP3_FRONT:
		return service == AUTH_POP3;
	default:
		return service == AUTH_IMAP;
	}
}

enum verdict
request_sasl_begin(struct ipc_peer *peer, const struct ipc_msg *msg,
    void *ctx)
{
	const struct sasl_begin *q = msg->body;
	struct request_state *s = ctx;
	struct entry *e;

	if (ipc_peer_role(peer) == ROLE_SMTPD_SESSION)
		request_sasl_closed(peer);	/* one at a time */
	/* Everybody speaks for its own service only, and with new numbers. */
	if (!serves(peer, q->service) || find(peer, q->exchange) != NULL)
		return VERDICT_CLOSE;
	e = s->pending > REQUEST_PENDING_MAX ? NULL : entry_new(s, peer, q);
	if (e == NULL)
		say(peer, msg->request, AUTH_TEMPORARY, SPAN_LIT(""));
	else
		step(e, msg->request, q->initial == 0 ? SPAN_NONE :
		    span_of(q->response, q->response_len));
	return VERDICT_OK;
}

enum verdict
request_sasl_more(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct sasl_more *q = msg->body;
	struct entry *e = find(peer, q->exchange);

	(void)ctx;
	if (e == NULL)			/* its time is over, or we are new */
		say(peer, msg->request, AUTH_TEMPORARY, SPAN_LIT(""));
	else if (e->accepted || e->hold != NULL)
		return VERDICT_CLOSE;
	else
		step(e, msg->request, span_of(q->response, q->response_len));
	return VERDICT_OK;
}

enum verdict
request_sasl_end(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct sasl_end *q = msg->body;
	struct entry *e = find(peer, q->exchange);

	(void)ctx;
	if (e != NULL)			/* else its time was over already */
		entry_free(e);
	return VERDICT_OK;
}

enum verdict
request_claim(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct login_claim *q = msg->body;
	struct entry *e = find(peer, q->exchange);
	struct login *l;

	if (e != NULL && !e->accepted)
		return VERDICT_CLOSE;	/* nobody has proven anything */
	if (e == NULL) {
		l = login_new(ctx, peer, msg->request, LOGIN_SESSION);
		login_answer(l, AUTH_TEMPORARY);
		return VERDICT_OK;
	}
	l = become_login(e, msg->request, LOGIN_SESSION);
	l->account = *exchange_account(e->x);
	l->known = true;
	memcpy(l->req.tag, q->tag, sizeof(l->req.tag));
	memcpy(l->req.pending, q->pending, q->pending_len);
	l->req.pending_len = q->pending_len;
	l->client = *msg->fd;
	*msg->fd = -1;
	entry_free(e);
	login_accept(l, "");
	return VERDICT_OK;
}
