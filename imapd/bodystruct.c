/*
 * bodystruct - see bodystruct.h.
 * The tree is walked in depth first; its depth is bounded by the walk that
 * made it.  The fields of a part are read when they are needed and again when
 * its end is written (behind its children), so that no part holds memory
 * while another is written.
 *
 * A multipart or message that was not taken apart, because it lies beyond a
 * limit or is encoded, has no children to tell of; the grammar has no place for such a
 * thing, so it is told as application/octet-stream.
 */
#include "imapd/bodystruct.h"

#include "base/arena.h"
#include "imapd/envelope.h"
#include "imapd/strings.h"

#define FIELDS_MEM	(256 * KIB)

struct bodystruct {
	struct buf *out;
	const struct mime_tree *tree;
	struct span raw;
	bool	extended, global;
	struct arena *mem;	/* of the fields of one part */
};

static void
put_pair(struct buf *out, const char *before, struct span name,
    struct span value)
{
	buf_add_str(out, before);
	strings_put(out, name);
	buf_add_char(out, ' ');
	strings_put(out, value);
}

/*
 * body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
 * charset  it is text: where the charset is not named it is us-ascii (RFC 2045
 *	    5.2), and RFC 3501 7.4.2 wants defaults told
 */
static void
put_params(struct buf *out, const struct mime_params *ps, bool charset)
{
	const char *before = "(";

	for (size_t i = 0; i < ps->n; i++) {
		put_pair(out, before, ps->v[i].name, ps->v[i].value);
		before = " ";
		if (span_ieq_str(ps->v[i].name, "charset"))
			charset = false;
	}
	if (charset)
		put_pair(out, before, SPAN_LIT("charset"),
		    SPAN_LIT("us-ascii"));
	buf_add_str(out, ps->n > 0 || charset ? ")" : "NIL");
}

/* body-fld-lang = nstring / "(" string *(SP string) ")" */
static void
put_language(struct buf *out, const struct mime_list *list)
{
	if (list->n == 0) {
		buf_add_str(out, "NIL");
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		buf_add_char(out, i == 0 ? '(' : ' ');
		strings_put(out, list->v[i]);
	}
	buf_add_char(out, ')');
}

/* SP body-fld-dsp SP body-fld-lang SP body-fld-loc */
static void
put_tail(struct buf *out, const struct mime_fields *f)
{
	if (f->disposition.kind.p == NULL)
		buf_add_str(out, " NIL");
	else {
		buf_add_str(out, " (");
		strings_put(out, f->disposition.kind);
		buf_add_char(out, ' ');
		put_params(out, &f->disposition.params, false);
		buf_add_char(out, ')');
	}
	buf_add_char(out, ' ');
	put_language(out, &f->language);
	buf_add_char(out, ' ');
	strings_put_n(out, f->location);
}

/* body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP octets */
static void
put_basics(struct buf *out, const struct mime_fields *f,
    const struct mime_part *p)
{
	buf_add_char(out, ' ');
	put_params(out, &f->type.params,
	    mime_type_is(&f->type, "text", NULL));
	buf_add_char(out, ' ');
	strings_put_n(out, f->id);
	buf_add_char(out, ' ');
	strings_put_n(out, f->description);
	buf_add_char(out, ' ');
	strings_put(out, f->encoding);
	buf_add_char(out, ' ');
	buf_add_u64(out, mime_body_wire(p));
}

/* in_digest: p stands in a multipart/digest. */
static void
read_fields(struct bodystruct *b, const struct mime_part *p, bool in_digest,
    struct mime_fields *f)
{
	arena_clear(b->mem);
	mime_fields_read(mime_part_header(p, b->raw), in_digest, b->mem, f);
}

/* Extension data of a part that is no multipart: body-ext-1part. */
static void
put_extension(struct bodystruct *b, const struct mime_fields *f)
{
	if (!b->extended)
		return;
	buf_add_char(b->out, ' ');
	strings_put_n(b->out, f->md5);
	put_tail(b->out, f);
}

static void
put_type(struct buf *out, struct span type, struct span subtype)
{
	strings_put(out, type);
	buf_add_char(out, ' ');
	strings_put(out, subtype);
}

static void
put_leaf(struct bodystruct *b, const struct mime_part *p, bool in_digest)
{
	struct mime_fields f;
	bool closed;

	read_fields(b, p, in_digest, &f);
	closed = mime_type_is(&f.type, "multipart", NULL) ||
	    mime_type_is(&f.type, "message", "rfc822") ||
	    (b->global && mime_type_is(&f.type, "message", "global"));
	if (closed)
		put_type(b->out, SPAN_LIT("application"),
		    SPAN_LIT("octet-stream"));
	else
		put_type(b->out, f.type.type, f.type.subtype);
	put_basics(b->out, &f, p);
	if (mime_type_is(&f.type, "text", NULL)) {
		buf_add_char(b->out, ' ');
		buf_add_u64(b->out, p->body_lines);
	}
	put_extension(b, &f);
}

static void	put_part(struct bodystruct *b, const struct mime_part *p,
		    bool in_digest);

/* body-type-msg, up to its extension data. */
static void
put_message(struct bodystruct *b, const struct mime_part *p, bool in_digest)
{
	const struct mime_part *inner = &b->tree->v[p->first_child];
	struct mime_fields f;

	read_fields(b, p, in_digest, &f);
	put_type(b->out, f.type.type, f.type.subtype);
	put_basics(b->out, &f, p);
	buf_add_char(b->out, ' ');
	envelope_put(b->out, mime_part_header(inner, b->raw));
	buf_add_char(b->out, ' ');
	put_part(b, inner, false);
	buf_add_char(b->out, ' ');
	buf_add_u64(b->out, p->body_lines);
	read_fields(b, p, in_digest, &f);
	put_extension(b, &f);
}

/* body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart] */
static void
put_multipart(struct bodystruct *b, const struct mime_part *p, bool in_digest)
{
	struct mime_fields f;
	bool digest;

	read_fields(b, p, in_digest, &f);
	digest = mime_type_is(&f.type, "multipart", "digest");
	for (uint32_t i = p->first_child; i != MIME_NONE;
	    i = b->tree->v[i].next)
		put_part(b, &b->tree->v[i], digest);
	read_fields(b, p, in_digest, &f);
	buf_add_char(b->out, ' ');
	strings_put(b->out, f.type.subtype);
	if (!b->extended)
		return;
	buf_add_char(b->out, ' ');
	put_params(b->out, &f.type.params, false);
	put_tail(b->out, &f);
}

static void
put_part(struct bodystruct *b, const struct mime_part *p, bool in_digest)
{
	buf_add_char(b->out, '(');
	switch (p->kind) {
	case MIME_LEAF:
		put_leaf(b, p, in_digest);
		break;
	case MIME_MESSAGE:
		put_message(b, p, in_digest);
		break;
	case MIME_MULTIPART:
		put_multipart(b, p, in_digest);
		break;
	}
	buf_add_char(b->out, ')');
}

void
bodystruct_put(struct buf *out, const struct mime_tree *tree, struct span raw,
    bool extended, bool global)
{
	struct bodystruct b = { .out = out, .tree = tree, .raw = raw,
		.extended = extended, .global = global };

	b.mem = arena_new(FIELDS_MEM);
	put_part(&b, &tree->v[0], false);
	arena_free(&b.mem);
}
