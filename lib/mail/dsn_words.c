/*
 * dsn_words - see dsn_words.h.
 * The whole file is judged when it is read, variables too, so that no report
 * can fail for its words.  A charset is taken whose octets below 128 are those
 * of ASCII: the list of recipients that follows the text is ASCII.
 */
#include "mail/dsn_words.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define LINE_MAX_OCTETS	990	/* RFC 5322 2.1.1, with room */
#define VALUE_MAX	320	/* octets of an address, or a field */
#define HOST_MAX	255
#define ID_MAX		64
#define DIGITS_MAX	20	/* of 64 bits */
#define NAME_MAX_OCTETS	32

struct reader {
	struct span rest;
	unsigned    line;
	size_t	    most;	/* octets of the text at hand, at its longest */
	char	   *wrong;
};

static const char *const titles[DSN_WORDS_KINDS] = { "failure_template",
	"delay_template", "success_template" };

static int
refuse(struct reader *r, const char *what)
{
	(void)snprintf(r->wrong, 128, "line %u: %s", r->line, what);
	return -1;
}

static struct span
next_line(struct reader *r)
{
	struct span line = span_cut(&r->rest, '\n');

	r->line++;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool
is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 126)
			return false;
	return true;
}

static bool
has_controls(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 32 && s.p[i] != '\t' &&
		    s.p[i] != '\n' && s.p[i] != '\r') || s.p[i] == 127)
			return true;
	return false;
}

static bool
charset_is_known(struct span s)
{
	static const char *const starts[] = { "iso-8859-", "windows-125",
		"koi8-" };

	if (span_ieq_str(s, "us-ascii") || span_ieq_str(s, "utf-8"))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-')
			return false;
	for (size_t i = 0; i < COUNT(starts); i++)
		if (span_istarts(s, span_str(starts[i])) && s.n < 16)
			return true;
	return false;
}

/* ---------------------------------------------------------------- variables */

struct variable {
	const char *name;
	void (*put)(struct buf *out, const struct dsn_words_values *v);
	size_t most;		/* octets that it may become */
};

static void
put_tame(struct buf *out, struct span s, size_t most)
{
	s = span_head(s, most);
	for (size_t i = 0; i < s.n; i++)
		(void)buf_add_char(out, s.p[i] >= ' ' && s.p[i] <= '~' ?
		    s.p[i] : '?');
}

static void
put_hostname(struct buf *out, const struct dsn_words_values *v)
{
	put_tame(out, v->hostname, HOST_MAX);
}

static void
put_queue_id(struct buf *out, const struct dsn_words_values *v)
{
	put_tame(out, v->queue_id, ID_MAX);
}

static void
put_sender(struct buf *out, const struct dsn_words_values *v)
{
	put_tame(out, v->sender, VALUE_MAX);
}

static void
put_count(struct buf *out, const struct dsn_words_values *v)
{
	(void)buf_addf(out, "%zu", v->recipients);
}

static void
put_hours(struct buf *out, const struct dsn_words_values *v)
{
	(void)buf_addf(out, "%lld", (long long)(v->notice_s / 3600));
}

static void
put_days(struct buf *out, const struct dsn_words_values *v)
{
	(void)buf_addf(out, "%lld", (long long)(v->expire_s / 86400));
}

static void
put_dollar(struct buf *out, const struct dsn_words_values *v)
{
	(void)v;
	(void)buf_add_char(out, '$');
}

/* The second names are those of Postfix's files. */
static const struct variable variables[] = {
	{ "hostname", put_hostname, HOST_MAX },
	{ "myhostname", put_hostname, HOST_MAX },
	{ "queue_id", put_queue_id, ID_MAX },
	{ "sender", put_sender, VALUE_MAX },
	{ "recipients", put_count, DIGITS_MAX },
	{ "delay_hours", put_hours, DIGITS_MAX },
	{ "delay_warning_time_hours", put_hours, DIGITS_MAX },
	{ "expire_days", put_days, DIGITS_MAX },
	{ "maximal_queue_lifetime_days", put_days, DIGITS_MAX },
	{ "$", put_dollar, 1 },
};

static bool
is_name(char c)
{
	return ascii_isalnum(c) || c == '_';
}

/* The variable behind the $ that was read, taken off *rest; NULL: none. */
static const struct variable *
take_variable(struct span *rest)
{
	bool braced = rest->n > 0 && rest->p[0] == '{';
	struct span name = span_from(*rest, braced);
	size_t n = 0;

	if (!braced && name.n > 0 && name.p[0] == '$')
		n = 1;
	else
		while (n < name.n && n < NAME_MAX_OCTETS &&
		    is_name(name.p[n]))
			n++;
	if (braced && (n == name.n || name.p[n] != '}'))
		return NULL;
	*rest = span_from(name, n + braced);
	for (size_t i = 0; i < COUNT(variables); i++)
		if (span_eq_str(span_head(name, n), variables[i].name))
			return &variables[i];
	return NULL;
}

/* ------------------------------------------------------------------ reading */

