/*
 * ask_auth - see ask_auth.h.
 * The password is in this process for as long as the call lasts; authd knows
 * the rest, throttles and logs.
 */
#include "smtpd/ask_auth.h"

#include <string.h>

#include "base/log.h"
#include "os/clock.h"

/* What no message may carry is no user name that anybody has. */
static bool
nameable(struct span user)
{
	for (size_t i = 0; i < user.n; i++)
		if (ascii_iscntrl(user.p[i]))
			return false;
	return user.n > 0 && user.n <= AUTH_USER_MAX;
}

/* Ask; ask is wiped. */
static enum auth_result
call(struct session *s, struct ipc_question *q, void *ask, void *rep)
{
	struct why why;
	int rc;

	q->msg = ask;
	q->fd = -1;
	q->deadline_ms = clock_deadline(LIMIT_AUTH_MS);
	rc = ipc_call(&s->ch->authd, q, rep, NULL, &why);
	wipe(ask, q->type->size);
	if (rc == 0)
		return AUTH_OK;
	log_warn(LF_STR("event", "auth-unavailable"),
	    LF_STR("session", s->id), LF_STR("why", why.text));
	return AUTH_TEMPORARY;
}

enum auth_result
ask_auth(struct session *s, const struct sasl *sasl)
{
	struct span user = span_of(sasl->user.p, sasl->user.n);
	struct auth_req ask = { .password_len = sasl->password.n };
	struct auth_rep rep;
	struct ipc_question q = { .type = &auth_req_type,
		.answer = &auth_rep_type };

	if (!nameable(user) || ask.password_len > sizeof(ask.password))
		return AUTH_WRONG;
	span_copy_cut(user, ask.user, sizeof(ask.user));
	span_copy_cut(span_str(s->client), ask.client, sizeof(ask.client));
	memcpy(ask.session, s->id, sizeof(ask.session));
	memcpy(ask.password, sasl->password.p, sasl->password.n);
	if (call(s, &q, &ask, &rep) != AUTH_OK)
		return AUTH_TEMPORARY;
	if (rep.result == AUTH_OK)
		span_copy_cut(span_str(rep.user), s->login, sizeof(s->login));
	return (enum auth_result)rep.result;
}

/* One step of an exchange. */
static enum auth_result
ask_step(struct session *s, const struct ipc_type *type, void *ask,
    struct buf *challenge)
{
	struct ipc_question q = { .type = type, .answer = &sasl_rep_type };
	struct sasl_rep rep;

	buf_clear(challenge);
	if (call(s, &q, ask, &rep) != AUTH_OK)
		return AUTH_TEMPORARY;
	if (rep.result == AUTH_OK)
		span_copy_cut(span_str(rep.user), s->login, sizeof(s->login));
	(void)buf_add(challenge, rep.challenge, rep.challenge_len); /* fits */
	return (enum auth_result)rep.result;
}

enum auth_result
ask_sasl_begin(struct session *s, enum sasl_mech mech, struct span response,
    struct buf *challenge)
{
	const struct session_ties *ties = &s->ties;
	struct sasl_begin ask = { .exchange = ++s->exchange,
		.service = AUTH_SMTP, .mech = (uint8_t)mech,
		.exporter_len = ties->exporter_len,
		.end_point_len = ties->end_point_len,
		.initial = response.p != NULL, .response_len = response.n };

	if (response.n > sizeof(ask.response))
		return AUTH_BAD;
	memcpy(ask.exporter, ties->exporter, ties->exporter_len);
	memcpy(ask.end_point, ties->end_point, ties->end_point_len);
	memcpy(ask.certified, ties->certified, sizeof(ask.certified));
	memcpy(ask.session, s->id, sizeof(ask.session));
	span_copy_cut(span_str(s->client), ask.client, sizeof(ask.client));
	if (response.n > 0)
		memcpy(ask.response, response.p, response.n);
	return ask_step(s, &sasl_begin_type, &ask, challenge);
}

enum auth_result
ask_sasl_more(struct session *s, struct span response, struct buf *challenge)
{
	struct sasl_more ask = { .exchange = s->exchange,
		.response_len = response.n };

	if (response.n > sizeof(ask.response))
		return AUTH_BAD;
	if (response.n > 0)
		memcpy(ask.response, response.p, response.n);
	return ask_step(s, &sasl_more_type, &ask, challenge);
}

void
ask_sasl_end(struct session *s)
{
	struct sasl_end msg = { .exchange = s->exchange };
	struct why why;

	/* Its time ends it, too. */
	(void)!ipc_client_send(&s->ch->authd, &sasl_end_type, 0, &msg, -1,
	    &why);
}
