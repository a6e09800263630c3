/*
 * mime_binary - see mime_binary.h.
 * Two ways to read take turns: a header is gathered line by line, a body is
 * cut at what may be a delimiter (mime_cut).  When a header is whole it says
 * what its body is: one to pass on, one to encode (mime_leaf), a multipart, of
 * which the boundary is put on a stack, or a message, with which another header
 * begins.  What a delimiter is, where a header ends and which type counts is
 * decided as in mime_walk, so that who reads the mailbox sees the same parts.
 */
#include "mail/mime_binary.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "mail/header.h"
#include "mail/mime_cut.h"
#include "mail/mime_label.h"
#include "mail/mime_leaf.h"
#include "mail/mime_lines.h"

#define CTE	MIME_LABEL_CTE
#define CRLF	SPAN_LIT("\r\n")

struct frame {			/* an open multipart or message */
	char	boundary[MIME_LABEL_BOUNDARY];
	size_t	boundary_n;	/* 0: a message, has none */
	bool	digest, within_signed, closed;
};

struct mime_binary {
	struct mime_binary_limits limits;
	struct mime_binary_sink sink;
	enum mime_binary_state state;
	enum { IN_HEADER, IN_PASSED, IN_LEAF } in;
	bool	top;			/* the header at hand is the first */

	struct buf head;		/* the header at hand */
	size_t	head_line;		/* where in it the last line begins */
	size_t	fields;
	struct span fields_text;	/* of a leaf: head without its end */

	struct frame *frames;		/* MIME_BINARY_DEPTH of them */
	unsigned depth;
	bool	delimited;		/* one of them is a multipart */
	struct mime_cut cut;
	struct mime_leaf leaf;
	struct mime_lines lines;	/* of what is passed on */
	struct arena *mem;

	uint64_t octets;
	bool	eight_bit;
	char	last;			/* octet put */
};

/* ------------------------------------------------------------------- output */

static void
put(struct mime_binary *b, struct span s)
{
	unsigned char all = 0;

	if (b->state != MIME_BINARY_GOOD || s.n == 0)
		return;
	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	b->eight_bit = b->eight_bit || all > 127;
	b->octets += s.n;
	b->last = s.p[s.n - 1];
	b->sink.put(b->sink.ctx, s);
}

static void
fail(struct mime_binary *b, enum mime_binary_state why)
{
	if (b->state == MIME_BINARY_GOOD)
		b->state = why;
}

/* As it came, if it is made of lines. */
static void
pass(struct mime_binary *b, struct span s)
{
	mime_lines_add(&b->lines, s);
	if (b->lines.bad)
		fail(b, MIME_BINARY_LINES);
	put(b, s);
}

/* With one Content-Transfer-Encoding, where the first one stood. */
static void
put_labelled(struct mime_binary *b, struct span fields, const char *encoding)
{
	struct header_field f, version;
	struct header_walk w;
	bool said = false;

	if (b->top && !header_find(fields, "MIME-Version", &version))
		put(b, SPAN_LIT("MIME-Version: 1.0\r\n"));
	header_walk_init(&w, fields, SIZE_MAX);
	while (header_next(&w, &f)) {
		if (!span_ieq_str(f.name, CTE)) {
			put(b, f.whole);
		} else if (!said) {
			put(b, SPAN_LIT(CTE ": "));
			put(b, span_str(encoding));
			put(b, CRLF);
			said = true;
		}
	}
}

/* mime_leaf knows what becomes of the body. */
static void
leaf_form(void *ctx, const char *encoding)
{
	struct mime_binary *b = ctx;

	put_labelled(b, b->fields_text, encoding);
	put(b, CRLF);
}

static void
leaf_put(void *ctx, struct span s)
{
	put(ctx, s);
}

/* -------------------------------------------------------------------- begin */

static void
header_begins(struct mime_binary *b)
{
	buf_clear(&b->head);
	b->head_line = b->fields = 0;
	b->in = IN_HEADER;
}

struct mime_binary *
mime_binary_new(const struct mime_binary_limits *limits,
    const struct mime_binary_sink *sink)
{
	struct mime_binary *b = xcalloc(1, sizeof(*b));
	const struct mime_leaf_sink to = { .form = leaf_form, .put = leaf_put,
		.ctx = b };

	b->limits = *limits;
	b->sink = *sink;
	b->top = true;
	b->frames = xcalloc(MIME_BINARY_DEPTH, sizeof(*b->frames));
	b->mem = arena_new(MIME_LABEL_MEM);
	buf_init(&b->head, limits->header_octets);
	mime_cut_init(&b->cut);
	mime_leaf_init(&b->leaf, &to);
	mime_lines_init(&b->lines);
	header_begins(b);
	return b;
}

