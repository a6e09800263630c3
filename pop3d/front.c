/*
 * front.c - the AUTHORIZATION state: greeting, CAPA, USER, PASS, AUTH, QUIT
 * (RFC 1939 4 and 7, RFC 2449 5, RFC 1734 2).  The answer to a good PASS or
 * AUTH is the session's.
 */
#include "pop3d/front.h"

#include "base/utf8.h"
#include "net/line.h"
#include "pop3d/capa.h"
#include "pop3d/lang.h"
#include "pop3d/session.h"

/* RFC 2449 4; a password and a token may be longer than a command of old. */
#define FRONT_LINE_MAX	(SASL_LINE_MAX + 64)
#define LIST_MAX	512	/* octets of the list of mechanisms */

struct front_user {
	char name[AUTH_USER_MAX + 1];	/* of USER, or "" */
	bool utf8;			/* UTF8 was said */
};

static void
greet(struct front_client *c)
{
	front_reply(c, "+OK %s POP3 ready",
	    conf_str(service_conf(), "hostname"));
}

/* RFC 2449 6.3 */
static void
capa_sasl(struct front_client *c)
{
	unsigned mechs = front_mechs(c);
	struct buf list;

	buf_init(&list, LIST_MAX);
	sasl_list(&list, mechs, " ");
	if (mechs != 0)
		front_reply(c, "SASL%s", buf_cstr(&list));
	buf_fini(&list);
}

static void
on_capa(struct front_client *c, struct span args)
{
	const struct conf_view *conf = service_conf();
	const struct capa_facts facts = { .user = front_login_allowed(c),
		.keep_days = (unsigned)conf_num(conf, "pop3_keep_days"),
		.login_delay_s = (unsigned)conf_num(conf,
		    "pop3_login_delay") };
	struct buf lines;

	(void)args;
	front_reply(c, "+OK capabilities follow");
	if (front_tls(c) == FRONT_TLS_OFFERED)
		front_reply(c, "STLS");	/* RFC 2595 4 */
	capa_sasl(c);
	buf_init(&lines, CAPA_MAX);
	capa_put(&lines, &facts);
	front_reply_raw(c, buf_span(&lines));
	buf_fini(&lines);
}

static void
on_user(struct front_client *c, struct span args)
{
	struct front_user *u = front_state(c);

	if (!front_login_allowed(c)) {
		front_reply(c, "-ERR no password without encryption here");
		front_error(c);
	} else if (args.n == 0 || !utf8_valid(args) ||
	    span_copy(args, u->name, sizeof(u->name)) != 0) {
		u->name[0] = '\0';
		front_reply(c, "-ERR no such name");
		front_error(c);
	} else {
		/* The same for all names: nobody learns who exists. */
		front_reply(c, "+OK and the password?");
	}
}

/* For the session, see pop3d/session.h. */
static struct span
mode_of(struct front_client *c)
{
	struct front_user *u = front_state(c);

	return u->utf8 ? span_str(SESSION_UTF8) : SPAN_NONE;
}

static void
on_pass(struct front_client *c, struct span args)
{
	struct front_user *u = front_state(c);

	if (u->name[0] == '\0') {
		front_reply(c, "-ERR USER first");
		front_error(c);
		return;
	}
	/* RFC 6856 2.2: so is what is no UTF-8. */
	if (!utf8_valid(args)) {
		front_reply(c, "-ERR [AUTH] a password is in UTF-8");
		front_error(c);
	} else {
		front_login(c, span_str(u->name), args, mode_of(c));
	}
	u->name[0] = '\0';
}

static bool
is_base64(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '+' &&
		    s.p[i] != '/' && s.p[i] != '=')
			return false;
	return true;
}

/* RFC 1734 2, with an initial response as clients send it today. */
static void
on_auth(struct front_client *c, struct span args)
{
	struct front_user *u = front_state(c);
	struct span mechanism = span_cut(&args, ' ');
	unsigned mechs = front_mechs(c);
	enum sasl_mech mech;

	u->name[0] = '\0';
	if (sasl_mech_parse(mechanism, &mech) == 0 &&
	    (mechs & SASL_BIT(mech)) != 0 && is_base64(args) &&
	    (args.p == NULL || args.n > 0)) {
		front_sasl(c, mech, args, mode_of(c));
		return;
	}
	front_reply(c, front_login_allowed(c) ? "-ERR no such mechanism" :
	    "-ERR not without encryption here");
	front_error(c);
}

