/*
 * front_login.c - what a client asks of authd, and what comes of it.
 *
 * A login takes the connection along, so that authd can pass it on.  The
 * steps of an exchange do not; when it has ended well, a claim does.
 *
 * When authd's channel ends while it has a connection, nobody knows whether
 * the session has it already: it is closed here without a word, which is right
 * in both cases.  Where it had none the client is told to try again.
 */
#include "login/front_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/secret.h"
#include "daemon/tls_later.h"
#include "ipc/msg_refusal.h"
#include "ipc/msg_sign.h"
#include "os/clock.h"
#include "os/fd.h"

static struct span
request_key(const uint32_t *request)
{
	return span_of(request, sizeof(*request));
}

void
client_forget_login(struct front_client *c)
{
	if (c->login == NULL)
		return;
	wipe(c->login, sizeof(*c->login));
	free(c->login);
	c->login = NULL;
}

void
client_login_failed(struct front_client *c, enum auth_result result)
{
	c->front->proto->refused(c, result);
	/* One that was held off is a try as well, or it would cost nothing. */
	if ((result == AUTH_WRONG || result == AUTH_TEMPORARY) &&
	    ++c->logins >= FRONT_LOGINS_MAX)
		client_say_bye(c, "too many failed log-ins");
	else if (result == AUTH_BAD || result == AUTH_CANCELLED)
		front_error(c);
}

/* authd breaks with a front that asks more than it may (doc/ipc.md): clients,
   however many, must not bring that about. */
static bool
may_ask(struct front *f)
{
	int64_t now = clock_mono_ms();

	if (now - f->asks_since_ms >= 1000) {
		f->asks_since_ms = now;
		f->asks = 0;
	}
	return f->asks++ < FRONT_ASKS_MAX;
}

/* authd, with c noted as waiting for its answer; NULL: not now. */
static struct ipc_peer *
note_asked(struct front_client *c)
{
	struct front *f = c->front;
	struct ipc_peer *authd = ipc_server_peer(f->srv, ROLE_AUTHD);

	if (authd == NULL || !may_ask(f))
		return NULL;
	c->authd = authd;
	c->request = ++f->request;
	if (hash_put(f->asked, request_key(&c->request), c) != 0)
		return NULL;
	c->state = ASKED;
	(void)event_del(c->readable);
	return authd;
}

bool
client_question(struct front_client *c, const struct ipc_type *type,
    const void *msg)
{
	struct ipc_peer *authd = note_asked(c);

	if (authd == NULL)
		return false;
	c->lent = false;
	if (ipc_send(authd, type, c->request, msg, -1) == 0)
		return true;
	(void)hash_del(c->front->asked, request_key(&c->request));
	c->state = TALKING;
	if (event_add(c->readable, NULL) != 0)
		die(EXIT_OSERR, "cannot watch a client");
	return false;
}

/* Send a message with the connection; c is ASKED already. */
static void
lend(struct front_client *c, struct ipc_peer *authd,
    const struct ipc_type *type, const void *msg)
{
	int inner = client_inner(c);

	c->lent = true;
	if (inner < 0 || ipc_send(authd, type, c->request, msg, inner) != 0)
		client_say_bye(c, "login is not possible now");
	if (inner != c->conn.fd)
		fd_close(&inner);
}

/* What input() did not use up goes along with a login. */
static bool
fits_pending(struct front_client *c)
{
	if (c->in.n <= AUTH_PENDING_MAX)
		return true;
	client_say_bye(c, "too much input behind a login");
	return false;
}

void
client_ask(struct front_client *c)
{
	struct ipc_peer *authd;

	if (!fits_pending(c)) {
		client_forget_login(c);
		return;
	}
	memcpy(c->login->pending, c->in.p, c->in.n);
	c->login->pending_len = c->in.n;
	authd = note_asked(c);
	if (authd != NULL)
		lend(c, authd, &login_req_type, c->login);
	client_forget_login(c);
	if (authd == NULL)
		client_login_failed(c, AUTH_TEMPORARY);
}

