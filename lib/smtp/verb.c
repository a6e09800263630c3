/*
 * Two tables: the commands with the function that reads their arguments, and
 * the parameters of MAIL and RCPT with the extension that brings them.  A
 * parameter that is in no table, or whose extension is not offered, is refused
 * by name (555); a second one of the same name is refused too, so that nobody
 * else can take the other value for the right one.  Writing goes the same way
 * back, from the same struct.
 */
#include "smtp/verb.h"

#include "base/cur.h"
#include "base/num.h"
#include "mail/intl.h"
#include "smtp/ehlo.h"
#include "smtp/unitext.h"
#include "smtp/xtext.h"

#define HELO_MAX	255	/* RFC 5321 4.5.3.1.2 */
#define MECH_MAX	20
#define ENVID_MAX	100	/* RFC 3461 4.4 */
#define ORCPT_MAX	500	/* RFC 3461 4.2 */
#define XTEXT_PLAIN_MAX	512

struct args {			/* what the functions below work on */
	struct cur  c;
	unsigned    caps;
	struct verb_cmd *cmd;
	struct why *why;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_graph(char c)
{
	return c > ' ' && c <= '~';
}

/* RFC 6531 3.3: of UTF-8, judged with what it belongs to. */
static bool
is_high(char c)
{
	return (unsigned char)c > 127;
}

static bool
is_keyword(char c)
{
	return ascii_isalnum(c) || c == '-';
}

static bool
all_print(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return true;
}

static int
refuse(struct args *a, unsigned code, const char *esc, const char *text)
{
	a->cmd->code = code;
	why_set(a->why, WHY_PERM, esc, "%s", text);
	return -1;
}

static int
bad_args(struct args *a)
{
	return refuse(a, 501, "5.5.4", "bad or missing arguments");
}

static void
skip_space(struct cur *c)
{
	(void)cur_while(c, is_space);	/* what it was does not matter */
}

static int
args_none(struct args *a)
{
	return cur_end(&a->c) ? 0 : bad_args(a);
}

/* RFC 5321 4.1.2 String, taken loosely; but a quoted one must be whole. */
static int
text_is_good(struct args *a, struct span s)
{
	if (!all_print(s))
		return bad_args(a);
	if (s.n > 0 && s.p[0] == '"' && (s.n < 3 || s.p[s.n - 1] != '"'))
		return bad_args(a);
	return 0;
}

static int
args_maybe(struct args *a)
{
	return text_is_good(a, a->cmd->text);
}

static int
args_text(struct args *a)
{
	return a->cmd->text.n == 0 ? bad_args(a) : args_maybe(a);
}

/* RFC 6531 3.7.4.2: a String, and SMTPUTF8 for one that is not ASCII. */
static int
args_mailbox(struct args *a)
{
	static const struct span word = SPAN_LIT(" SMTPUTF8");
	struct span s = a->cmd->text;

	if ((a->caps & EHLO_SMTPUTF8) == 0 || s.n <= word.n ||
	    !span_ieq(span_from(s, s.n - word.n), word))
		return args_text(a);
	s = span_trim(span_head(s, s.n - word.n));
	if (s.n > 0 && intl_is_needed(s))
		return intl_text_ok(s) ? 0 : bad_args(a);
	return text_is_good(a, s);
}

/*
 * RFC 5321 4.1.1.1 wants a domain or a literal; many clients say something
 * else, so any one word does (4.1.4: not to be refused for being wrong).
 */
static int
args_hello(struct args *a)
{
	struct span s = cur_while(&a->c, is_graph);

	if (s.n == 0 || s.n > HELO_MAX || !cur_end(&a->c))
		return bad_args(a);
	return 0;
}

static bool
is_mech(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '_';
}

static int
args_auth(struct args *a)
{
	struct verb_cmd *cmd = a->cmd;

	cmd->text = cur_while(&a->c, is_mech);
	if (cmd->text.n == 0 || cmd->text.n > MECH_MAX)
		return bad_args(a);
	if (cur_end(&a->c))
		return 0;
	if (!is_space((char)cur_peek(&a->c)))
		return bad_args(a);
	skip_space(&a->c);
	cmd->initial = cur_while(&a->c, is_graph);
	return cur_end(&a->c) ? 0 : bad_args(a);
}

/* RFC 3030 2: BDAT SP chunk-size [SP LAST] */
static int
args_bdat(struct args *a)
{
	if (!cur_u64(&a->c, INT64_MAX, &a->cmd->chunk))
		return bad_args(a);
	if (cur_end(&a->c))
		return 0;
	if (!is_space((char)cur_peek(&a->c)))
		return bad_args(a);
	skip_space(&a->c);
	a->cmd->last = cur_take_istr(&a->c, "LAST");
	return a->cmd->last && cur_end(&a->c) ? 0 : bad_args(a);
}

/* ------------------------------------------------------------- parameters */

static bool
xtext_valid(struct span s, size_t max)
{
	struct buf plain;
	bool ok;

	buf_init(&plain, XTEXT_PLAIN_MAX);
	ok = s.n > 0 && s.n <= max && xtext_decode(&plain, s) == 0;
	buf_fini(&plain);
	return ok;
}

/* RFC 1870 3: 1*20DIGIT */
static bool
param_size(struct verb_cmd *cmd, struct span v)
{
	cmd->mail.has_size = true;
	return v.n <= 20 && num_parse(v, 0, UINT64_MAX, &cmd->mail.size) == 0;
}

/* enum verb_body */
static const char *const bodies[] = { "", "7BIT", "8BITMIME", "BINARYMIME" };

static bool
param_body(struct verb_cmd *cmd, struct span v)
{
	for (size_t i = VERB_BODY_7BIT; i < COUNT(bodies); i++)
		if (span_ieq_str(v, bodies[i]))
			cmd->mail.body = (enum verb_body)i;
	return cmd->mail.body != VERB_BODY_NONE;
}

static bool
param_auth(struct verb_cmd *cmd, struct span v)
{
	cmd->mail.auth = v;
	return xtext_valid(v, XTEXT_PLAIN_MAX);
}

static bool
param_ret(struct verb_cmd *cmd, struct span v)
{
	if (span_ieq_str(v, "FULL"))
		cmd->mail.ret = VERB_RET_FULL;
	else if (span_ieq_str(v, "HDRS"))
		cmd->mail.ret = VERB_RET_HDRS;
	return cmd->mail.ret != VERB_RET_NONE;
}

static bool
param_envid(struct verb_cmd *cmd, struct span v)
{
	cmd->mail.envid = v;
	return xtext_valid(v, ENVID_MAX);
}

/* Two delimiters, as Postfix allows them. */
static bool
param_xverp(struct verb_cmd *cmd, struct span v)
{
	cmd->mail.has_verp = true;
	if (v.n == 0)
		return true;
	for (size_t i = 0; i < v.n; i++)
		if (!span_has(SPAN_LIT("-=+"), v.p[i]))
			return false;
	return v.n == 2 &&
	    span_copy(v, cmd->mail.verp, sizeof(cmd->mail.verp)) == 0;
}

static const struct {
	const char *name;
	enum verb_notify bit;
} notifies[] = {
	{ "SUCCESS", VERB_NOTIFY_SUCCESS },
	{ "FAILURE", VERB_NOTIFY_FAILURE },
	{ "DELAY", VERB_NOTIFY_DELAY },
	{ "NEVER", VERB_NOTIFY_NEVER },
};

/* RFC 3461 4.1: NEVER stands alone. */
static bool
param_notify(struct verb_cmd *cmd, struct span v)
{
	unsigned *bits = &cmd->rcpt.notify;

	while (v.p != NULL) {
		struct span s = span_cut(&v, ',');
		unsigned bit = 0;

		for (size_t i = 0; i < COUNT(notifies); i++)
			if (span_ieq_str(s, notifies[i].name))
				bit = notifies[i].bit;
		if (bit == 0)
			return false;
		*bits |= bit;
	}
	return *bits == VERB_NOTIFY_NEVER || (*bits & VERB_NOTIFY_NEVER) == 0;
}

/* RFC 3461 4.2; RFC 6533 3 for the type utf-8. */
static bool
param_orcpt(struct verb_cmd *cmd, struct span v)
{
	size_t semi = span_chr(v, ';'), i = 0;
	struct span address = span_from(v, semi + 1);

	cmd->rcpt.orcpt = v;
	while (i < semi && is_keyword(v.p[i]))
		i++;
	if (semi == 0 || i < semi || v.n > ORCPT_MAX)
		return false;
	if (!unitext_is(v))
		return xtext_valid(address, ORCPT_MAX);
	cmd->rcpt.utf8 = cmd->rcpt.utf8 || intl_is_needed(v);
	return unitext_valid(address);
}

static bool
param_utf8(struct verb_cmd *cmd, struct span v)
{
	(void)v;
	cmd->mail.utf8 = true;
	return true;
}

static const struct param {
	const char *name;
	enum verb verb;
	enum ehlo_cap cap;
	bool (*read)(struct verb_cmd *cmd, struct span value);
	enum { VALUE, BARE, EITHER } form;	/* EITHER: any visible value */
} params[] = {
	{ "SIZE", VERB_MAIL, EHLO_SIZE, param_size, VALUE },
	{ "BODY", VERB_MAIL, EHLO_8BITMIME, param_body, VALUE },
	{ "AUTH", VERB_MAIL, EHLO_AUTH, param_auth, VALUE },
	{ "RET", VERB_MAIL, EHLO_DSN, param_ret, VALUE },
	{ "ENVID", VERB_MAIL, EHLO_DSN, param_envid, VALUE },
	{ "NOTIFY", VERB_RCPT, EHLO_DSN, param_notify, VALUE },
	{ "ORCPT", VERB_RCPT, EHLO_DSN, param_orcpt, VALUE },
	{ "SMTPUTF8", VERB_MAIL, EHLO_SMTPUTF8, param_utf8, BARE },
	{ "XVERP", VERB_MAIL, EHLO_XVERP, param_xverp, EITHER },
};

/* RFC 5321 4.1.2 esmtp-value; only ORCPT and AUTH ever need '=' within. */
static bool
is_value(char c)
{
	return is_graph(c) && c != '=';
}

/* RFC 6531 3.3 adds to it; of ours only ORCPT takes that. */
static bool
is_wide_value(char c)
{
	return is_value(c) || is_high(c);
}

/* The parameter of that name, where it is offered, or NULL. */
static const struct param *
find_param(const struct args *a, struct span name)
{
	for (size_t i = 0; i < COUNT(params); i++)
		if (params[i].verb == a->cmd->verb &&
		    (params[i].cap & a->caps) != 0 &&
		    span_ieq_str(name, params[i].name))
			return &params[i];
	return NULL;
}

static struct span
take_value(struct args *a, const struct param *p)
{
	if (p != NULL && p->form == EITHER)
		return cur_while(&a->c, is_graph);
	return cur_while(&a->c, (a->caps & EHLO_SMTPUTF8) != 0 ?
	    is_wide_value : is_value);
}

/* RFC 5321 4.1.2 esmtp-param */
static int
take_param(struct args *a, unsigned *seen)
{
	struct span name = cur_while(&a->c, is_keyword), value = SPAN_NONE;
	const struct param *p = find_param(a, name);
	bool has = cur_take(&a->c, '=');

	if (has)
		value = take_value(a, p);
	if (name.n == 0 || !(cur_end(&a->c) ||
	    is_space((char)cur_peek(&a->c))))
		return bad_args(a);
	if (p == NULL)	/* 4.1.1.11 */
		return refuse(a, 555, "5.5.4", "parameter not known");
	if ((*seen & 1u << (p - params)) != 0)
		return refuse(a, 501, "5.5.4", "parameter given twice");
	*seen |= 1u << (p - params);
	if ((has && p->form == BARE) || (!has && p->form == VALUE) ||
	    (has && value.n == 0) || !p->read(a->cmd, value))
		return refuse(a, 501, "5.5.4", "bad parameter value");
	return 0;
}

/*
 * RFC 5321 4.1.1.2, 4.1.1.3.  Spaces behind the ':' are no part of the syntax
 * (3.3) but common; nothing else can be meant by them.
 */
static int
args_path(struct args *a, const char *word, enum addr_side side,
    struct addr *out)
{
	unsigned seen = 0;

