/*
 * command - see command.h.
 * The table is the only list of commands.  What SMTP knows and we do not have
 * (EXPN, STARTTLS without TLS, AUTH where nobody logs in) is 502, what nobody
 * knows 500 (RFC 5321 4.2.4).
 */
#include "smtpd/command.h"

#include "net/foreign.h"
#include "smtpd/reply.h"

/* Listeners, as bits. */
#define ON(kind)	(1u << (kind))
#define ON_SMTP		(ON(LISTENER_MX) | ON(LISTENER_SUBMISSION) | \
			    ON(LISTENER_LOCAL))
#define ON_HOSTS	(ON_ALL & ~ON(LISTENER_LOCAL))
#define ON_ALL		(ON_SMTP | ON(LISTENER_LMTP))

enum effort {
	EFFORT_MAIL,		/* belongs to a message */
	EFFORT_IDLE,		/* brings no mail nearer */
	EFFORT_OWN		/* counted by its handler: RCPT, BDAT */
};

static const struct command {
	enum verb   verb;
	unsigned    on;
	unsigned    states;
	enum effort effort;
	void (*run)(struct session *s, const struct verb_cmd *cmd);
} commands[] = {
	/* RFC 5321 4.1.1.1; LHLO takes their place in LMTP. */
	{ VERB_EHLO, ON_SMTP, ST_ANY, EFFORT_IDLE, cmd_ehlo },
	{ VERB_HELO, ON_SMTP, ST_ANY, EFFORT_IDLE, cmd_helo },
	{ VERB_LHLO, ON(LISTENER_LMTP), ST_ANY, EFFORT_IDLE, cmd_lhlo },
	{ VERB_STARTTLS, ON(LISTENER_MX) | ON(LISTENER_SUBMISSION),
	    ST_START | ST_READY, EFFORT_IDLE, cmd_starttls }, /* RFC 3207 4 */
	{ VERB_AUTH, ON(LISTENER_SUBMISSION), ST_READY, EFFORT_MAIL,
	    cmd_auth },
	{ VERB_MAIL, ON_ALL, ST_READY, EFFORT_MAIL, cmd_mail },	/* 4.1.1.2 */
	{ VERB_RCPT, ON_ALL, ST_MAIL | ST_RCPT, EFFORT_OWN,
	    cmd_rcpt },						/* 4.1.1.3 */
	{ VERB_DATA, ON_ALL, ST_RCPT, EFFORT_MAIL, cmd_data },	/* 4.1.1.4 */
	{ VERB_BDAT, ON_ALL, ST_RCPT | ST_CHUNK, EFFORT_OWN,
	    cmd_bdat },					/* RFC 3030 2 */
	{ VERB_XCLIENT, ON_HOSTS, ST_START | ST_READY, EFFORT_IDLE,
	    cmd_xclient },
	{ VERB_XFORWARD, ON_HOSTS, ST_READY, EFFORT_IDLE, cmd_xforward },
	{ VERB_XMAILQ, ON(LISTENER_LOCAL), ST_START | ST_READY, EFFORT_IDLE,
	    cmd_mailq },
	{ VERB_RSET, ON_ALL, ST_ANY, EFFORT_IDLE, cmd_rset },	/* 4.1.1.5 */
	{ VERB_VRFY, ON_ALL, ST_ANY, EFFORT_IDLE, cmd_vrfy },	/* 4.1.1.6 */
	{ VERB_HELP, ON_ALL, ST_ANY, EFFORT_IDLE, cmd_help },	/* 4.1.1.8 */
	{ VERB_NOOP, ON_ALL, ST_ANY, EFFORT_IDLE, cmd_noop },	/* 4.1.1.9 */
	{ VERB_QUIT, ON_ALL, ST_ANY, EFFORT_IDLE, cmd_quit },	/* 4.1.1.10 */
};

static bool
is_here(const struct command *c, const struct facts *f)
{
	return (c->on & ON(f->kind)) != 0 && (f->xclient ||
	    (c->verb != VERB_XCLIENT && c->verb != VERB_XFORWARD));
}

void
command_list(const struct facts *f, struct buf *out)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		if (!is_here(&commands[i], f) ||
		    (commands[i].verb == VERB_STARTTLS &&
		    !policy_tls_offered(f)))
			continue;
		if (out->n > 0)
			(void)buf_add_char(out, ' ');
		(void)buf_add_str(out, verb_name(commands[i].verb));
	}
}

static const struct command *
find(enum verb verb)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (commands[i].verb == verb)
			return &commands[i];
	return NULL;
}

static enum say
wrong_state(const struct session *s, enum verb verb)
{
	if (s->state == ST_START)
		return SAY_HELLO_FIRST;
	if (verb == VERB_MAIL)
		return SAY_NESTED_MAIL;
	if (verb == VERB_AUTH || verb == VERB_STARTTLS ||
	    verb == VERB_XCLIENT || verb == VERB_XFORWARD)
		return SAY_IN_TRANSACTION;
	/* RFC 3030 2: DATA after BDAT. */
	if (s->state == ST_CHUNK)
		return SAY_IN_CHUNKS;
	return s->state == ST_READY ? SAY_NEED_MAIL : SAY_NEED_RCPT;
}

static void
count(struct session *s, enum effort effort)
{
	if (effort != EFFORT_OWN)
		s->count.commands++;
	if (effort == EFFORT_IDLE)
		s->count.idle++;
}

void
command_run(struct session *s, struct span line)
{
	struct verb_cmd cmd;
	struct why why;
	int parsed = verb_parse(line, session_caps(s), &cmd, &why);
	const struct command *c = find(cmd.verb);

	s->last = cmd.verb != VERB_UNKNOWN ? verb_name(cmd.verb) : "unknown";
	count(s, c != NULL ? c->effort : EFFORT_MAIL);
	if (cmd.verb == VERB_UNKNOWN) {
		if (foreign_is_http(line))
			session_lost(s, "HTTP on an SMTP port");
		else
			say(s, SAY_UNKNOWN);
	} else if (c == NULL || !is_here(c, &s->facts)) {
		say(s, SAY_NOT_HERE);
	} else if (cmd.verb == VERB_BDAT && (parsed != 0 ||
	    (c->states & s->state) == 0)) {
		cmd_bdat_refused(s, &cmd, parsed == 0,
		    wrong_state(s, cmd.verb));
	} else if ((c->states & s->state) == 0) {
		say(s, wrong_state(s, cmd.verb));
	} else if (parsed != 0) {
		say_why(s, cmd.code, &why);
	} else {
		c->run(s, &cmd);
	}
}
