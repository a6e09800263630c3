/*
 * request.c - a login is a small object that lives from the question to the
 * answer: wait if the throttle says so, look up the account, have the password
 * judged beside the loop, then answer at once, or after the throttle's delay if
 * it was wrong.  Who has no account may be a user of the system: pamd is asked
 * then, if the settings say so.  An unknown
 * user takes the same way with a hash that nothing fits; and the delay counts
 * from the question, so that the time of the answer does not tell how long the
 * judgement took.
 *
 * The asker may end in the meantime: its logins are marked and die silently.
 */
#include "helpers/authd/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "helpers/authd/ask_pam.h"
#include "helpers/authd/grant.h"
#include "helpers/authd/request_priv.h"
#include "ipc/chan.h"
#include "ipc/msg_chan.h"
#include "ipc/msg_pam.h"
#include "os/clock.h"
#include "os/fd.h"

/* The bit of a service in app passwords is that of its number here. */
_Static_assert(ACCOUNT_SMTP == 1U << AUTH_SMTP && ACCOUNT_POP3 ==
    1U << AUTH_POP3 && ACCOUNT_IMAP == 1U << AUTH_IMAP, "services");

static LIST_HEAD(, login) logins = LIST_HEAD_INITIALIZER(logins);

static void
login_free(struct login *l)
{
	if (l->timer != NULL)
		event_free(l->timer);
	fd_close(&l->client);
	LIST_REMOVE(l, next);
	l->state->pending--;
	wipe(l->req.password, sizeof(l->req.password));
	free(l);
}

void
request_peer_closed(struct ipc_peer *peer, void *ctx)
{
	struct login *l;

	(void)ctx;
	LIST_FOREACH(l, &logins, next)
		if (l->peer == peer)
			l->peer = NULL;
	request_sasl_closed(peer);
	ask_pam_closed(peer);
}

void
request_lost(struct ipc_peer *peer, const struct ipc_type *type,
    uint32_t request, void *ctx)
{
	const struct login_rep rep = { .result = AUTH_TEMPORARY };

	(void)ctx;
	if (type == &login_req_type || type == &login_claim_type)
		(void)ipc_send(peer, &login_rep_type, request, &rep, -1);
}

/* ----------------------------------------------------------------- answers */

void
login_answer(struct login *l, enum auth_result result)
{
	struct auth_rep auth = { .result = (uint8_t)result };
	struct login_rep login = { .result = (uint8_t)result };
	struct sasl_rep sasl = { .result = (uint8_t)result };
	const struct ipc_type *const types[] = { [LOGIN_AUTH] = &auth_rep_type,
		[LOGIN_SESSION] = &login_rep_type,
		[LOGIN_SASL] = &sasl_rep_type };
	const void *const bodies[] = { [LOGIN_AUTH] = &auth,
		[LOGIN_SESSION] = &login, [LOGIN_SASL] = &sasl };

	if (result == AUTH_OK) {
		memcpy(auth.user, l->account.user, sizeof(auth.user));
		memcpy(sasl.user, l->account.user, sizeof(sasl.user));
	}
	if (l->peer != NULL)
		(void)ipc_send(l->peer, types[l->kind], l->request,
		    bodies[l->kind], -1);	/* else it is closing */
	login_free(l);
}

static void
on_delay_over(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	login_answer(ctx, AUTH_WRONG);
}

static const char *const services[] = { "smtp", "pop3", "imap" };

static void
log_login(const struct login *l, const char *event, const char *app,
    const char *why)
{
	log_info(LF_STR("event", event),
	    LF_STR("service", services[l->req.service]),
	    LF_STR("user", l->req.user), LF_STR("client", l->req.client),
	    LF_STR("session", l->req.session[0] != '\0' ? l->req.session :
	    NULL), LF_STR("mech", l->mech),
	    LF_STR("app", app[0] != '\0' ? app : NULL),
	    LF_STR("why", why));
}

struct gate_who
login_who(const struct login *l)
{
	return (struct gate_who){ .user = span_str(l->req.user),
		.client = span_str(l->req.client),
		.now_ms = clock_mono_ms(), .now_s = clock_wall_s(),
		.since_s = l->account.made_s };
}

