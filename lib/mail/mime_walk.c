/*
 * One pass over the lines, with a stack of the open multiparts and messages.
 * A line is judged once: is it a delimiter of an open multipart, is it a line
 * of a header, else it is body.  Delimiters are found by a 64-bit hash of the
 * line and only compared where that agrees, so a line costs its own length
 * and one number per open multipart.  A header is read a second time when it
 * ends, for its Content-Type.  Line counts are differences of running counts.
 */
#include "mail/mime_walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "mail/header.h"

#define BOUNDARY_MAX	(8 * KIB)	/* RFC 2046 5.1.1 allows 70 octets */
#define TYPE_MEM	(64 * KIB)	/* for one Content-Type */

struct frame {			/* an open multipart or message */
	uint32_t part;
	uint32_t last_child;
	bool	digest;
	bool	closed;		/* no delimiter counts any more */
	uint64_t hash;
	char   *boundary;	/* owned; "": a message, has none */
	size_t	boundary_n;
};

struct mark {			/* a place, and the line ends before it */
	size_t at, lf, bare;
};

struct walk {
	struct span msg;
	struct mime_tree *t;
	uint32_t parts_max, size;
	unsigned depth_max;
	struct frame *stack;
	unsigned depth;
	uint32_t leaf;		/* the part that lines go to; MIME_NONE: none */
	bool	in_header;	/* of leaf */
	bool	first;		/* no field yet in this header */
	bool	global;		/* a message/global may be a message */
	struct mark line;	/* begin of the line now judged */
	struct mark before;	/* the same without the line end before it */
	struct mark *open;	/* where the body of v[i] begins */
	struct arena *mem;
};

static uint64_t
hash_of(struct span s)
{
	static const uint8_t key[16];	/* collisions cost a compare */

	return siphash(key, s.p, s.n);
}

static size_t
lines_between(struct mark a, struct mark b, struct span msg)
{
	size_t n = b.lf - a.lf;

	return n + (b.at > a.at && msg.p[b.at - 1] != '\n' ? 1 : 0);
}

static struct mime_part *
part_at(struct walk *w, uint32_t i)
{
	return &w->t->v[i];
}

/* A part whose header begins at m, in the innermost frame. */
static uint32_t
part_new(struct walk *w, struct mark m)
{
	uint32_t i = w->t->n++;
	struct frame *f = w->depth > 0 ? &w->stack[w->depth - 1] : NULL;

	if (w->t->n > w->size) {
		w->size = w->size > 0 ? w->size * 2 : 16;
		w->t->v = xreallocarray(w->t->v, w->size, sizeof(w->t->v[0]));
		w->open = xreallocarray(w->open, w->size, sizeof(w->open[0]));
	}
	*part_at(w, i) = (struct mime_part){ .kind = MIME_LEAF,
		.parent = f != NULL ? f->part : MIME_NONE,
		.first_child = MIME_NONE, .next = MIME_NONE,
		.header_at = m.at, .body_at = m.at, .body_end = m.at };
	w->open[i] = m;
	if (f == NULL)
		return i;
	if (f->last_child == MIME_NONE)
		part_at(w, f->part)->first_child = i;
	else
		part_at(w, f->last_child)->next = i;
	part_at(w, f->part)->children++;
	f->last_child = i;
	return i;
}

static void
part_begin(struct walk *w, struct mark m)
{
	w->leaf = part_new(w, m);
	w->in_header = true;
	w->first = true;
}

/* The leaf, of which nothing was seen yet, begins at m instead. */
static void
part_moves(struct walk *w, struct mark m)
{
	struct mime_part *p = part_at(w, w->leaf);

	p->header_at = p->body_at = p->body_end = m.at;
	w->open[w->leaf] = m;
}

/* The header of the leaf ends at m, its body begins there. */
static void
header_ends(struct walk *w, struct mark m)
{
	struct mime_part *p = part_at(w, w->leaf);

	p->body_at = p->body_end = m.at;
	p->header_lines = lines_between(w->open[w->leaf], m, w->msg);
	p->header_bare = m.bare - w->open[w->leaf].bare;
	w->open[w->leaf] = m;
	w->in_header = false;
}

