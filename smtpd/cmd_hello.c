/*
 * cmd_hello - EHLO, HELO and LHLO.  The name is kept for logs and the trace
 * field and decides nothing (RFC 5321 4.1.4).
 */
#include "smtpd/command.h"
#include "smtpd/reply.h"

static void
hello(struct session *s, const struct verb_cmd *cmd, enum received_how how)
{
	/* RFC 5321 4.1.4: as if RSET had been said. */
	session_reset(s);
	span_copy_cut(cmd->text, s->helo, sizeof(s->helo));
	s->how = s->facts.kind == LISTENER_LOCAL ? RECEIVED_LOCAL : how;
	session_enter(s, ST_READY);
}

void
cmd_ehlo(struct session *s, const struct verb_cmd *cmd)
{
	hello(s, cmd, RECEIVED_ESMTP);
	say_ehlo(s, session_caps(s));
}

void
cmd_helo(struct session *s, const struct verb_cmd *cmd)
{
	hello(s, cmd, RECEIVED_SMTP);
	say_text(s, 250, NULL, "%s", s->set->hostname);
}

void
cmd_lhlo(struct session *s, const struct verb_cmd *cmd)
{
	hello(s, cmd, RECEIVED_LMTP);
	say_ehlo(s, session_caps(s));
}