static void
on_stls(struct front_client *c, struct span args)
{
	static const char *const answers[] = {
		[FRONT_TLS_NONE] = "-ERR no TLS here",
		[FRONT_TLS_LATER] = "-ERR [SYS/TEMP] no TLS now, try later",
		[FRONT_TLS_OFFERED] = "+OK begin TLS now",
		[FRONT_TLS_ACTIVE] = "-ERR TLS is active already",
	};
	enum front_tls tls = front_tls(c);
	struct front_user *u = front_state(c);

	if (args.n > 0 || u->utf8) {	/* RFC 6856 2.1 */
		front_reply(c, args.n > 0 ? "-ERR STLS has no arguments" :
		    "-ERR no STLS behind UTF8");
		front_error(c);
		return;
	}
	front_reply(c, "%s", answers[tls]);
	if (tls == FRONT_TLS_OFFERED)
		front_starttls(c);
	else
		front_error(c);
}

/* RFC 6856 2.1 */
static void
on_utf8(struct front_client *c, struct span args)
{
	struct front_user *u = front_state(c);

	if (args.n > 0) {
		front_reply(c, "-ERR UTF8 has no arguments");
		front_error(c);
		return;
	}
	u->utf8 = true;
	front_reply(c, "+OK messages are sent in UTF-8");
}

static void
on_lang(struct front_client *c, struct span args)
{
	struct buf answer;

	buf_init(&answer, LANG_MAX);
	if (!lang_put(&answer, args))
		front_error(c);
	front_reply_raw(c, buf_span(&answer));
	buf_fini(&answer);
}

static void
on_quit(struct front_client *c, struct span args)
{
	(void)args;
	front_reply(c, "+OK bye");
	front_close(c);
}

static const struct front_command {
	const char *verb;
	void (*run)(struct front_client *, struct span args);
} commands[] = {
	{ "USER", on_user },	/* RFC 1939 7 */
	{ "PASS", on_pass },	/* RFC 1939 7: the rest of the line */
	{ "AUTH", on_auth },	/* RFC 1734 2 */
	{ "STLS", on_stls },	/* RFC 2595 4 */
	{ "CAPA", on_capa },	/* RFC 2449 5 */
	{ "LANG", on_lang },	/* RFC 6856 3 */
	{ "UTF8", on_utf8 },	/* RFC 6856 2.1 */
	{ "QUIT", on_quit },	/* RFC 1939 4 */
};

static void
run_line(struct front_client *c, struct span line)
{
	size_t space = span_chr(line, ' ');
	struct span verb = span_head(line, space);
	struct span args = span_from(line, space + 1);

	for (size_t i = 0; i < COUNT(commands); i++)
		if (span_ieq_str(verb, commands[i].verb)) {
			commands[i].run(c, args);
			return;
		}
	front_reply(c, "-ERR unknown command, or not before log-in");
	front_error(c);
}

static size_t
input(struct front_client *c, struct span in)
{
	struct span line;
	size_t used = 0;

	switch (line_cut(in, FRONT_LINE_MAX, LINE_CRLF_OR_LF, &line, &used)) {
	case LINE_OK:
		run_line(c, line);
		return used;
	case LINE_BAD:
		front_reply(c, "-ERR bad line");
		front_error(c);
		return used;
	case LINE_TOO_LONG:
		front_reply(c, "-ERR line too long");
		front_close(c);
		return in.n;
	default:
		return 0;
	}
}

static void
challenge(struct front_client *c, const char *base64)
{
	front_reply(c, "+ %s", base64);
}

static void
refused(struct front_client *c, enum auth_result result)
{
	/* RFC 3206 4 and 5 */
	const char *text =
	    "-ERR [SYS/TEMP] cannot tell who you are now, try later";

	if (result == AUTH_WRONG)
		text = "-ERR [AUTH] wrong name or password";
	else if (result == AUTH_CANCELLED)
		text = "-ERR cancelled";
	else if (result == AUTH_BAD)
		text = "-ERR not a valid response";
	front_reply(c, "%s", text);
}

static void
bye(struct front_client *c, const char *why)
{
	front_reply(c, "-ERR %s", why);
}

const struct front_proto pop3_front = {
	.service = AUTH_POP3,
	.role = ROLE_POP3_FRONT,
	.clients_max = "pop3_clients_max",
	.listener = LISTENER_POP3,
	.listener_tls = LISTENER_POP3S,
	.alpn = "pop3",
	.state_size = sizeof(struct front_user),
	.greet = greet,
	.input = input,
	.challenge = challenge,
	.refused = refused,
	.bye = bye,
	.busy = "-ERR [SYS/TEMP] too many connections\r\n",
};
