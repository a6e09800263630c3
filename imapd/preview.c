/*
 * preview - see preview.h.
 * Only the beginning of a part is decoded.  White space and characters that
 * cannot be seen become one space; of HTML, tags are spaces, too, and what
 * stands in head, style and script elements is passed over.
 */
#include "imapd/preview.h"

#include "base/arena.h"
#include "base/b64.h"
#include "base/cur.h"
#include "base/qp.h"
#include "base/utf8.h"
#include "mail/mime_text.h"
#include "os/charset.h"

#define FIELDS_MEM	(256 * KIB)
#define READ_MAX	(32 * KIB)	/* octets of a part, encoded */

/* ------------------------------------------------------------ characters */

struct line {
	struct buf *out;
	size_t	chars;
	bool	space;		/* one is due before the next character */
};

static bool
is_space(int32_t c)
{
	return c <= ' ' || (c >= 0x7f && c <= 0xa0) || c == 0xad ||
	    (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
	    (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff;
}

/* false: the line is full. */
static bool
put(struct line *l, int32_t c)
{
	if (is_space(c)) {
		l->space = l->chars > 0;
		return true;
	}
	if (l->chars + (l->space ? 1 : 0) >= PREVIEW_CHARS)
		return false;
	if (l->space) {
		(void)buf_add_char(l->out, ' ');	/* the cap has room */
		l->chars++;
		l->space = false;
	}
	l->chars++;
	return utf8_put(l->out, (uint32_t)c) == 0;
}

/* ------------------------------------------------------------------ HTML */

/* The octet behind the end of what begins with `from`, or all of it. */
static void
pass(struct span *text, struct span end)
{
	while (text->n > 0 && !span_istarts(*text, end))
		*text = span_from(*text, 1);
	*text = span_from(*text, end.n);
}

/* A tag; '<' is taken. */
static void
pass_tag(struct span *text)
{
	static const struct { const char *name, *end; } hidden[] = {
		{ "style", "</style" }, { "script", "</script" },
		{ "head", "</head" }, { "title", "</title" },
	};
	struct span name;
	struct cur c;

	if (span_starts(*text, SPAN_LIT("!--"))) {
		pass(text, SPAN_LIT("-->"));
		return;
	}
	cur_init(&c, *text, 0, 0);
	name = cur_while(&c, ascii_isalpha);
	for (size_t i = 0; i < COUNT(hidden); i++)
		if (span_ieq_str(name, hidden[i].name)) {
			pass(text, span_str(hidden[i].end));
			break;
		}
	pass(text, SPAN_LIT(">"));
}

/* A character reference; '&' is taken.  '&' itself where it is none. */
static int32_t
take_entity(struct span *text)
{
	static const struct { const char *name; int32_t c; } names[] = {
		{ "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' },
		{ "quot;", '"' }, { "apos;", '\'' }, { "nbsp;", ' ' },
	};
	struct cur c;
	uint64_t n;

	for (size_t i = 0; i < COUNT(names); i++)
		if (span_starts(*text, span_str(names[i].name))) {
			*text = span_from(*text,
			    span_str(names[i].name).n);
			return names[i].c;
		}
	cur_init(&c, *text, 0, 0);
	if (!cur_take(&c, '#') || !cur_u64(&c, 0x10ffff, &n) ||
	    !cur_take(&c, ';') || (n >= 0xd800 && n <= 0xdfff))
		return '&';
	*text = cur_rest(&c);
	return (int32_t)n;
}

void
preview_put(struct buf *out, struct span text, bool html)
{
	struct line l = { .out = out };
	int32_t c;

	buf_clear(out);
	while (text.n > 0) {
		c = utf8_next(&text);
		if (c < 0)
			break;
		if (html && c == '<') {
			pass_tag(&text);
			c = ' ';
		} else if (html && c == '&')
			c = take_entity(&text);
		if (!put(&l, c))
			break;
	}
}

/* ----------------------------------------------------------------- parts */

static int
convert(void *ctx, struct span charset, struct span in, struct buf *out)
{
	(void)ctx;
	return charset_to_utf8(charset, in, out);
}

static void
decode(struct buf *out, const struct mime_fields *f, struct span body)
{
	body = span_head(body, READ_MAX);
	if (span_ieq_str(f->encoding, "base64"))
		(void)b64_decode_mime(out, body);	/* a beginning */
	else if (span_ieq_str(f->encoding, "quoted-printable"))
		(void)qp_decode(out, body);		/* likewise */
	else
		(void)buf_add_span(out, body);
}

/* The text, in UTF-8, of a part that was chosen. */
static void
put_part(struct buf *out, const struct mime_fields *f, struct span body)
{
	const struct mime_charset more = { .convert = convert };
	struct span charset = mime_param(&f->type.params, "charset");
	struct buf raw, utf8;

	buf_init(&raw, READ_MAX);
	buf_init(&utf8, (size_t)4 * READ_MAX);
	decode(&raw, f, body);
	if (charset.p == NULL)
		charset = SPAN_LIT("utf-8");	/* bad octets: U+FFFD */
	if (mime_charset_utf8(charset, buf_span(&raw), &more, &utf8) == 0)
		preview_put(out, buf_span(&utf8),
		    mime_type_is(&f->type, "text", "html"));
	buf_fini(&utf8);
	buf_fini(&raw);
}

static bool
is_wanted(const struct mime_fields *f, const char *subtype)
{
	return mime_type_is(&f->type, "text", subtype) &&
	    !span_ieq_str(f->disposition.kind, "attachment");
}

static bool
try_subtype(const struct mime_tree *tree, struct span raw,
    const char *subtype, struct buf *out)
{
	struct arena *mem = arena_new(FIELDS_MEM);
	const struct mime_part *p;
	struct mime_fields f;
	bool found = false;

	for (uint32_t i = 0; i < tree->n && !found; i++) {
		p = &tree->v[i];
		if (p->kind != MIME_LEAF)
			continue;
		arena_clear(mem);
		mime_fields_read(mime_part_header(p, raw), false, mem, &f);
		if (!is_wanted(&f, subtype))
			continue;
		put_part(out, &f, mime_part_body(p, raw));
		found = out->n > 0;
	}
	arena_free(&mem);
	return found;
}

void
preview_text(const struct mime_tree *tree, struct span raw, struct buf *out)
{
	buf_clear(out);
	if (!try_subtype(tree, raw, "plain", out))
		(void)try_subtype(tree, raw, "html", out);
}
