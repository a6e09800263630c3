/*
 * front - see front.h.
 * Works on what has come in so far, in a buffer of FRONT_INPUT_MAX octets
 * that lib/login/front keeps: a command is looked at from its beginning each
 * time more of it arrives, until it is complete.  Nothing is allocated for a
 * literal that was announced; one that cannot fit is refused at once.
 *
 * What is kept of a client: which tag waits for an answer.  A password lives
 * from its command to front_login(); all copies are wiped.
 */
#include "imapd/front.h"

#include "base/secret.h"
#include "imapd/lexer.h"
#include "imapd/limits.h"
#include "imapd/parse.h"
#include "imapd/reply.h"
#include "net/line.h"
#include "trust/sasl.h"

#define FRONT_MEM	(32 * KIB)	/* unquoted arguments */
#define AUTH_WORDS	512

struct front_imap {
	char	 tag[AUTH_TAG_MAX + 1];	/* of LOGIN or AUTHENTICATE */
	unsigned asked;			/* "+" sent for this command */
};

/* A literal behind used octets, and a CRLF behind that. */
static bool
fits(size_t used, uint64_t octets)
{
	return used <= FRONT_INPUT_MAX && octets <= FRONT_INPUT_MAX &&
	    used + octets + 2 <= FRONT_INPUT_MAX;
}

enum front_cut
front_cut(struct span in, unsigned asked, uint64_t unasked_max,
    struct span *command, size_t *used)
{
	struct lexer lexer;
	struct lexer_literal lit;
	enum line_result r;
	enum lexer_verdict v;
	struct span line;
	const char *why;
	unsigned literals = 0;
	size_t n;

	*used = 0;
	lexer_init(&lexer);
	for (;;) {
		r = line_cut(span_from(in, *used), FRONT_INPUT_MAX, LINE_CRLF,
		    &line, &n);
		if (r == LINE_MORE)
			return FRONT_MORE;
		if (r == LINE_TOO_LONG)
			return FRONT_CLOSE;
		*used += n;
		v = r == LINE_BAD ? LEXER_BAD :
		    lexer_line(&lexer, line, &lit, &why);
		/* RFC 7888 3: a literal that it may announce is part of it. */
		if (v == LEXER_BAD)
			return span_ends(line, SPAN_LIT("+}")) ? FRONT_CLOSE :
			    FRONT_REFUSE;
		if (v == LEXER_DONE) {
			*command = span_head(in, *used - 2);
			return FRONT_COMMAND;
		}
		if (!fits(*used, lit.octets) ||
		    (!lit.sync && lit.octets > unasked_max))
			return lit.sync ? FRONT_REFUSE : FRONT_CLOSE;
		if (lit.sync && literals++ == asked)
			return FRONT_GO_ON;
		if (lit.octets > in.n - *used)
			return FRONT_MORE;
		*used += (size_t)lit.octets;
	}
}

static void
tagged(struct front_client *c, struct span tag, const char *text)
{
	front_reply(c, "%.*s %s", SPAN_ARG(tag), text);
}

/* ---------------------------------------------------------------- commands */

static bool
literal_minus(void)
{
	return conf_bool(service_conf(), "imap_literal_minus");
}

/*
 * RFC 3501 6.2.3: LOGINDISABLED where LOGIN would be refused.  The caller has
 * the memory: AUTH_WORDS octets.
 */
static void
auth_words(const struct front_client *c, struct buf *out)
{
	unsigned mechs = front_mechs(c);

	buf_init(out, AUTH_WORDS);
	buf_add_str(out, literal_minus() ? " LITERAL-" : " LITERAL+");
	if (front_tls(c) == FRONT_TLS_OFFERED)
		buf_add_str(out, " STARTTLS");
	if (!front_login_allowed(c))
		buf_add_str(out, " LOGINDISABLED");
	if (mechs != 0)
		buf_add_str(out, " SASL-IR");	/* RFC 4959 3 */
	sasl_list(out, mechs, " AUTH=");
}

static void
run_capability(struct front_client *c, struct span tag,
    const struct span args[2])
{
	struct buf words;

	(void)args;
	auth_words(c, &words);
	front_reply(c, "* CAPABILITY %s%s", reply_capabilities,
	    buf_cstr(&words));
	tagged(c, tag, "OK Capability completed");
	buf_fini(&words);
}

