/*
 * format - see format.h.
 *
 * The first line has places of fixed width, so that it can be written last,
 * in one piece, over a line of spaces: whoever finds it filled finds all
 * that it speaks of written before it, or a checksum that does not hold.
 * The envelope's lines stand in one order only (single fields as in the table
 * below, then the recipients): a file has one spelling, and a second
 * "from" or a field that nobody knows is damage, not a choice.
 */
#include "queue/format.h"

#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"

#define FIRST_FORM \
	"paquebot-queue 1 envelope %08llu message %012llu sum %016llx"
#define FIRST_TEXT	(sizeof("paquebot-queue 1 envelope  message  sum ") - 1 \
			    + 8 + 12 + 16)
_Static_assert(FIRST_TEXT < QUEUE_FIRST_LEN, "the form fits into the line");
_Static_assert(QUEUE_ENVELOPE_MAX <= 99999999, "eight digits");
_Static_assert(3 * 3 * QUEUE_VALUE_MAX + 12 <= QUEUE_LINE_MAX, "a rcpt line");

/* Stands for itself; a space only in a text, where it separates nothing. */
static bool
plain(char c, bool text)
{
	return (c > 32 || (text && c == ' ')) && c < 127 && c != '%';
}

static int
put_octets(struct buf *out, struct span value, bool text)
{
	static const char hex[] = "0123456789ABCDEF";

	if (value.n > QUEUE_VALUE_MAX)
		return -1;
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = (uint8_t)value.p[i];
		char esc[3] = { '%', hex[c >> 4], hex[c & 15] };

		if (plain((char)c, text) ? buf_add_char(out, (char)c) != 0 :
		    buf_add(out, esc, sizeof(esc)) != 0)
			return -1;
	}
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One octet of s, or -1; only what had to be escaped may be. */
static int
take_octet(struct span *s, bool text)
{
	char c = s->p[0];
	int hi, lo;

	if (c != '%') {
		*s = span_from(*s, 1);
		return plain(c, text) ? (uint8_t)c : -1;
	}
	if (s->n < 3)
		return -1;
	hi = hex_digit(s->p[1]);
	lo = hex_digit(s->p[2]);
	*s = span_from(*s, 3);
	if (hi < 0 || lo < 0 || plain((char)(hi << 4 | lo), text))
		return -1;
	return hi << 4 | lo;
}

static int
get_octets(struct span s, struct buf *value, bool text)
{
	size_t start = value->n;
	int c;

	if (s.n > 3 * QUEUE_VALUE_MAX)
		return -1;
	while (s.n > 0) {
		c = take_octet(&s, text);
		if (c < 0 || buf_add_char(value, (char)c) != 0)
			return -1;
	}
	return value->n - start <= QUEUE_VALUE_MAX ? 0 : -1;
}

int
queue_put_word(struct buf *out, struct span value)
{
	if (value.n == 0)
		return buf_add_char(out, '-');
	if (value.n == 1 && value.p[0] == '-')
		return buf_add_str(out, "%2D");
	return put_octets(out, value, false);
}

int
queue_get_word(struct span word, struct buf *value)
{
	if (word.n == 0)
		return -1;
	if (span_eq_str(word, "-"))
		return 0;
	if (span_eq_str(word, "%2D"))
		return buf_add_char(value, '-');
	return get_octets(word, value, false);
}

int
queue_put_text(struct buf *out, struct span value)
{
	return put_octets(out, value, true);
}

int
queue_get_text(struct span text, struct buf *value)
{
	return get_octets(text, value, true);
}

/*
 * The fields that stand once, in their order.  Those that are optional stand
 * only with another value than the default.
 */
enum form { FORM_WORD, FORM_TIME, FORM_BODY, FORM_RET, FORM_YES };
static const struct {
	const char *key;
	enum form   form;
	size_t	    at;
	bool	    optional;
} fields[] = {
	{ "from", FORM_WORD, offsetof(struct queue_envelope, from),
	    false },
	{ "client", FORM_WORD, offsetof(struct queue_envelope, client),
	    false },
	{ "helo", FORM_WORD, offsetof(struct queue_envelope, helo),
	    false },
	{ "auth", FORM_WORD, offsetof(struct queue_envelope, auth),
	    false },
	{ "time", FORM_TIME, offsetof(struct queue_envelope, time),
	    false },
	{ "body", FORM_BODY, offsetof(struct queue_envelope, body_8bit),
	    false },
	{ "ret", FORM_RET, offsetof(struct queue_envelope, ret), true },
	{ "envid", FORM_WORD, offsetof(struct queue_envelope, envid), true },
	{ "smtputf8", FORM_YES, offsetof(struct queue_envelope, smtputf8),
	    true },
	{ "verp", FORM_WORD, offsetof(struct queue_envelope, verp), true },
};

