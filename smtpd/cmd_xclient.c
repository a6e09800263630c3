/*
 * cmd_xclient - XCLIENT and XFORWARD, of the hosts in xclient_hosts alone.
 * XCLIENT makes the session that of another client, as if that one had just
 * connected: every rule goes by it from then on, that of XCLIENT among them (a
 * proxy that only passes octets on passes on this command as well), and what
 * the host before it has proven does not count.  XFORWARD only tells the log
 * whose the next message is.
 */
#include "smtp/xclient.h"

#include "base/log.h"
#include "smtpd/ask_tally.h"
#include "smtpd/command.h"
#include "smtpd/reply.h"

/* Everything is looked at before anything is changed. */
static bool
acceptable(const struct session *s, const struct xclient *x,
    struct sock_addr *a)
{
	*a = s->peer;
	if (x->addr[0] != '\0' && sock_parse_ip(span_str(x->addr), a) != 0)
		return false;
	a->port = (x->given & XCLIENT_PORT) != 0 ? x->port : s->peer.port;
	/* Elsewhere a name would open what no log-in can open. */
	return x->login[0] == '\0' || s->facts.kind == LISTENER_SUBMISSION;
}

void
cmd_xclient(struct session *s, const struct verb_cmd *cmd)
{
	struct sock_addr client;
	struct xclient x;
	enum say what;

	if (xclient_parse(cmd->text, XCLIENT_OF_XCLIENT, &x) != 0 ||
	    !acceptable(s, &x, &client)) {
		say(s, SAY_XCLIENT_BAD);
		return;
	}
	log_info(LF_STR("event", "xclient"), LF_STR("session", s->id),
	    LF_STR("client", s->client), LF_STR("origin",
	    x.addr[0] != '\0' ? x.addr : NULL),
	    LF_STR("user", x.login[0] != '\0' ? x.login : NULL));
	session_reset(s);
	s->behind = true;
	session_forget_client(s);
	session_is_from(s, &client);
	if ((x.given & XCLIENT_ADDR) != 0 && x.addr[0] == '\0')
		session_is_unknown(s);
	span_copy_cut(span_str(x.helo), s->helo, sizeof(s->helo));
	if ((x.given & XCLIENT_LOGIN) != 0) {
		span_copy_cut(span_str(x.login), s->login, sizeof(s->login));
		s->facts.logged_in = x.login[0] != '\0';
	}
	session_enter(s, ST_START);
	what = ask_tally(s, TALLY_CONNECTION);
	if (what == SAY_NOTHING)
		say_greeting(s);
	else
		session_bye(s, what);
}

void
cmd_xforward(struct session *s, const struct verb_cmd *cmd)
{
	struct xclient x;

	if (xclient_parse(cmd->text, XCLIENT_OF_XFORWARD, &x) != 0) {
		say(s, SAY_XCLIENT_BAD);
		return;
	}
	if ((x.given & XCLIENT_ADDR) != 0)
		span_copy_cut(span_str(x.addr), s->origin, sizeof(s->origin));
	say(s, SAY_OK);
}
