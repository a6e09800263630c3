/*
 * cmd_auth - AUTH on submission listeners.  PLAIN and LOGIN are taken apart
 * here, all other mechanisms by authd, to which the responses are carried.
 * Where a password would travel in the clear it is refused before it is asked
 * for.
 */
#include "base/b64.h"
#include "base/bug.h"
#include "base/log.h"
#include "base/secret.h"
#include "smtpd/ask_auth.h"
#include "smtpd/command.h"
#include "smtpd/reply.h"
#include "trust/sasl.h"

/* user: as the client said it, or empty where only authd knows */
static void
conclude(struct session *s, enum auth_result result, struct span user)
{
	switch (result) {
	case AUTH_OK:
		s->facts.logged_in = true;
		say(s, SAY_AUTH_OK);
		return;
	case AUTH_WRONG:
		s->count.auth_failures++;
		log_info(LF_STR("event", "auth-failed"),
		    LF_STR("session", s->id), LF_STR("client", s->client),
		    LF_SPAN("user", user));
		say(s, SAY_AUTH_WRONG);
		return;
	case AUTH_CANCELLED:
		say(s, SAY_AUTH_CANCELLED);
		return;
	case AUTH_BAD:
		say(s, SAY_AUTH_BAD);
		return;
	case AUTH_TEMPORARY:
	case AUTH_CHALLENGE:
		s->count.auth_failures++;	/* the same effort for authd */
		say(s, SAY_AUTH_LATER);
		return;
	}
}

/*
 * PLAIN and LOGIN: challenges and responses until there is a password.
 * returns  false: the line did not come, and the client knows
 */
static bool
password_exchange(struct session *s, struct span initial, struct sasl *sasl,
    enum sasl_result *result)
{
	const char *challenge = "";
	struct span line;

	*result = sasl_step(sasl, initial, &challenge);
	while (*result == SASL_MORE) {
		say_challenge(s, challenge);
		if (!session_line(s, SASL_LINE_MAX + 2, &line))
			return false;
		*result = sasl_step(sasl, line, &challenge);
	}
	return true;
}

static void
by_password(struct session *s, enum sasl_mech mech, struct span initial)
{
	enum sasl_result result;
	struct sasl sasl;

	sasl_begin(&sasl, mech);
	if (password_exchange(s, initial, &sasl, &result)) {
		if (result == SASL_DONE)
			conclude(s, ask_auth(s, &sasl),
			    span_of(sasl.user.p, sasl.user.n));
		else
			conclude(s, result == SASL_CANCELLED ?
			    AUTH_CANCELLED : AUTH_BAD, SPAN_NONE);
	}
	sasl_fini(&sasl);
}

/* The next response into text.  false: as above. */
static bool
ask_client(struct session *s, struct span challenge, struct buf *text,
    enum sasl_result *result)
{
	struct buf coded;
	struct span line;

	buf_init(&coded, 2 * AUTH_CHALLENGE_MAX);
	(void)b64_encode(&coded, challenge);	/* fits */
	say_challenge(s, buf_cstr(&coded));
	buf_fini(&coded);
	if (!session_line(s, SASL_LINE_MAX + 2, &line))
		return false;
	buf_clear(text);
	*result = sasl_response(line, false, text);
	return true;
}

/* text: room for the responses, the caller's to wipe */
static void
carry(struct session *s, const struct verb_cmd *cmd, enum sasl_mech mech,
    struct buf *text)
{
	enum sasl_result got = sasl_response(cmd->initial, true, text);
	enum auth_result result = AUTH_BAD;
	struct buf challenge;
	bool answered = true;

	buf_init(&challenge, AUTH_CHALLENGE_MAX);
	if (got == SASL_DONE)
		result = ask_sasl_begin(s, mech, cmd->initial.p == NULL ?
		    SPAN_NONE : span_of(text->p, text->n), &challenge);
	while (result == AUTH_CHALLENGE) {
		answered = ask_client(s, buf_span(&challenge), text, &got);
		if (answered && got == SASL_DONE) {
			result = ask_sasl_more(s, buf_span(text), &challenge);
			continue;
		}
		ask_sasl_end(s);
		result = got == SASL_CANCELLED ? AUTH_CANCELLED : AUTH_BAD;
	}
	if (answered)
		conclude(s, result, SPAN_NONE);
	buf_fini(&challenge);
}

void
cmd_auth(struct session *s, const struct verb_cmd *cmd)
{
	enum say what = policy_auth(&s->facts);
	enum sasl_mech mech;
	struct buf text;

	if (what != SAY_NOTHING) {
		say(s, what);
		return;
	}
	if (sasl_mech_parse(cmd->text, &mech) != 0 ||
	    (s->facts.mechanisms & SASL_BIT(mech)) == 0) {
		say(s, SAY_AUTH_MECHANISM);
		return;
	}
	if (sasl_is_password(mech)) {
		by_password(s, mech, cmd->initial);
		return;
	}
	buf_init(&text, AUTH_RESPONSE_MAX);
	if (buf_room(&text, AUTH_RESPONSE_MAX) == NULL)	/* never moves now */
		bug("sasl: no room");
	carry(s, cmd, mech, &text);
	wipe(text.p, text.size);
	buf_fini(&text);
}