static void
run_noop(struct front_client *c, struct span tag, const struct span args[2])
{
	(void)args;
	tagged(c, tag, "OK NOOP completed");
}

static void
run_logout(struct front_client *c, struct span tag, const struct span args[2])
{
	(void)args;
	front_reply(c, "* BYE Logging out");
	tagged(c, tag, "OK Logout completed");
	front_close(c);
}

static void
run_id(struct front_client *c, struct span tag, const struct span args[2])
{
	(void)args;
	front_reply(c, "* ID (\"name\" \"Paquebot\")");
	tagged(c, tag, "OK ID completed");
}

static void
run_starttls(struct front_client *c, struct span tag,
    const struct span args[2])
{
	static const char *const answers[] = {
		[FRONT_TLS_NONE] = "BAD No TLS here",
		[FRONT_TLS_LATER] = "NO [UNAVAILABLE] No TLS now",
		[FRONT_TLS_OFFERED] = "OK Begin TLS negotiation now",
		[FRONT_TLS_ACTIVE] = "BAD TLS is active already",
	};
	enum front_tls tls = front_tls(c);

	(void)args;
	tagged(c, tag, answers[tls]);
	if (tls == FRONT_TLS_OFFERED)
		front_starttls(c);
	else
		front_error(c);
}

/* RFC 5530 3, PRIVACYREQUIRED. */
static void
refuse_open(struct front_client *c, struct span tag)
{
	tagged(c, tag, "NO [PRIVACYREQUIRED] Not over an open network");
	front_error(c);
}

static void
keep_tag(struct front_client *c, struct span tag)
{
	struct front_imap *st = front_state(c);

	/* The lexer has seen to the length of tags. */
	span_copy_cut(tag, st->tag, sizeof(st->tag));
}

static void
run_login(struct front_client *c, struct span tag, const struct span args[2])
{
	keep_tag(c, tag);
	if (front_login_allowed(c))
		front_login(c, args[0], args[1], tag);
	else
		refuse_open(c, tag);
}

/* args: mechanism; initial response (RFC 4959 3), p == NULL: none */
static void
run_authenticate(struct front_client *c, struct span tag,
    const struct span args[2])
{
	unsigned mechs = front_mechs(c);
	enum sasl_mech mech;

	keep_tag(c, tag);
	if (sasl_mech_parse(args[0], &mech) == 0 &&
	    (mechs & SASL_BIT(mech)) != 0) {
		front_sasl(c, mech, args[1], tag);
		return;
	}
	if (!front_login_allowed(c)) {
		refuse_open(c, tag);
		return;
	}
	tagged(c, tag, "NO No such mechanism");
	front_error(c);
}

static void
challenge(struct front_client *c, const char *base64)
{
	front_reply(c, "+ %s", base64);
}

static bool
take_nothing(struct cur *c, struct arena *mem, struct span args[2])
{
	(void)mem;
	(void)args;
	return cur_end(c);
}

static bool
take_id(struct cur *c, struct arena *mem, struct span args[2])
{
	union args unused;

	(void)args;
	return parse_id(c, mem, &unused);
}

/* login = "LOGIN" SP userid SP password */
static bool
take_login(struct cur *c, struct arena *mem, struct span args[2])
{
	return lexer_sp(c) && lexer_astring(c, mem, &args[0]) &&
	    lexer_sp(c) && lexer_astring(c, mem, &args[1]) && cur_end(c);
}

static bool
is_base64(char c)
{
	return ascii_isalnum(c) || c == '+' || c == '/' || c == '=';
}

/* RFC 4959 7: "AUTHENTICATE" SP auth-type [SP (base64 / "=")] */
static bool
take_authenticate(struct cur *c, struct arena *mem, struct span args[2])
{
	(void)mem;
	args[1] = SPAN_NONE;
	if (!lexer_sp(c) || !lexer_atom(c, &args[0]))
		return false;
	if (!lexer_sp(c))
		return cur_end(c);
	args[1] = cur_while(c, is_base64);
	return args[1].n > 0 && cur_end(c);
}

const struct front_command front_commands[] = {
	{ "CAPABILITY", take_nothing, run_capability },	/* RFC 3501 6.1.1 */
	{ "NOOP", take_nothing, run_noop },		/* 6.1.2 */
	{ "LOGOUT", take_nothing, run_logout },		/* 6.1.3 */
	{ "STARTTLS", take_nothing, run_starttls },	/* 6.2.1 */
	{ "AUTHENTICATE", take_authenticate, run_authenticate }, /* 6.2.2 */
	{ "LOGIN", take_login, run_login },		/* 6.2.3 */
	{ "ID", take_id, run_id },			/* RFC 2971 3.1 */
};
const size_t front_commands_n = COUNT(front_commands);