/*
 * The body of v[i] ends at m, or where it begins, if nothing but the line end
 * of the delimiter stands between them.  Returns where, since what it lies in
 * must not end before it.
 */
static struct mark
body_ends(struct walk *w, uint32_t i, struct mark m)
{
	struct mime_part *p = part_at(w, i);
	struct mark from = w->open[i];

	if (m.at < from.at)
		m = from;
	p->body_end = m.at;
	p->body_lines = lines_between(from, m, w->msg);
	p->body_bare = m.bare - from.bare;
	return m;
}

/* A multipart has at least one part, RFC 3501 9 body-type-mpart. */
static struct mark
frame_ends(struct walk *w, struct mark m)
{
	struct frame *f = &w->stack[w->depth - 1];

	m = body_ends(w, f->part, m);
	if (f->last_child == MIME_NONE)
		(void)part_new(w, m);	/* all its fields are set there */
	free(f->boundary);
	w->depth--;
	return m;
}

/* End all that is open above the first `keep` frames. */
static void
end_above(struct walk *w, unsigned keep, struct mark m)
{
	if (w->leaf != MIME_NONE) {
		if (w->in_header)
			header_ends(w, m.at < w->open[w->leaf].at ?
			    w->open[w->leaf] : m);
		m = body_ends(w, w->leaf, m);
		w->leaf = MIME_NONE;
	}
	while (w->depth > keep)
		m = frame_ends(w, m);
}

static bool
frame_push(struct walk *w, enum mime_kind kind, struct span boundary)
{
	struct frame *f;

	if (w->depth == w->depth_max || w->t->n >= w->parts_max) {
		w->t->cut = true;
		return false;
	}
	f = &w->stack[w->depth++];
	f->part = w->leaf;
	f->last_child = MIME_NONE;
	f->digest = f->closed = false;
	f->boundary = xmemdup_str(boundary.p, boundary.n);
	f->boundary_n = boundary.n;
	f->hash = hash_of(boundary);
	part_at(w, w->leaf)->kind = kind;
	w->leaf = MIME_NONE;
	return true;
}

/* RFC 2046 5.1.5 */
static void
type_of(struct span header, bool in_digest, struct arena *mem,
    struct mime_type *type)
{
	struct header_field f;

	mime_type_default(type);
	if (header_find(header, "Content-Type", &f))
		(void)mime_type_parse(f.value, mem, type); /* else default */
	else if (in_digest)
		*type = (struct mime_type){ .type = SPAN_LIT("message"),
			.subtype = SPAN_LIT("rfc822") };
}

/* RFC 6532 3.7: it may be encoded; then it is no message before that is undone. */
static bool
is_plain(struct span header)
{
	struct header_field f;
	struct span cte;

	if (!header_find(header, "Content-Transfer-Encoding", &f))
		return true;
	cte = span_trim_ws(f.value);
	return span_ieq_str(cte, "7bit") || span_ieq_str(cte, "8bit") ||
	    span_ieq_str(cte, "binary");
}

/* Is it a message within the message? */
static bool
is_message(struct walk *w, const struct mime_type *type, struct span header)
{
	if (mime_type_is(type, "message", "rfc822"))
		return true;
	if (!mime_type_is(type, "message", "global"))
		return false;
	w->t->global = true;
	return w->global && is_plain(header);
}

/* What the body of the leaf is, now that its header is known. */
static void
body_begins(struct walk *w)
{
	const struct mime_part *p = part_at(w, w->leaf);
	bool in_digest = w->depth > 0 && w->stack[w->depth - 1].digest;
	struct mime_type type;
	struct buf b;
	struct span boundary, charset;

	arena_clear(w->mem);
	type_of(mime_part_header(p, w->msg), in_digest, w->mem, &type);
	if (is_message(w, &type, mime_part_header(p, w->msg))) {
		if (frame_push(w, MIME_MESSAGE, SPAN_NONE))
			part_begin(w, w->line);
		return;
	}
	if (!mime_type_is(&type, "multipart", NULL))
		return;
	buf_init(&b, BOUNDARY_MAX);
	if (mime_param_decode(&type.params, "boundary", &b, &charset) == 0) {
		boundary = span_trim(buf_span(&b));
		if (boundary.n > 0 &&
		    frame_push(w, MIME_MULTIPART, boundary))
			w->stack[w->depth - 1].digest =
			    mime_type_is(&type, "multipart", "digest");
	}
	buf_fini(&b);
}