	if (!cur_take_istr(&a->c, word))
		return bad_args(a);
	skip_space(&a->c);
	if (addr_take_path(&a->c, side, out, a->why) != 0) {
		a->cmd->code = 501;
		return -1;
	}
	while (!cur_end(&a->c)) {
		if (!is_space((char)cur_peek(&a->c)))
			return bad_args(a);
		skip_space(&a->c);
		if (take_param(a, &seen) != 0)
			return -1;
	}
	return 0;
}

/* RFC 6531 3.5: the code of MAIL is another than that of RCPT. */
static int
args_mail(struct args *a)
{
	struct verb_mail *mail = &a->cmd->mail;

	if (args_path(a, "FROM:", ADDR_REVERSE, &mail->from) != 0)
		return -1;
	if (mail->body == VERB_BODY_BINARYMIME &&
	    (a->caps & EHLO_BINARYMIME) == 0)
		return bad_args(a);	/* RFC 3030 3 */
	if (mail->from.utf8 && !mail->utf8)
		return refuse(a, 550, "5.6.7",
		    "non-ASCII address needs SMTPUTF8");
	return 0;
}

/* What MAIL said is the caller's to know. */
static int
args_rcpt(struct args *a)
{
	struct verb_rcpt *rcpt = &a->cmd->rcpt;

	if (args_path(a, "TO:", ADDR_FORWARD, &rcpt->to) != 0)
		return -1;
	rcpt->utf8 = rcpt->utf8 || rcpt->to.utf8;
	if (rcpt->utf8 && (a->caps & EHLO_SMTPUTF8) == 0)
		return refuse(a, 553, "5.6.7",
		    "non-ASCII address needs SMTPUTF8");
	return 0;
}

static const struct {
	const char *name;
	enum verb verb;
	int (*args)(struct args *a);
} verbs[] = {
	{ "HELO", VERB_HELO, args_hello },	/* RFC 5321 4.1.1.1 */
	{ "EHLO", VERB_EHLO, args_hello },
	{ "LHLO", VERB_LHLO, args_hello },
	{ "MAIL", VERB_MAIL, args_mail },	/* RFC 5321 4.1.1.2 */
	{ "RCPT", VERB_RCPT, args_rcpt },	/* RFC 5321 4.1.1.3 */
	{ "DATA", VERB_DATA, args_none },	/* RFC 5321 4.1.1.4 */
	{ "BDAT", VERB_BDAT, args_bdat },	/* RFC 3030 2 */
	{ "RSET", VERB_RSET, args_none },	/* RFC 5321 4.1.1.5 */
	{ "NOOP", VERB_NOOP, args_maybe },	/* RFC 5321 4.1.1.9 */
	{ "VRFY", VERB_VRFY, args_mailbox },	/* RFC 5321 4.1.1.6 */
	{ "EXPN", VERB_EXPN, args_mailbox },	/* RFC 5321 4.1.1.7 */
	{ "HELP", VERB_HELP, args_maybe },	/* RFC 5321 4.1.1.8 */
	{ "QUIT", VERB_QUIT, args_none },	/* RFC 5321 4.1.1.10 */
	{ "AUTH", VERB_AUTH, args_auth },
	{ "STARTTLS", VERB_STARTTLS, args_none },	/* RFC 3207 4 */
	{ "XCLIENT", VERB_XCLIENT, args_text },		/* smtp/xclient.h */
	{ "XFORWARD", VERB_XFORWARD, args_text },
	{ "XMAILQ", VERB_XMAILQ, args_none },	/* of our own sendmail(1) */
};

int
verb_parse(struct span line, unsigned caps, struct verb_cmd *out,
    struct why *why)
{
	struct args a = { .caps = caps, .cmd = out, .why = why };
	struct span name, rest = span_trim(line);