static bool
is_default(size_t i, const struct queue_envelope *e)
{
	struct span word;

	switch (fields[i].form) {
	case FORM_WORD:
		memcpy(&word, (const char *)e + fields[i].at, sizeof(word));
		return word.n == 0;
	case FORM_RET:
		return e->ret == QUEUE_RET_NONE;
	case FORM_YES:
		return !e->smtputf8;
	case FORM_TIME:
	case FORM_BODY:
		break;
	}
	return false;
}

static int
put_field(struct buf *out, size_t i, const struct queue_envelope *e)
{
	const char *at = (const char *)e + fields[i].at;
	struct span word;

	(void)buf_add_str(out, fields[i].key);	/* judged by out->full */
	(void)buf_add_char(out, ' ');
	switch (fields[i].form) {
	case FORM_WORD:
		memcpy(&word, at, sizeof(word));
		if (queue_put_word(out, word) != 0)
			return -1;
		break;
	case FORM_TIME:
		if (e->time < 0)
			return -1;
		(void)buf_add_u64(out, (uint64_t)e->time);
		break;
	case FORM_BODY:
		(void)buf_add_str(out, e->body_8bit ? "8bit" : "7bit");
		break;
	case FORM_RET:
		(void)buf_add_str(out, e->ret == QUEUE_RET_FULL ? "full" :
		    "hdrs");
		break;
	case FORM_YES:
		(void)buf_add_str(out, "yes");
		break;
	}
	return buf_add_char(out, '\n');
}

static int
put_rcpt(struct buf *out, const struct queue_rcpt *r)
{
	(void)buf_add_str(out, "rcpt ");	/* judged by out->full */
	if (queue_put_word(out, r->address) != 0 ||
	    buf_add_char(out, ' ') != 0 ||
	    queue_put_word(out, r->original) != 0 ||
	    r->notify > QUEUE_NOTIFY_MAX)
		return -1;
	if (r->notify != 0 || r->orcpt.n > 0) {
		(void)buf_addf(out, " %u ", r->notify);
		if (queue_put_word(out, r->orcpt) != 0)
			return -1;
	}
	return buf_add_char(out, '\n');
}

int
queue_writer_begin(struct queue_writer *w, const struct queue_envelope *e,
    struct buf *out)
{
	size_t start = out->n;

	*w = (struct queue_writer){ .message_octets = 0 };
	sum64_init(&w->sum);
	if (e->rcpts_n == 0 || e->rcpts_n > QUEUE_RCPTS_MAX)
		return -1;
	for (size_t i = 0; i < QUEUE_FIRST_LEN - 1; i++)
		(void)buf_add_char(out, ' ');	/* judged by out->full */
	(void)buf_add_char(out, '\n');
	for (size_t i = 0; i < COUNT(fields); i++)
		if (!(fields[i].optional && is_default(i, e)) &&
		    put_field(out, i, e) != 0)
			return -1;
	for (size_t i = 0; i < e->rcpts_n; i++)
		if (put_rcpt(out, &e->rcpts[i]) != 0)
			return -1;
	if (out->full)
		return -1;
	w->envelope_octets = out->n - start - QUEUE_FIRST_LEN;
	if (w->envelope_octets > QUEUE_ENVELOPE_MAX)
		return -1;
	sum64_add(&w->sum, out->p + start + QUEUE_FIRST_LEN,
	    w->envelope_octets);
	return 0;
}

void
queue_writer_add(struct queue_writer *w, const void *p, size_t n)
{
	sum64_add(&w->sum, p, n);
	w->message_octets += n;
}

