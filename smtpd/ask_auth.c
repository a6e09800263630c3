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

enum auth_result
ask_auth(struct session *s, const struct sasl *sasl)
{
	struct span user = span_of(sasl->user.p, sasl->user.n);
	struct auth_req ask = { .password_len = sasl->password.n };
	struct auth_rep rep;
	struct ipc_question q = { .type = &auth_req_type, .msg = &ask,
		.fd = -1, .answer = &auth_rep_type,
		.deadline_ms = clock_deadline(LIMIT_AUTH_MS) };
	struct why why;
	int rc;

	if (!nameable(user) || ask.password_len > sizeof(ask.password))
		return AUTH_WRONG;
	span_copy_cut(user, ask.user, sizeof(ask.user));
	span_copy_cut(span_str(s->client), ask.client, sizeof(ask.client));
	memcpy(ask.password, sasl->password.p, sasl->password.n);
	rc = ipc_call(&s->ch->authd, &q, &rep, NULL, &why);
	wipe(&ask, sizeof(ask));
	if (rc != 0) {
		log_warn(LF_STR("event", "auth-unavailable"),
		    LF_STR("session", s->id), LF_STR("why", why.text));
		return AUTH_TEMPORARY;
	}
	if (rep.result == AUTH_OK)
		span_copy_cut(span_str(rep.user), s->login, sizeof(s->login));
	return (enum auth_result)rep.result;
}