void
mime_binary_free(struct mime_binary **b)
{
	if (*b == NULL)
		return;
	free((*b)->frames);
	arena_free(&(*b)->mem);
	buf_fini(&(*b)->head);
	mime_cut_fini(&(*b)->cut);
	mime_leaf_fini(&(*b)->leaf);
	free(*b);
	*b = NULL;
}

/* ------------------------------------------------------- what a header says */

/* What stands behind the fields of a header. */
enum behind { BEHIND_EMPTY_LINE, BEHIND_STRAY_LINE, BEHIND_NOTHING };

static const struct frame *
innermost(const struct mime_binary *b)
{
	return b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
}

static void
judge(struct mime_binary *b, struct span fields, struct mime_label *l)
{
	const struct frame *f = innermost(b);

	mime_label_read(l, fields, f != NULL && f->digest, b->mem);
	if (l->boundary_too_long)
		fail(b, MIME_BINARY_DEEP);
	if (l->binary && f != NULL && f->within_signed)
		fail(b, MIME_BINARY_SIGNED);
}

static void
push(struct mime_binary *b, const struct mime_label *l)
{
	const struct frame *outer = innermost(b);
	struct frame *f;

	if (b->depth == MIME_BINARY_DEPTH) {
		fail(b, MIME_BINARY_DEEP);
		return;
	}
	f = &b->frames[b->depth++];
	f->boundary_n = l->boundary_n;
	memcpy(f->boundary, l->boundary, l->boundary_n);
	f->digest = l->digest;
	f->within_signed = (outer != NULL && outer->within_signed) ||
	    l->signature;
	f->closed = false;
	b->delimited = b->delimited || f->boundary_n > 0;
}

static void
body_begins(struct mime_binary *b)
{
	b->in = IN_PASSED;
	mime_cut_begin(&b->cut);
	mime_lines_init(&b->lines);
}

/* A part that is not one of those to be encoded. */
static void
pass_header(struct mime_binary *b, const struct mime_label *l,
    struct span fields, enum behind behind)
{
	if (l->binary)
		put_labelled(b, fields,
		    behind == BEHIND_NOTHING ? "7bit" : "8bit");
	else
		put(b, fields);
	/* A stray line behind a field of ours would be taken for its value. */
	if (behind == BEHIND_EMPTY_LINE ||
	    (behind == BEHIND_STRAY_LINE && l->binary))
		put(b, CRLF);
}

/* The header at hand is whole, up to fields_n; the body comes, if any does. */
static void
header_ends(struct mime_binary *b, size_t fields_n, enum behind behind)
{
	struct span fields = span_head(buf_span(&b->head), fields_n);
	struct mime_label l;

	judge(b, fields, &l);
	body_begins(b);
	if (behind != BEHIND_NOTHING && l.binary && !l.composite) {
		b->fields_text = fields;
		b->in = IN_LEAF;
		mime_leaf_begin(&b->leaf, l.text);
		return;		/* top is asked for once more */
	}
	pass_header(b, &l, fields, behind);
	b->top = false;
	if (behind == BEHIND_NOTHING)
		return;
	if (l.boundary_n > 0 || l.message)
		push(b, &l);
	if (l.message)
		header_begins(b);
}

/* --------------------------------------------------------------- delimiters */

/* The innermost open multipart of that boundary, or none: depth. */
static unsigned
find_frame(const struct mime_binary *b, struct span boundary)
{
	for (unsigned i = b->depth; i-- > 0;) {
		const struct frame *f = &b->frames[i];

		if (f->boundary_n > 0 && !f->closed &&
		    span_eq(span_of(f->boundary, f->boundary_n), boundary))
			return i;
	}
	return b->depth;
}

/*
 * RFC 2046 5.1.1 delimiter, close-delimiter.
 * returns  the place of its multipart in the stack, or depth: it is none
 */
static unsigned
delimiter(const struct mime_binary *b, struct span line, bool *closes)
{
	unsigned at;

	*closes = false;
	if (!span_starts(line, SPAN_LIT("--")))
		return b->depth;
	line = span_from(line, 2);
	if (span_ends(line, CRLF))
		line.n -= 2;
	while (line.n > 0 && (line.p[line.n - 1] == ' ' ||
	    line.p[line.n - 1] == '\t'))
		line.n--;
	at = find_frame(b, line);
	if (at < b->depth || !span_ends(line, SPAN_LIT("--")))
		return at;
	*closes = true;
	return find_frame(b, span_head(line, line.n - 2));
}

/* The line, which stands in the cut or in the header, is a delimiter. */
static void
delimited(struct mime_binary *b, struct span line, unsigned at, bool closes)
{
	if (b->in == IN_LEAF) {
		mime_leaf_end(&b->leaf, true);
		mime_lines_init(&b->lines);
	}
	if (b->cut.held)
		pass(b, CRLF);
	pass(b, line);
	b->depth = at + 1;
	b->frames[at].closed = closes;
	if (closes)
		body_begins(b);
	else
		header_begins(b);
}