/* Filled with spaces to its width. */
static void
first_put(const struct queue_first *f, char out[QUEUE_FIRST_LEN])
{
	char text[FIRST_TEXT + 1];

	if (snprintf(text, sizeof(text), FIRST_FORM,
	    (unsigned long long)f->envelope_octets,
	    (unsigned long long)f->message_octets,
	    (unsigned long long)f->sum) != (int)FIRST_TEXT)
		bug("a queue file of %llu octets",
		    (unsigned long long)f->message_octets);
	memset(out, ' ', QUEUE_FIRST_LEN - 1);
	memcpy(out, text, FIRST_TEXT);
	out[QUEUE_FIRST_LEN - 1] = '\n';
}

void
queue_writer_first(const struct queue_writer *w, char out[QUEUE_FIRST_LEN])
{
	struct queue_first f = {
		.envelope_octets = w->envelope_octets,
		.message_octets = w->message_octets,
		.sum = sum64_end(&w->sum),
	};

	first_put(&f, out);
}

static bool
blank(struct span line)
{
	for (size_t i = 0; i + 1 < line.n; i++)
		if (line.p[i] != ' ')
			return false;
	return line.p[line.n - 1] == '\n';
}

enum queue_first_kind
queue_first_parse(struct span line, struct queue_first *out)
{
	char again[QUEUE_FIRST_LEN];
	struct queue_first f;
	struct span rest = line;

	if (line.n != QUEUE_FIRST_LEN)
		return QUEUE_FIRST_BAD;
	if (blank(line))
		return QUEUE_FIRST_BLANK;
	for (int i = 0; i < 3; i++)	/* name, version, "envelope" */
		(void)span_cut(&rest, ' ');
	if (num_parse(span_cut(&rest, ' '), 0, QUEUE_ENVELOPE_MAX,
	    &f.envelope_octets) != 0)
		return QUEUE_FIRST_BAD;
	(void)span_cut(&rest, ' ');
	if (num_parse(span_cut(&rest, ' '), 0, QUEUE_MESSAGE_MAX,
	    &f.message_octets) != 0)
		return QUEUE_FIRST_BAD;
	(void)span_cut(&rest, ' ');
	if (num_parse_hex(span_cut(&rest, ' '), UINT64_MAX, &f.sum) != 0)
		return QUEUE_FIRST_BAD;
	/* Everything else about the line is settled by writing it again. */
	first_put(&f, again);
	if (memcmp(again, line.p, QUEUE_FIRST_LEN) != 0)
		return QUEUE_FIRST_BAD;
	*out = f;
	return QUEUE_FIRST_FILLED;
}

uint64_t
queue_first_end(const struct queue_first *f)
{
	return QUEUE_FIRST_LEN + f->envelope_octets + f->message_octets;
}

struct reader {
	struct span   rest;	/* of the text */
	struct arena *a;
	struct buf    word;
	struct why   *why;
};

static int
damaged(struct reader *r, const char *what)
{
	why_set(r->why, WHY_PERM, "5.6.0", "queue file: %s", what);
	return -1;
}

/* The next line without its LF. */
static int
next_line(struct reader *r, struct span *line)
{
	size_t n = span_chr(span_head(r->rest, QUEUE_LINE_MAX), '\n');

	if (n >= r->rest.n || n >= QUEUE_LINE_MAX)
		return damaged(r, "line without end");
	*line = span_head(r->rest, n);
	r->rest = span_from(r->rest, n + 1);
	return 0;
}

static int
keep_word(struct reader *r, struct span word, struct span *out)
{
	buf_clear(&r->word);
	if (queue_get_word(word, &r->word) != 0)
		return damaged(r, "bad value");
	*out = arena_span(r->a, buf_span(&r->word));
	if (out->p != NULL)
		return 0;
	why_set(r->why, WHY_TEMP, "4.3.0", "envelope too large for memory");
	return -1;
}

/* The value of field i, which is the whole of line. */
static int
read_value(struct reader *r, size_t i, struct span line,
    struct queue_envelope *e)
{
	struct span word;
	uint64_t t;

