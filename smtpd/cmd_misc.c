/*
 * cmd_misc - the commands that change little: RSET, NOOP, VRFY, HELP, QUIT, and
 * XMAILQ.
 */
#include "os/fd.h"
#include "smtpd/child.h"
#include "smtpd/command.h"
#include "smtpd/reply.h"

void
cmd_rset(struct session *s, const struct verb_cmd *cmd)
{
	(void)cmd;
	session_reset(s);
	say(s, SAY_OK);
}

void
cmd_noop(struct session *s, const struct verb_cmd *cmd)
{
	(void)cmd;
	say(s, SAY_OK);
}

/* RFC 5321 7.3: 252 tells nobody who has a mailbox here. */
void
cmd_vrfy(struct session *s, const struct verb_cmd *cmd)
{
	(void)cmd;
	say(s, SAY_VRFY);
}

void
cmd_help(struct session *s, const struct verb_cmd *cmd)
{
	struct buf list;

	(void)cmd;
	buf_init(&list, 400);
	command_list(&s->facts, &list);
	say_text(s, 214, "2.0.0", "%s", buf_cstr(&list));
	buf_fini(&list);
}

/*
 * A user asks for his messages in the queue.  Whose they are the listener has
 * from the kernel; this process has no say in it.  From then on the connection
 * is qmgr's, who writes the list and ends it.
 */
void
cmd_mailq(struct session *s, const struct verb_cmd *cmd)
{
	char what = CHILD_MINE;

	(void)cmd;
	say(s, SAY_MAILQ_GO);
	if (stream_flush(&s->net) != STREAM_OK ||
	    fd_send(s->chan, &what, 1, s->net.fd) != 0)
		session_lost(s, "the queue cannot be asked");
	else
		session_enter(s, ST_END);
}

void
cmd_quit(struct session *s, const struct verb_cmd *cmd)
{
	(void)cmd;
	say(s, SAY_BYE);
	session_enter(s, ST_END);
}
