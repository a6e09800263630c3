/*
 * cmd_auth - AUTH PLAIN and LOGIN on submission listeners.  Where the
 * password would travel in the clear it is refused before it is asked for.
 */
#include "base/log.h"
#include "smtpd/ask_auth.h"
#include "smtpd/command.h"
#include "smtpd/reply.h"
#include "trust/sasl.h"

static void
judge(struct session *s, const struct sasl *sasl)
{
	struct span user = span_of(sasl->user.p, sasl->user.n);

	switch (ask_auth(s, sasl)) {
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
	case AUTH_TEMPORARY:
		s->count.auth_failures++;	/* the same effort for authd */
		say(s, SAY_AUTH_LATER);
		return;
	}
}

/*
 * Challenges and responses until there is a result.
 * returns  false: the line did not come, and the client knows
 */
static bool
exchange(struct session *s, struct span initial, struct sasl *sasl,
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

void
cmd_auth(struct session *s, const struct verb_cmd *cmd)
{
	enum say what = policy_auth(&s->facts);
	enum sasl_result result;
	enum sasl_mech mech;
	struct sasl sasl;

	if (what != SAY_NOTHING) {
		say(s, what);
		return;
	}
	if (sasl_mech_parse(cmd->text, &mech) != 0) {
		say(s, SAY_AUTH_MECHANISM);
		return;
	}
	sasl_begin(&sasl, mech);
	if (exchange(s, cmd->initial, &sasl, &result)) {
		if (result == SASL_DONE)
			judge(s, &sasl);
		else
			say(s, result == SASL_CANCELLED ?
			    SAY_AUTH_CANCELLED : SAY_AUTH_BAD);
	}
	sasl_fini(&sasl);
}