static void
bad(struct front_client *c, struct span tag, const char *text)
{
	tagged(c, tag.n > 0 ? tag : SPAN_LIT("*"), text);
	front_error(c);
}

static const struct front_command *
take_command(struct cur *c)
{
	struct span name = cur_while(c, ascii_isalpha);

	for (size_t i = 0; i < COUNT(front_commands); i++)
		if (span_ieq_str(name, front_commands[i].name))
			return &front_commands[i];
	return NULL;
}

static void
run_command(struct front_client *c, struct span command)
{
	struct arena *mem = arena_new(FRONT_MEM);
	struct span tag = SPAN_NONE, args[2] = { SPAN_NONE, SPAN_NONE };
	const struct front_command *found;
	struct cur cur;

	cur_init(&cur, command, 0, 0);
	if (!lexer_tag(&cur, &tag) || !lexer_sp(&cur))
		bad(c, SPAN_NONE, "BAD No tag");
	else if ((found = take_command(&cur)) == NULL)
		bad(c, tag, "BAD Unknown command, or not before log-in");
	else if (!found->parse(&cur, mem, args))
		bad(c, tag, "BAD Invalid arguments");
	else
		found->run(c, tag, args);
	/* Where the arena holds a copy, it is that of a password. */
	for (size_t i = 0; i < COUNT(args); i++)
		if (args[i].n > 0 && (args[i].p < command.p ||
		    args[i].p > command.p + command.n))
			wipe((char *)(uintptr_t)args[i].p, args[i].n);
	arena_free(&mem);
}

/* ------------------------------------------------------------ the table */

static void
greet(struct front_client *c)
{
	struct buf words;

	auth_words(c, &words);
	front_reply(c, "* OK [CAPABILITY %s%s] Paquebot ready",
	    reply_capabilities, buf_cstr(&words));
	buf_fini(&words);
}

static size_t
input(struct front_client *c, struct span in)
{
	struct front_imap *st = front_state(c);
	struct span command, tag;
	struct cur cur;
	size_t used;

	switch (front_cut(in, st->asked, literal_minus() ? IMAP_UNASKED_MAX :
	    UINT64_MAX, &command, &used)) {
	case FRONT_MORE:
		return 0;
	case FRONT_GO_ON:
		st->asked++;
		front_reply(c, "+ OK");
		return 0;
	case FRONT_COMMAND:
		st->asked = 0;
		run_command(c, command);
		return used;
	case FRONT_REFUSE:
		st->asked = 0;
		cur_init(&cur, in, 0, 0);
		bad(c, lexer_tag(&cur, &tag) ? tag : SPAN_NONE,
		    "BAD Invalid command");
		return used;
	case FRONT_CLOSE:
		break;
	}
	front_reply(c, "* BYE [TOOBIG] Command too long");
	front_close(c);
	return in.n;
}

static void
refused(struct front_client *c, enum auth_result result)
{
	struct front_imap *st = front_state(c);
	const char *text = "NO [UNAVAILABLE] Log-in is not possible now";

	if (result == AUTH_WRONG)	/* RFC 5530 3 */
		text = "NO [AUTHENTICATIONFAILED] Authentication failed";
	else if (result == AUTH_CANCELLED)	/* RFC 3501 6.2.2: BAD */
		text = "BAD Authentication cancelled";
	else if (result == AUTH_BAD)
		text = "BAD Invalid response";
	tagged(c, span_str(st->tag), text);
}

static void
bye(struct front_client *c, const char *why)
{
	front_reply(c, "* BYE %s", why);
}

const struct front_proto imap_front = {
	.service = AUTH_IMAP, .role = ROLE_IMAP_FRONT,
	.clients_max = "imap_clients_max", .listener = LISTENER_IMAP,
	.listener_tls = LISTENER_IMAPS, .alpn = "imap",
	.state_size = sizeof(struct front_imap),
	.greet = greet, .input = input, .challenge = challenge,
	.refused = refused, .bye = bye,
	.busy = "* BYE Too many connections\r\n",
};
