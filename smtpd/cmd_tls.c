/*
 * cmd_tls - STARTTLS (RFC 3207).  What a client sent behind the command, and
 * before it had our answer, would count as if it came under TLS: such a client
 * is no client, or somebody stands in between, and the connection ends.
 */
#include "daemon/tls_signer.h"
#include "smtpd/command.h"
#include "smtpd/reply.h"

void
cmd_starttls(struct session *s, const struct verb_cmd *cmd)
{
	enum say what = policy_tls(&s->facts, tls_signer_ready());

	(void)cmd;
	if (what != SAY_NOTHING) {
		say(s, what);
		return;
	}
	if (!stream_idle(&s->net)) {
		session_bye(s, SAY_TLS_EARLY);
		return;
	}
	say(s, SAY_TLS_GO);
	if (stream_flush(&s->net) != STREAM_OK)
		session_lost(s, "connection broke");
	else if (session_tls(s))
		session_reset(s);
}
