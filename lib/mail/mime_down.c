/*
 * mime_down - see mime_down.h.  The tree of the parts says where header and
 * body of each stand; one walk over it writes them in order, with the octets
 * between them.  A part without 8-bit octets is copied; in others
 * Content-Transfer-Encoding is replaced: quoted-printable for a leaf, 7bit for
 * what contains others (RFC 2045 6.4: nothing else may stand there).
 */
#include "mail/mime_down.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/qp.h"
#include "mail/header.h"
#include "mail/mime_walk.h"

#define FIELDS_MAX	5000	/* of one header */
#define FIELDS_MEM	(64 * KIB)
#define CTE		"Content-Transfer-Encoding"

struct down {
	struct span message;
	const struct mime_down_sink *sink;
	struct mime_tree tree;
	struct arena *mem;
	struct buf line;
	enum mime_down end;	/* MIME_DOWN_DONE as long as all is well */
};

static void
put(struct down *d, struct span octets)
{
	if (d->end == MIME_DOWN_DONE && octets.n > 0 &&
	    d->sink->put(d->sink->ctx, octets) != 0)
		d->end = MIME_DOWN_STOPPED;
}

static void
cannot(struct down *d)
{
	if (d->end == MIME_DOWN_DONE)
		d->end = MIME_DOWN_CANNOT;
}

static bool
has_8bit(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] & 0x80) != 0)
			return true;
	return false;
}

static struct span
between(const struct down *d, size_t from, size_t to)
{
	return to > from ? span_of(d->message.p + from, to - from) : SPAN_NONE;
}

/* What stands between parts belongs to none and cannot be encoded. */
static void
put_between(struct down *d, size_t from, size_t to)
{
	struct span s = between(d, from, to);

	if (has_8bit(s))
		cannot(d);
	put(d, s);
}

/* ------------------------------------------------------------------ header */

static void
put_header(struct down *d, struct span header, struct span encoding, bool top)
{
	bool version = false, type = false;
	struct header_field f;
	struct header_walk w;

	header_walk_init(&w, header, FIELDS_MAX);
	while (header_next(&w, &f)) {
		version = version || span_ieq_str(f.name, "MIME-Version");
		type = type || span_ieq_str(f.name, "Content-Type");
		if (!span_ieq_str(f.name, CTE))
			put(d, f.whole);
	}
	if (w.why_end == HEADER_TOO_MANY)
		cannot(d);
	if (top && !version)
		put(d, SPAN_LIT("MIME-Version: 1.0\r\n"));
	/* Else it would be us-ascii (RFC 2045 5.2), which it is not. */
	if (!type && span_eq_str(encoding, "quoted-printable"))
		put(d, SPAN_LIT("Content-Type: text/plain; "
		    "charset=unknown-8bit\r\n"));
	put(d, SPAN_LIT(CTE ": "));
	put(d, encoding);
	put(d, SPAN_LIT("\r\n\r\n"));
}

/* ------------------------------------------------------------------- parts */

/* The encodings that a body with 8-bit octets may honestly have. */
static bool
is_plain(struct span encoding)
{
	return span_ieq_str(encoding, "8bit") ||
	    span_ieq_str(encoding, "7bit") ||
	    span_ieq_str(encoding, "binary");
}

/* Line by line, whatever ends them; the last may have no end. */
static void
put_quoted(struct down *d, struct span body)
{
	while (body.n > 0 && d->end == MIME_DOWN_DONE) {
		size_t n = span_chr(body, '\n');
		bool ended = n < body.n;
		struct span line = span_head(body, n);

		body = span_from(body, ended ? n + 1 : n);
		if (ended && span_ends(line, SPAN_LIT("\r")))
			line = span_head(line, line.n - 1);
		buf_clear(&d->line);
		if (qp_encode(&d->line, line) != 0 || (ended &&
		    buf_add_str(&d->line, "\r\n") != 0))
			cannot(d);
		put(d, buf_span(&d->line));
	}
}

static void
put_leaf(struct down *d, const struct mime_part *p,
    const struct mime_fields *f)
{
	/* A multipart or message that is a leaf lies beyond a limit, or is one
	   that may not be encoded (RFC 2046 5.2). */
	if (!is_plain(f->encoding) ||
	    mime_type_is(&f->type, "multipart", NULL) ||
	    mime_type_is(&f->type, "message", NULL)) {
		cannot(d);
		return;
	}
	put_header(d, mime_part_header(p, d->message),
	    SPAN_LIT("quoted-printable"), p == d->tree.v);
	put_quoted(d, mime_part_body(p, d->message));
}

static void put_part(struct down *d, uint32_t i, bool in_digest);

static void
put_container(struct down *d, const struct mime_part *p,
    const struct mime_fields *f)
{
	/* Asked once: a header may be long, and have a thousand parts. */
	bool digest = mime_type_is(&f->type, "multipart", "digest");
	size_t at = p->body_at;

	if (!is_plain(f->encoding) ||
	    mime_type_is(&f->type, "multipart", "signed")) {
		cannot(d);
		return;
	}
	put_header(d, mime_part_header(p, d->message), SPAN_LIT("7bit"),
	    p == d->tree.v);
	for (uint32_t c = p->first_child; c != MIME_NONE &&
	    d->end == MIME_DOWN_DONE; c = d->tree.v[c].next) {
		put_between(d, at, d->tree.v[c].header_at);
		put_part(d, c, digest);
		at = d->tree.v[c].body_end;
	}
	put_between(d, at, p->body_end);
}

/* Depth is bounded by MIME_DOWN_DEPTH. */
static void
put_part(struct down *d, uint32_t i, bool in_digest)
{
	const struct mime_part *p = &d->tree.v[i];
	struct mime_fields f;

	if (!has_8bit(mime_part_body(p, d->message))) {
		put(d, between(d, p->header_at, p->body_end));
		return;
	}
	arena_clear(d->mem);
	mime_fields_read(mime_part_header(p, d->message), in_digest, d->mem,
	    &f);
	if (p->kind == MIME_LEAF)
		put_leaf(d, p, &f);
	else
		put_container(d, p, &f);
}

enum mime_down
mime_down(struct span message, const struct mime_down_sink *sink)
{
	struct down d = { .message = message, .sink = sink,
		.end = MIME_DOWN_DONE };

	mime_walk(message, MIME_DOWN_DEPTH, MIME_DOWN_PARTS, &d.tree);
	d.mem = arena_new(FIELDS_MEM);
	/* An octet becomes three, and each 75 of them bring "=" CR LF. */
	buf_init(&d.line, 4 * message.n + 16);
	put_part(&d, 0, false);
	put_between(&d, d.tree.v[0].body_end, message.n);
	buf_fini(&d.line);
	arena_free(&d.mem);
	mime_tree_fini(&d.tree);
	return d.end;
}