	switch (fields[i].form) {
	case FORM_WORD:
		if (keep_word(r, line, &word) != 0)
			return -1;
		memcpy((char *)e + fields[i].at, &word, sizeof(word));
		return 0;
	case FORM_TIME:
		if (num_parse(line, 0, INT64_MAX, &t) != 0 ||
		    (line.n > 1 && line.p[0] == '0'))
			return damaged(r, "bad time");
		e->time = (int64_t)t;
		return 0;
	case FORM_BODY:
		e->body_8bit = span_eq_str(line, "8bit");
		if (!e->body_8bit && !span_eq_str(line, "7bit"))
			return damaged(r, "bad body type");
		return 0;
	case FORM_RET:
		e->ret = span_eq_str(line, "full") ? QUEUE_RET_FULL :
		    QUEUE_RET_HDRS;
		if (e->ret == QUEUE_RET_HDRS && !span_eq_str(line, "hdrs"))
			return damaged(r, "bad ret");
		return 0;
	case FORM_YES:
		e->smtputf8 = span_eq_str(line, "yes");
		return 0;
	}
	return -1;
}

static int
read_field(struct reader *r, size_t i, struct queue_envelope *e)
{
	struct span line, key = span_str(fields[i].key);

	if (fields[i].optional && !(span_starts(r->rest, key) &&
	    span_starts(span_from(r->rest, key.n), SPAN_LIT(" "))))
		return 0;
	if (next_line(r, &line) != 0)
		return -1;
	if (!span_eq(span_cut(&line, ' '), key))
		return damaged(r, "field missing or out of place");
	if (read_value(r, i, line, e) != 0)
		return -1;
	if (fields[i].optional && is_default(i, e))
		return damaged(r, "field that says nothing");
	return 0;
}

/* What DSN adds to a recipient: a number and a word. */
static int
read_wishes(struct reader *r, struct span line, struct queue_rcpt *rcpt)
{
	struct span number = span_cut(&line, ' ');
	uint64_t v;

	if (num_parse(number, 0, QUEUE_NOTIFY_MAX, &v) != 0 ||
	    (number.n > 1 && number.p[0] == '0'))
		return damaged(r, "bad notify");
	rcpt->notify = (unsigned)v;
	if (keep_word(r, line, &rcpt->orcpt) != 0)
		return -1;
	return v == 0 && rcpt->orcpt.n == 0 ?
	    damaged(r, "wishes that say nothing") : 0;
}

static int
read_rcpt(struct reader *r, struct queue_rcpt *rcpt)
{
	struct span line;

	if (next_line(r, &line) != 0)
		return -1;
	if (!span_eq_str(span_cut(&line, ' '), "rcpt"))
		return damaged(r, "not a recipient");
	if (keep_word(r, span_cut(&line, ' '), &rcpt->address) != 0)
		return -1;
	rcpt->notify = 0;
	rcpt->orcpt = SPAN_NONE;
	if (keep_word(r, span_cut(&line, ' '), &rcpt->original) != 0)
		return -1;
	return line.p != NULL ? read_wishes(r, line, rcpt) : 0;
}

static int
read_envelope(struct reader *r, struct queue_envelope *e)
{
	struct queue_rcpt *rcpts;
	size_t n = 0;

	for (size_t i = 0; i < COUNT(fields); i++)
		if (read_field(r, i, e) != 0)
			return -1;
	/* Counted before anything is kept: a line is a recipient from here. */
	for (size_t i = 0; i < r->rest.n; i++)
		if (r->rest.p[i] == '\n')
			n++;
	if (n == 0 || n > QUEUE_RCPTS_MAX)
		return damaged(r, "count of recipients");
	rcpts = arena_array(r->a, n, sizeof(*rcpts));
	if (rcpts == NULL) {
		why_set(r->why, WHY_TEMP, "4.3.0",
		    "envelope too large for memory");
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (read_rcpt(r, &rcpts[i]) != 0)
			return -1;
	if (r->rest.n != 0)
		return damaged(r, "octets behind the last recipient");
	e->rcpts = rcpts;
	e->rcpts_n = n;
	return 0;
}

int
queue_envelope_parse(struct span text, struct arena *a,
    struct queue_envelope *out, struct why *why)
{
	struct reader r = { .rest = text, .a = a, .why = why };
	struct queue_envelope e = { .rcpts = NULL };
	int rc;

	buf_init(&r.word, 3 * QUEUE_VALUE_MAX);
	rc = read_envelope(&r, &e);
	buf_fini(&r.word);
	if (rc == 0)
		*out = e;
	return rc;
}