/* -------------------------------------------------------------------- input */

static void
data(struct mime_binary *b, struct span s)
{
	if (b->in == IN_LEAF)
		mime_leaf_add(&b->leaf, s);
	else
		pass(b, s);
}

static void
found(struct mime_binary *b, enum mime_cut_found what, struct span s)
{
	bool closes;
	unsigned at;

	if (what == MIME_CUT_DATA) {
		data(b, s);
	} else if (what == MIME_CUT_LINE_IS) {
		at = delimiter(b, s, &closes);
		if (at < b->depth)
			delimited(b, s, at, closes);
		else
			mime_cut_is_data(&b->cut);
	}
}

static void
body_add(struct mime_binary *b, struct span *in)
{
	struct span s;

	if (b->delimited) {
		found(b, mime_cut_next(&b->cut, in, &s), s);
		return;
	}
	data(b, *in);
	*in = SPAN_NONE;
}

/* A line that belongs to no header ends this one, and is read anew. */
static void
header_meets(struct mime_binary *b, struct span line)
{
	struct buf copy;
	struct span in;

	buf_init(&copy, line.n);
	(void)!buf_add_span(&copy, line);	/* fits */
	in = buf_span(&copy);
	header_ends(b, b->head_line, BEHIND_STRAY_LINE);
	mime_binary_add(b, in);
	buf_fini(&copy);
}

/* The last line of the header at hand, whole or the end of all. */
static void
header_line(struct mime_binary *b)
{
	struct span line = span_from(buf_span(&b->head), b->head_line), text;
	bool closes;
	unsigned at = delimiter(b, line, &closes);

	mime_lines_add(&b->lines, line);
	if (b->lines.bad) {
		fail(b, MIME_BINARY_LINES);
		return;
	}
	if (at < b->depth) {
		header_ends(b, b->head_line, BEHIND_NOTHING);
		delimited(b, line, at, closes);
		return;
	}
	text = span_ends(line, CRLF) ? span_head(line, line.n - 2) : line;
	switch (header_line_kind(text, b->fields == 0)) {
	case HEADER_LINE_FIELD:
		if (b->fields++ == b->limits.header_fields)
			fail(b, MIME_BINARY_HEADER);
		b->head_line = b->head.n;
		break;
	case HEADER_LINE_MORE:
		b->head_line = b->head.n;
		break;
	case HEADER_LINE_EMPTY:
		header_ends(b, b->head_line, BEHIND_EMPTY_LINE);
		break;
	case HEADER_LINE_STRAY:
		header_meets(b, line);
		break;
	}
}

static void
header_add(struct mime_binary *b, struct span *in)
{
	size_t n = span_chr(*in, '\n');
	bool whole = n < in->n;
	struct span part = span_head(*in, whole ? n + 1 : n);

	*in = span_from(*in, part.n);
	if (buf_add_span(&b->head, part) != 0)
		fail(b, MIME_BINARY_HEADER);
	else if (whole)
		header_line(b);
}

void
mime_binary_add(struct mime_binary *b, struct span octets)
{
	while (octets.n > 0 && b->state == MIME_BINARY_GOOD)
		if (b->in == IN_HEADER)
			header_add(b, &octets);
		else
			body_add(b, &octets);
}

static void
end_header(struct mime_binary *b)
{
	if (span_ends(buf_span(&b->head), SPAN_LIT("\r")))
		fail(b, MIME_BINARY_LINES);
	else if (b->head.n > b->head_line)
		header_line(b);
	if (b->in == IN_HEADER && b->state == MIME_BINARY_GOOD)
		header_ends(b, b->head.n, BEHIND_NOTHING);
}

void
mime_binary_end(struct mime_binary *b)
{
	enum mime_cut_found what;
	struct span s;

	if (b->state == MIME_BINARY_GOOD && b->in == IN_HEADER)
		end_header(b);
	while (b->delimited && b->in != IN_HEADER &&
	    b->state == MIME_BINARY_GOOD &&
	    (what = mime_cut_last(&b->cut, &s)) != MIME_CUT_MORE)
		found(b, what, s);
	if (b->in == IN_LEAF)
		mime_leaf_end(&b->leaf, false);
	mime_lines_end(&b->lines);
	if (b->in != IN_LEAF && b->lines.bad)
		fail(b, MIME_BINARY_LINES);
	if (b->octets > 0 && b->last != '\n')
		put(b, CRLF);
}

/* ------------------------------------------------------------------ results */

enum mime_binary_state
mime_binary_state(const struct mime_binary *b)
{
	return b->state;
}

uint64_t
mime_binary_octets(const struct mime_binary *b)
{
	return b->octets;
}

bool
mime_binary_eight_bit(const struct mime_binary *b)
{
	return b->eight_bit;
}