/* then() from the loop, ms from now.  false: there is no timer. */
static bool
later(struct login *l, int64_t ms, event_callback_fn then)
{
	struct timeval delay = { .tv_sec = ms / 1000,
		.tv_usec = (ms % 1000) * 1000 };

	if (l->timer != NULL)
		event_free(l->timer);
	l->timer = evtimer_new(l->state->base, then, l);
	return l->timer != NULL && evtimer_add(l->timer, &delay) == 0;
}

/* Milliseconds from now to the answer. */
static int64_t
wait_ms(const struct login *l)
{
	struct gate_who who = login_who(l);
	int64_t until_ms = l->since_ms + gate_failed(&l->state->gate, &who);

	return until_ms > who.now_ms ? until_ms - who.now_ms : 0;
}

/* For the operator alone: the client hears the same for each of them. */
static const char *
why_refused(const struct login *l)
{
	if (l->mech == NULL)
		return l->known ? "wrong password" : "no such account";
	if (!span_starts(span_str(l->mech), SPAN_LIT("SCRAM-")))
		return NULL;		/* token-refused and the like say it */
	return l->known ? "wrong password" : "no account with keys for it";
}

void
login_refuse(struct login *l)
{
	int64_t ms = wait_ms(l);

	log_login(l, "login-refused", "", why_refused(l));
	fd_close(&l->client);
	wipe(l->req.password, sizeof(l->req.password));
	if (!later(l, ms, on_delay_over))
		login_answer(l, AUTH_WRONG);
}

void
login_accept(struct login *l, const char *app)
{
	struct gate_who who = login_who(l);

	gate_passed(&l->state->gate, &who, l->account.user,
	    services[l->req.service], app);
	if (l->peer == NULL) {		/* the asker is gone */
		login_free(l);
		return;
	}
	if (l->kind == LOGIN_SESSION && grant_session(l->state->srv, &l->req,
	    &l->account, l->client) != 0) {
		log_login(l, "login-no-session-parent", app, NULL);
		login_answer(l, AUTH_TEMPORARY);
		return;
	}
	log_login(l, "login-accepted", app, NULL);
	login_answer(l, AUTH_OK);
}

static void
on_pam(enum proof_result result, const struct account *account, void *ctx)
{
	struct login *l = ctx;

	if (result == PROOF_UNKNOWN) {
		login_answer(l, AUTH_TEMPORARY);
	} else if (result == PROOF_HOLDS) {
		l->known = true;
		l->account = *account;
		login_accept(l, "");
	} else {
		login_refuse(l);
	}
}

/*
 * Without its domain the name may be that of an account, locked perhaps, and
 * then it is nobody else's.
 */
static void
ask_system(struct login *l, const char *name)
{
	struct why why;

	switch (users_find(&l->state->users, span_str(name), &l->account,
	    &why)) {
	case MAP_ABSENT:
		ask_pam(l->state->srv, &(struct ask_pam_try){ .name = name,
		    .password = span_of(l->req.password, l->req.password_len),
		    .client = l->req.client }, on_pam, l);
		return;
	case MAP_FOUND:
		login_refuse(l);
		return;
	case MAP_FAILED:
		login_answer(l, AUTH_TEMPORARY);
		return;
	}
}

static void
on_judged(enum proof_result result, const char *app, void *ctx)
{
	struct login *l = ctx;
	char name[PAM_NAME_MAX + 1];

	if (result == PROOF_UNKNOWN) {
		login_answer(l, AUTH_TEMPORARY);
	} else if (result == PROOF_HOLDS && l->known) {
		login_accept(l, app);
	} else if (!l->known && l->state->pam_host != NULL &&
	    ask_pam_name(span_str(l->req.user), l->state->pam_host, name,
	    sizeof(name))) {
		ask_system(l, name);
	} else {
		login_refuse(l);
	}
}

/* --------------------------------------------------------------- questions */

struct login *
login_new(struct request_state *s, struct ipc_peer *peer, uint32_t request,
    enum login_kind kind)
{
	struct login *l = xcalloc(1, sizeof(*l));

	l->state = s;
	l->peer = peer;
	l->request = request;
	l->kind = kind;
	l->client = -1;
	l->since_ms = clock_mono_ms();
	LIST_INSERT_HEAD(&logins, l, next);
	s->pending++;
	return l;
}

