/*
 * A reply of a server is judged line by line: form of the code, the same code
 * on every line, how many lines.  Its text is made harmless at the moment at
 * which it is kept, so that no caller can forget it: it will stand in logs,
 * queue files and reports.
 */
#include "smtp/reply.h"

#include "mail/esc.h"

static char
tame(char c)
{
	return c >= ' ' && c <= '~' ? c : '?';
}

void
reply_init(struct reply *r)
{
	*r = (struct reply){ .code = 0 };
	buf_init(&r->text, REPLY_TEXT_MAX);
}

void
reply_fini(struct reply *r)
{
	buf_fini(&r->text);
	reply_init(r);
}

void
reply_clear(struct reply *r)
{
	buf_clear(&r->text);
	r->code = 0;
	r->esc[0] = '\0';
	r->lines = 0;
	r->done = false;
}

/* RFC 5321 4.2: three digits, the first 2 to 5; 0: none. */
static unsigned
code_of(struct span line)
{
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' ||
	    !ascii_isdigit(line.p[1]) || !ascii_isdigit(line.p[2]))
		return 0;
	return (unsigned)(line.p[0] - '0') * 100 +
	    (unsigned)(line.p[1] - '0') * 10 + (unsigned)(line.p[2] - '0');
}

/* RFC 2034 4: the code stands on each line, its class is that of the reply. */
static struct span
cut_esc(struct reply *r, struct span text)
{
	struct esc e;
	struct span rest;

	if (esc_take(text, &e, &rest) != 0 || e.class != r->code / 100)
		return text;
	if (r->lines == 1)
		esc_format(&e, r->esc);
	return rest;
}

static void
keep(struct reply *r, struct span text)
{
	if (r->lines > 1)
		buf_add_char(&r->text, '\n');
	for (size_t i = 0; i < text.n && !r->text.full; i++)
		buf_add_char(&r->text, tame(text.p[i]));
}

enum reply_step
reply_feed(struct reply *r, struct span line)
{
	unsigned code = code_of(line);
	char sep = line.n > 3 ? line.p[3] : ' ';

	if (code == 0 || r->done || (sep != ' ' && sep != '-') ||
	    (r->lines > 0 && code != r->code) ||
	    r->lines == REPLY_LINES_MAX)
		return REPLY_BAD;
	r->code = code;
	r->lines++;
	keep(r, cut_esc(r, span_from(line, 4)));
	r->done = sep == ' ';
	return r->done ? REPLY_DONE : REPLY_MORE;
}

void
reply_one_line(const struct reply *r, struct buf *out)
{
	struct span s = span_head(buf_span(&r->text), REPLY_SHORT_MAX - 16);

	buf_addf(out, "%03u", r->code);
	if (r->esc[0] != '\0')
		buf_addf(out, " %s", r->esc);
	if (s.n > 0)
		buf_add_char(out, ' ');
	for (size_t i = 0; i < s.n; i++)
		buf_add_char(out, tame(s.p[i] == '\n' ? ' ' : s.p[i]));
}

void
reply_why(const struct reply *r, struct why *why)
{
	struct buf b;
	bool temp = r->code / 100 == 4;

	why_clear(why);
	if (r->code < 400)
		return;
	buf_init(&b, REPLY_SHORT_MAX);
	reply_one_line(r, &b);
	why_set(why, temp ? WHY_TEMP : WHY_PERM,
	    r->esc[0] != '\0' ? r->esc : temp ? "4.0.0" : "5.0.0", "%s",
	    buf_cstr(&b));
	buf_fini(&b);
}

/* RFC 5321 4.2.1: "-" on all lines but the last. */
int
reply_format(struct buf *out, unsigned code, const char *esc,
    struct span text)
{
	size_t was = out->n;

	if (text.p == NULL)
		text = SPAN_LIT("");
	while (text.p != NULL) {
		struct span line = span_cut(&text, '\n');
		size_t from = out->n;

		buf_addf(out, "%03u%c", code % 1000,
		    text.p != NULL ? '-' : ' ');
		if (esc != NULL && esc[0] != '\0')
			buf_addf(out, "%s ", esc);
		line = span_head(line, REPLY_LINE_MAX - 2 - (out->n - from));
		for (size_t i = 0; i < line.n; i++)
			buf_add_char(out, tame(line.p[i]));
		buf_add_str(out, "\r\n");
	}
	if (!out->full)
		return 0;
	buf_cut(out, was);
	return -1;
}