/* As long as senders and hosts can make it. */
static int
check_line(struct reader *r, struct span line)
{
	const struct variable *what;
	size_t most = line.n;

	while (line.n > 0) {
		line = span_from(line, span_chr(line, '$'));
		if (line.n == 0)
			break;
		line = span_from(line, 1);
		what = take_variable(&line);
		if (what == NULL)
			return refuse(r, "no such variable ($$ is a $)");
		most += what->most;
	}
	if (most > LINE_MAX_OCTETS)
		return refuse(r, "too long a line, with what its variables "
		    "may become");
	r->most += most + 2;
	return r->most > DSN_WORDS_OUT_MAX ? refuse(r, "too long a text, "
	    "with what its variables may become") : 0;
}

static int
take_field(struct reader *r, struct span line, struct dsn_words *w)
{
	struct span value = line, name = span_cut(&value, ':');

	if (value.p == NULL)
		return refuse(r, "neither a field nor an empty line");
	value = span_trim(value);
	if (value.n > VALUE_MAX)
		return refuse(r, "too long a field");
	if (span_ieq_str(name, "Charset"))
		w->charset = value;
	else if (span_ieq_str(name, "From"))
		w->from = value;
	else if (span_ieq_str(name, "Subject"))
		w->subject = value;
	else if (span_ieq_str(name, "Postmaster-Subject"))
		w->postmaster_subject = value;
	else
		return refuse(r, "a field other than Charset, From, Subject "
		    "and Postmaster-Subject");
	return 0;
}

/* Fields of a header are written as UTF-8 or ASCII (header_out.h). */
static int
check_words(struct reader *r, const struct dsn_words *w)
{
	const struct span fields[] = { w->from, w->subject,
		w->postmaster_subject };
	bool utf8 = span_ieq_str(w->charset, "utf-8");
	bool ascii = span_ieq_str(w->charset, "us-ascii");

	if (!charset_is_known(w->charset))
		return refuse(r, "a charset that is not us-ascii, utf-8, "
		    "iso-8859-N, windows-125N or koi8-x");
	for (size_t i = 0; i < COUNT(fields); i++)
		if (has_controls(fields[i]) || span_has(fields[i], '\r') ||
		    (utf8 ?
		    !utf8_valid(fields[i]) : !is_ascii(fields[i])))
			return refuse(r, "a field that is not ASCII (or "
			    "UTF-8, with that charset)");
	if (w->body.n > DSN_WORDS_BODY_MAX)
		return refuse(r, "too long a text");
	if (has_controls(w->body) || (ascii && !is_ascii(w->body)) ||
	    (utf8 && !utf8_valid(w->body)))
		return refuse(r, "a text that is not of its charset");
	return 0;
}

static int
take_words(struct reader *r, struct span end, struct dsn_words *w)
{
	struct span line;
	const char *start;

	*w = (struct dsn_words){ .given = true,
		.charset = SPAN_LIT("us-ascii") };
	while ((line = next_line(r)).n > 0)
		if (take_field(r, line, w) != 0)
			return -1;
	start = r->rest.p;
	r->most = 0;
	while (r->rest.p != NULL) {
		const char *at = r->rest.p;

		line = next_line(r);
		if (span_eq(line, end)) {
			w->body = span_of(start, (size_t)(at - start));
			return check_words(r, w);
		}
		if (check_line(r, line) != 0)
			return -1;
	}
	return refuse(r, "the text does not end");
}

/* "failure_template = <<END" */
static int
take_title(struct reader *r, struct span line, struct dsn_words_file *out)
{
	struct span name = span_trim(span_cut(&line, '='));
	struct span end = span_trim(line);

	if (!span_starts(end, SPAN_LIT("<<")) || end.n < 3)
		return refuse(r, "not NAME = <<END");
	for (size_t i = 0; i < DSN_WORDS_KINDS; i++) {
		if (!span_eq_str(name, titles[i]))
			continue;
		if (out->of[i].given)
			return refuse(r, "a text that was there already");
		return take_words(r, span_from(end, 2), &out->of[i]);
	}
	return refuse(r, "a name other than failure_template, "
	    "delay_template and success_template");
}

int
dsn_words_parse(struct span text, struct dsn_words_file *out, char wrong[128])
{
	struct reader r = { .rest = text, .wrong = wrong };
	struct span line;

	*out = (struct dsn_words_file){ .of = { { .given = false } } };
	wrong[0] = '\0';
	while (r.rest.p != NULL) {
		line = span_trim(next_line(&r));
		if (line.n > 0 && line.p[0] != '#' &&
		    take_title(&r, line, out) != 0)
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ writing */

int
dsn_words_put(struct buf *out, const struct dsn_words *w,
    const struct dsn_words_values *v)
{
	const struct variable *what;
	struct span rest = w->body;
	size_t was = out->n;

	while (rest.n > 0 && !out->full && out->n - was < DSN_WORDS_OUT_MAX) {
		char c = rest.p[0];

		rest = span_from(rest, 1);
		if (c == '$' && (what = take_variable(&rest)) != NULL)
			what->put(out, v);
		else if (c == '\n')
			(void)buf_add_str(out, "\r\n");
		else if (c != '\r')
			(void)buf_add_char(out, c);
	}
	if (rest.n == 0 && !out->full)
		return 0;
	buf_cut(out, was);
	return -1;
}