/* The innermost open multipart with this boundary, or none: depth. */
static unsigned
frame_find(const struct walk *w, struct span boundary)
{
	uint64_t h;

	if (boundary.n == 0 || boundary.n > BOUNDARY_MAX)
		return w->depth;
	h = hash_of(boundary);
	for (unsigned i = w->depth; i-- > 0;) {
		const struct frame *f = &w->stack[i];

		if (f->hash == h && !f->closed &&
		    span_eq(span_of(f->boundary, f->boundary_n), boundary))
			return i;
	}
	return w->depth;
}

/*
 * Delimiters in a row stand for one: between two parts there would be an
 * empty line at least (RFC 2046 5.1.1).
 */
static bool
just_begun(struct walk *w)
{
	return w->leaf != MIME_NONE && w->in_header &&
	    w->open[w->leaf].at == w->line.at;
}

/*
 * RFC 2046 5.1.1 delimiter, close-delimiter.  true: the line was one.
 * A boundary may itself end in "--": the plain reading is tried first.
 */
static bool
delimiter(struct walk *w, struct span line)
{
	unsigned at;
	bool closes = false;

	if (w->depth == 0 || line.n < 3 || line.p[0] != '-' ||
	    line.p[1] != '-')
		return false;
	line = span_from(line, 2);
	while (line.n > 0 && (line.p[line.n - 1] == ' ' ||
	    line.p[line.n - 1] == '\t'))
		line.n--;
	at = frame_find(w, line);
	if (at == w->depth && span_ends(line, SPAN_LIT("--"))) {
		closes = true;
		at = frame_find(w, span_head(line, line.n - 2));
	}
	if (at == w->depth)
		return false;
	if (!closes && at + 1 == w->depth && just_begun(w))
		return true;
	end_above(w, at + 1, w->before);
	if (closes)
		w->stack[at].closed = true;
	else if (w->t->n >= w->parts_max)
		w->t->cut = w->stack[at].closed = true;
	return true;
}

static void
header_line(struct walk *w, struct span line, struct mark next)
{
	switch (header_line_kind(line, w->first)) {
	case HEADER_LINE_FIELD:
		w->first = false;
		return;
	case HEADER_LINE_MORE:
		return;
	case HEADER_LINE_EMPTY:
		w->line = next;
		break;
	case HEADER_LINE_STRAY:
		break;
	}
	header_ends(w, w->line);
	body_begins(w);
}

/* One line, without and with its line end; next: what is behind it. */
static void
take_line(struct walk *w, struct span line, struct mark next)
{
	struct mark begin = w->line;

	if (delimiter(w, line)) {
		if (w->leaf != MIME_NONE)
			part_moves(w, next);
		else if (!w->stack[w->depth - 1].closed)
			part_begin(w, next);
	} else {
		/* a stray line may begin the next header, and so on */
		while (w->leaf != MIME_NONE && w->in_header &&
		    w->line.at == begin.at) {
			uint32_t leaf = w->leaf;

			header_line(w, line, next);
			if (w->leaf == leaf)
				break;
		}
	}
	w->before = (struct mark){ begin.at + line.n, begin.lf, begin.bare };
	w->line = next;
}

static void
walk(struct span message, unsigned depth_max, uint32_t parts_max, bool global,
    struct mime_tree *out)
{
	struct walk w = { .msg = message, .t = out, .leaf = MIME_NONE,
		.global = global };