static void
judge(struct login *l)
{
	struct request_state *s = l->state;
	struct proof_try try = { .service = 1U << l->req.service,
		.password = span_of(l->req.password, l->req.password_len),
		.client = span_str(l->req.client), .known = l->seen };
	struct why why;

	switch (users_find(&s->users, span_str(l->req.user), &l->account,
	    &why)) {
	case MAP_FOUND:
		l->known = true;
		try.account = &l->account;
		break;
	case MAP_ABSENT:
		break;
	case MAP_FAILED:
		log_error(LF_STR("event", "login-impossible"),
		    LF_STR("user", l->req.user), LF_STR("why", why.text));
		login_answer(l, AUTH_TEMPORARY);
		return;
	}
	proof_ask(s->proof, &try, on_judged, l);
}

static void
on_turn(evutil_socket_t fd, short what, void *ctx)
{
	struct login *l = ctx;

	(void)fd;
	(void)what;
	if (l->peer == NULL)		/* the asker is gone */
		login_free(l);
	else
		judge(l);
}

/* How soon; milliseconds, or -1: not now. */
static int64_t
admit(struct login *l)
{
	struct gate_who who;
	struct why why;

	if (l->state->pending > REQUEST_PENDING_MAX)
		return -1;
	/* Since when the name is whose it is; the judgement looks again. */
	(void)!users_find(&l->state->users, span_str(l->req.user),
	    &l->account, &why);
	who = login_who(l);
	return gate_before(&l->state->gate, &who, &l->seen);
}

static void
begin(struct login *l)
{
	int64_t ms = admit(l);

	if (!l->seen && l->state->pending > REQUEST_STRANGERS_MAX)
		ms = -1;
	if (ms == 0) {
		judge(l);
	} else if (ms < 0 || !later(l, ms, on_turn)) {
		log_login(l, "login-held-off", "", "too many failures");
		login_answer(l, AUTH_TEMPORARY);
	}
}

/* AUTH PLAIN and LOGIN of SMTP: the session is served where it is. */
static enum verdict
on_auth(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct auth_req *q = msg->body;
	struct login *l = login_new(ctx, peer, msg->request, LOGIN_AUTH);

	l->req.service = AUTH_SMTP;
	memcpy(l->req.user, q->user, sizeof(l->req.user));
	memcpy(l->req.client, q->client, sizeof(l->req.client));
	memcpy(l->req.session, q->session, sizeof(l->req.session));
	memcpy(l->req.password, q->password, q->password_len);
	l->req.password_len = q->password_len;
	begin(l);
	return VERDICT_OK;
}

static enum verdict
on_login(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct login_req *q = msg->body;
	enum role role = ipc_peer_role(peer);
	struct login *l;

	/* A front speaks for its own service only. */
	if (q->service != (role == ROLE_POP3_FRONT ? AUTH_POP3 : AUTH_IMAP))
		return VERDICT_CLOSE;
	l = login_new(ctx, peer, msg->request, LOGIN_SESSION);
	l->req = *q;
	l->client = *msg->fd;
	*msg->fd = -1;
	begin(l);
	return VERDICT_OK;
}

#define FRONTS	(ROLE_BIT(ROLE_POP3_FRONT) | ROLE_BIT(ROLE_IMAP_FRONT))

const struct ipc_rule request_rules[] = {
	CHAN_RULE(ROLE_BIT(ROLE_SMTPD)),
	{ ROLE_BIT(ROLE_SMTPD_SESSION), &auth_req_type, 10, on_auth },
	{ FRONTS, &login_req_type, 5000, on_login },
	{ ROLE_BIT(ROLE_SMTPD_SESSION), &sasl_begin_type, 20,
	    request_sasl_begin },
	{ FRONTS, &sasl_begin_type, 5000, request_sasl_begin },
	{ ROLE_BIT(ROLE_SMTPD_SESSION) | FRONTS, &sasl_more_type, 10000,
	    request_sasl_more },
	{ ROLE_BIT(ROLE_SMTPD_SESSION) | FRONTS, &sasl_end_type, 10000,
	    request_sasl_end },
	{ ROLE_BIT(ROLE_PAMD), &pam_rep_type, 0, ask_pam_answered },
	{ FRONTS, &login_claim_type, 5000, request_claim },
};
const size_t request_rules_n = COUNT(request_rules);