/* The exchange ended well: its mailbox, please. */
static void
claim(struct front_client *c)
{
	struct login_claim msg = { .exchange = 0 };
	struct ipc_peer *authd;

	if (!fits_pending(c))
		return;
	client_sasl_claim(c, &msg);
	memcpy(msg.pending, c->in.p, c->in.n);
	msg.pending_len = c->in.n;
	authd = note_asked(c);
	if (authd != NULL) {
		lend(c, authd, &login_claim_type, &msg);
	} else {
		client_sasl_over(c);
		client_login_failed(c, AUTH_TEMPORARY);
	}
	wipe(&msg, sizeof(msg));
}

/* ----------------------------------------------------------------- answers */

/* Whom it is for; NULL: gone meanwhile, or not this peer's to answer. */
static struct front_client *
take_answer(const struct ipc_peer *peer, uint32_t request,
    enum verdict *verdict)
{
	struct front_client *c = hash_get(the_front->asked,
	    request_key(&request));

	*verdict = VERDICT_OK;
	if (c == NULL)
		return NULL;
	if (c->authd != peer) {
		*verdict = VERDICT_CLOSE;
		return NULL;
	}
	(void)hash_del(the_front->asked, request_key(&request));
	c->state = TALKING;
	return c;
}

/* The client has been answered; go on with it. */
static void
resume(struct front_client *c)
{
	if (c->state == TALKING && c->late)
		client_say_bye(c, "took too long to log in");
	if (c->state == TALKING && event_add(c->readable, NULL) != 0)
		die(EXIT_OSERR, "cannot watch a client");
	if (client_feed(c) && c->conn.tls != NULL)
		client_read(c);
}

static enum verdict
on_login_rep(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct login_rep *rep = msg->body;
	enum verdict verdict;
	struct front_client *c = take_answer(peer, msg->request, &verdict);

	(void)ctx;
	if (c == NULL)
		return verdict;
	client_sasl_over(c);
	if (rep->result == AUTH_OK) {
		client_relay(c);
		return VERDICT_OK;
	}
	fd_close(&c->inner);
	client_login_failed(c, (enum auth_result)rep->result);
	resume(c);
	return VERDICT_OK;
}

static enum verdict
on_sasl_rep(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct sasl_rep *rep = msg->body;
	enum verdict verdict;
	struct front_client *c = take_answer(peer, msg->request, &verdict);

	(void)ctx;
	if (c == NULL)
		return verdict;
	if (c->sasl == NULL)		/* a login was asked, not a step */
		return VERDICT_CLOSE;
	if (rep->result == AUTH_OK) {
		claim(c);
		if (c->state != ASKED)
			resume(c);
		return VERDICT_OK;
	}
	client_sasl_answer(c, rep);
	resume(c);
	return VERDICT_OK;
}

const struct ipc_rule front_rules[] = {
	{ ROLE_BIT(ROLE_AUTHD), &login_rep_type, 0, on_login_rep },
	{ ROLE_BIT(ROLE_AUTHD), &sasl_rep_type, 0, on_sasl_rep },
	{ ROLE_BIT(ROLE_KEYD), &sign_rep_type, 0, tls_later_on_signature },
	{ ROLE_BIT(ROLE_KEYD), &cert_rep_type, 0, tls_later_on_chain },
	{ ROLE_BIT(ROLE_KEYD), &refusal_type, 0, tls_later_on_refusal },
};
const size_t front_rules_n = COUNT(front_rules);

void
front_peer_closed(struct ipc_peer *peer, void *ctx)
{
	struct front_client *c, *after;

	(void)ctx;
	tls_later_closed(peer);
	if (the_front == NULL || ipc_peer_role(peer) != ROLE_AUTHD)
		return;
	for (c = LIST_FIRST(&the_front->clients); c != NULL; c = after) {
		after = LIST_NEXT(c, next);
		if (c->state != ASKED || c->authd != peer)
			continue;
		if (c->lent) {
			client_free(c);
			continue;
		}
		(void)hash_del(the_front->asked, request_key(&c->request));
		c->state = TALKING;
		c->authd = NULL;
		client_sasl_over(c);
		client_login_failed(c, AUTH_TEMPORARY);
		resume(c);
	}
}