	*out = (struct verb_cmd){ .verb = VERB_UNKNOWN };
	for (size_t i = 0; i < rest.n; i++)
		if (ascii_iscntrl(rest.p[i]) && rest.p[i] != '\t')
			return refuse(&a, 500, "5.5.2", "control in command");
	name = span_word(&rest);
	rest = span_trim(rest);
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (!span_ieq_str(name, verbs[i].name))
			continue;
		out->verb = verbs[i].verb;
		out->text = rest;
		cur_init(&a.c, rest, 0, 0);
		return verbs[i].args(&a);
	}
	return refuse(&a, 500, "5.5.1", "command not known");
}

const char *
verb_name(enum verb verb)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (verbs[i].verb == verb)
			return verbs[i].name;
	return "?";
}

/* ---------------------------------------------------------------- writing */

static void
put_param(struct buf *out, const char *name, struct span value)
{
	if (value.n > 0) {
		buf_addf(out, " %s=", name);
		buf_add_span(out, value);
	}
}

static void
put_mail(struct buf *out, const struct verb_mail *m, unsigned caps)
{
	buf_add_str(out, " FROM:");
	addr_put_path(out, &m->from);
	if (m->has_size && (caps & EHLO_SIZE) != 0) {
		buf_add_str(out, " SIZE=");
		buf_add_u64(out, m->size);
	}
	if ((caps & (m->body == VERB_BODY_BINARYMIME ? EHLO_BINARYMIME :
	    EHLO_8BITMIME)) != 0)
		put_param(out, "BODY", span_str(bodies[m->body]));
	if (m->utf8 && (caps & EHLO_SMTPUTF8) != 0)
		buf_add_str(out, " SMTPUTF8");
	if ((caps & EHLO_AUTH) != 0)
		put_param(out, "AUTH", m->auth);
	if ((caps & EHLO_DSN) == 0)
		return;
	if (m->ret != VERB_RET_NONE)
		buf_add_str(out, m->ret == VERB_RET_FULL ? " RET=FULL" :
		    " RET=HDRS");
	put_param(out, "ENVID", m->envid);
}