	*out = (struct mime_tree){ .n = 0 };
	if (w.msg.p == NULL)
		w.msg.p = "";
	w.parts_max = parts_max > 0 ? parts_max : 1;
	w.depth_max = depth_max < MIME_DEPTH_MAX ? depth_max : MIME_DEPTH_MAX;
	w.stack = xcalloc((size_t)w.depth_max + 1, sizeof(w.stack[0]));
	w.mem = arena_new(TYPE_MEM);
	part_begin(&w, w.line);
	while (w.line.at < message.n) {
		const char *p = message.p + w.line.at;
		const char *lf = memchr(p, '\n', message.n - w.line.at);
		size_t n = lf != NULL ? (size_t)(lf - p) :
		    message.n - w.line.at;
		bool cr = lf != NULL && n > 0 && p[n - 1] == '\r';
		struct mark next = w.line;

		next.at += n + (lf != NULL ? 1 : 0);
		next.lf += lf != NULL ? 1 : 0;
		next.bare += lf != NULL && !cr ? 1 : 0;
		take_line(&w, span_of(p, cr ? n - 1 : n), next);
	}
	if (w.leaf != MIME_NONE && w.in_header) {
		header_ends(&w, w.line);
		body_begins(&w);
	}
	end_above(&w, 0, w.line);
	arena_free(&w.mem);
	free(w.stack);
	free(w.open);
}

void
mime_walk(struct span message, unsigned depth_max, uint32_t parts_max,
    struct mime_tree *out)
{
	walk(message, depth_max, parts_max, false, out);
}

void
mime_walk_global(struct span message, unsigned depth_max, uint32_t parts_max,
    struct mime_tree *out)
{
	walk(message, depth_max, parts_max, true, out);
}

void
mime_tree_fini(struct mime_tree *t)
{
	free(t->v);
	*t = (struct mime_tree){ .n = 0 };
}

struct span
mime_part_header(const struct mime_part *p, struct span message)
{
	return span_head(span_from(message, p->header_at),
	    p->body_at - p->header_at);
}

struct span
mime_part_body(const struct mime_part *p, struct span message)
{
	return span_head(span_from(message, p->body_at),
	    p->body_end - p->body_at);
}

size_t
mime_header_wire(const struct mime_part *p)
{
	return p->body_at - p->header_at + p->header_bare;
}

size_t
mime_body_wire(const struct mime_part *p)
{
	return p->body_end - p->body_at + p->body_bare;
}

static struct span
unfolded(struct span value, struct arena *mem)
{
	struct buf b;
	struct span s = SPAN_NONE;

	buf_init(&b, TYPE_MEM);
	if (header_unfold(&b, value) == 0)
		s = arena_span(mem, buf_span(&b));
	buf_fini(&b);
	return s;
}

static void
read_field(const struct header_field *f, struct arena *mem,
    struct mime_fields *out)
{
	struct {
		const char *name;
		struct span *to;
	} texts[] = {
		{ "Content-ID", &out->id },
		{ "Content-Description", &out->description },
		{ "Content-MD5", &out->md5 },
		{ "Content-Location", &out->location },
	};
	struct span s;

	if (span_ieq_str(f->name, "Content-Transfer-Encoding")) {
		s = arena_span(mem, mime_token(f->value));
		if (s.n > 0 && out->encoding.p == NULL)
			out->encoding = s;
	} else if (span_ieq_str(f->name, "Content-Disposition")) {
		if (out->disposition.kind.p == NULL)
			(void)mime_disposition_parse(f->value, mem,
			    &out->disposition);	/* a bad one is none */
	} else if (span_ieq_str(f->name, "Content-Language")) {
		if (out->language.n == 0)
			mime_list_parse(f->value, mem, &out->language);
	}
	for (size_t i = 0; i < COUNT(texts); i++)
		if (texts[i].to->p == NULL &&
		    span_ieq_str(f->name, texts[i].name))
			*texts[i].to = unfolded(f->value, mem);
}

void
mime_fields_read(struct span header, bool in_digest, struct arena *mem,
    struct mime_fields *out)
{
	struct header_walk w;
	struct header_field f;

	*out = (struct mime_fields){ .id = SPAN_NONE };
	type_of(header, in_digest, mem, &out->type);
	header_walk_init(&w, header, SIZE_MAX);
	while (header_next(&w, &f))
		if (span_istarts(f.name, SPAN_LIT("Content-")))
			read_field(&f, mem, out);
	if (out->encoding.p == NULL)
		out->encoding = SPAN_LIT("7bit");
	mime_params_join(&out->type.params, mem);
	mime_params_join(&out->disposition.params, mem);
}