static void
put_rcpt(struct buf *out, const struct verb_rcpt *r, unsigned caps)
{
	const char *before = " NOTIFY=";

	buf_add_str(out, " TO:");
	addr_put_path(out, &r->to);
	if ((caps & EHLO_DSN) == 0)
		return;
	for (size_t i = 0; i < COUNT(notifies); i++)
		if ((r->notify & notifies[i].bit) != 0) {
			buf_add_str(out, before);
			buf_add_str(out, notifies[i].name);
			before = ",";
		}
	put_param(out, "ORCPT", r->orcpt);
}

static void
put_args(struct buf *out, const struct verb_cmd *cmd, unsigned caps)
{
	switch (cmd->verb) {
	case VERB_MAIL:
		put_mail(out, &cmd->mail, caps);
		return;
	case VERB_RCPT:
		put_rcpt(out, &cmd->rcpt, caps);
		return;
	case VERB_BDAT:
		buf_add_char(out, ' ');
		buf_add_u64(out, cmd->chunk);
		buf_add_str(out, cmd->last ? " LAST" : "");
		return;
	default:
		break;
	}
	if (cmd->text.n > 0) {
		buf_add_char(out, ' ');
		buf_add_span(out, cmd->text);
	}
	if (cmd->verb == VERB_AUTH && cmd->initial.p != NULL) {
		buf_add_char(out, ' ');
		buf_add_span(out, cmd->initial);
	}
}

int
verb_format(struct buf *out, const struct verb_cmd *cmd, unsigned caps)
{
	size_t was = out->n;
	struct span line;

	buf_add_str(out, verb_name(cmd->verb));
	put_args(out, cmd, caps);
	line = span_from(buf_span(out), was);
	if (!out->full && ((caps & EHLO_SMTPUTF8) != 0 ?
	    intl_text_ok(line) : all_print(line)) &&
	    buf_add_str(out, "\r\n") == 0)
		return 0;
	buf_cut(out, was);
	return -1;
}
