/*
 * search_text - see search_text.h.
 * Text is decoded piece by piece (a field, a part) into buffers that are used
 * again, folded, and searched by memmem(), which is linear.  Of a piece that is
 * longer than IMAP_SEARCH_TEXT the beginning is searched.  Text whose charset is
 * not known is searched as the octets that it is.  Most values and many
 * messages are plain text: these go straight to be folded.
 */
#include "imapd/search_text.h"

#include "base/b64.h"
#include "base/qp.h"
#include "base/utf8.h"
#include "imapd/casemap.h"
#include "imapd/limits.h"
#include "mail/header.h"
#include "os/charset.h"

#define FIELDS_MEM	(256 * KIB)

static int
convert(void *ctx, struct span charset, struct span in, struct buf *out)
{
	(void)ctx;
	return charset_to_utf8(charset, in, out);
}

void
search_text_init(struct search_text *t)
{
	t->mem = arena_new(FIELDS_MEM);
	buf_init(&t->raw, IMAP_SEARCH_TEXT);
	buf_init(&t->utf8, IMAP_SEARCH_TEXT);
	buf_init(&t->folded, IMAP_SEARCH_TEXT);
	t->charset = (struct mime_charset){ .convert = convert };
}

void
search_text_fini(struct search_text *t)
{
	arena_free(&t->mem);
	buf_fini(&t->raw);
	buf_fini(&t->utf8);
	buf_fini(&t->folded);
}

static bool
stands_in(struct search_text *t, struct span text, struct span want)
{
	buf_clear(&t->folded);
	(void)casemap_fold(&t->folded, text);	/* a beginning is enough */
	return want.n == 0 ||
	    span_find(buf_span(&t->folded), want) < t->folded.n;
}

/* It is what it stands for: no encoded word, no folding, ASCII, no NUL. */
static bool
is_plain(struct span value)
{
	return utf8_ascii(value) == value.n && !span_has(value, '\n') &&
	    !span_has(value, '\r') && !span_has(value, '\0') &&
	    (!span_has(value, '=') ||
	    span_find(value, SPAN_LIT("=?")) == value.n);
}

static bool
value_has(struct search_text *t, struct span value, struct span want)
{
	struct span text = span_trim_ws(value);

	if (is_plain(text))
		(void)buf_add_span(&t->utf8, text); /* a beginning, likewise */
	else
		(void)mime_text_decode(value, &t->charset, &t->utf8);
	return stands_in(t, buf_span(&t->utf8), want);
}

bool
search_text_value(struct search_text *t, struct span value, struct span want)
{
	buf_clear(&t->utf8);
	return value_has(t, value, want);
}

bool
search_text_header(struct search_text *t, struct span header,
    struct span field, struct span want)
{
	struct header_walk w;
	struct header_field f;

	header_walk_init(&w, header, SIZE_MAX);
	while (header_next(&w, &f)) {
		if (field.p != NULL && !span_ieq(f.name, field))
			continue;
		buf_clear(&t->utf8);
		if (field.p == NULL) {
			buf_add_span(&t->utf8, f.name);
			buf_add_str(&t->utf8, ": ");
		}
		if (value_has(t, f.value, want))
			return true;
	}
	return false;
}

/* Content-Transfer-Encoding (RFC 2045 6.1); what is unknown stays as it is. */
static struct span
decode(struct search_text *t, struct span encoding, struct span body)
{
	buf_clear(&t->raw);
	if (span_ieq_str(encoding, "base64"))
		(void)b64_decode_mime(&t->raw, body);	/* a beginning */
	else if (span_ieq_str(encoding, "quoted-printable"))
		(void)qp_decode(&t->raw, body);		/* likewise */
	else
		return span_head(body, IMAP_SEARCH_TEXT);
	return buf_span(&t->raw);
}

static bool
in_text(struct search_text *t, const struct mime_type *type,
    struct span encoding, struct span body, struct span want)
{
	struct span charset, text = decode(t, encoding, body);

	charset = mime_param(&type->params, "charset");
	if (charset.p == NULL)
		charset = SPAN_LIT("us-ascii");
	buf_clear(&t->utf8);
	if (mime_charset_utf8(charset, text, &t->charset, &t->utf8) == 0)
		text = buf_span(&t->utf8);
	return stands_in(t, text, want);
}

static bool
in_part(struct search_text *t, const struct mime_part *p, struct span raw,
    struct span want)
{
	struct mime_fields f;

	arena_clear(t->mem);
	mime_fields_read(mime_part_header(p, raw), false, t->mem, &f);
	return mime_type_is(&f.type, "text", NULL) && in_text(t, &f.type,
	    f.encoding, mime_part_body(p, raw), want);
}

bool
search_text_body(struct search_text *t, const struct mime_tree *tree,
    struct span raw, struct span want)
{
	bool found = want.n == 0;

	for (uint32_t i = 0; i < tree->n && !found; i++) {
		const struct mime_part *p = &tree->v[i];

		/* The header of a message within the message. */
		if (p->parent != MIME_NONE &&
		    tree->v[p->parent].kind == MIME_MESSAGE)
			found = search_text_header(t,
			    mime_part_header(p, raw), SPAN_NONE, want);
		if (!found && p->kind == MIME_LEAF)
			found = in_part(t, p, raw, want);
	}
	return found;
}

bool
search_text_mime(struct search_text *t, const struct mime_tree *tree,
    struct span raw, struct span want)
{
	bool found = false;

	for (uint32_t i = 0; i < tree->n && !found; i++)
		if (tree->v[i].parent != MIME_NONE)
			found = search_text_header(t,
			    mime_part_header(&tree->v[i], raw), SPAN_NONE,
			    want);
	return found;
}

/* Type and encoding as mime_fields_read() has them, in one walk. */
bool
search_text_single(struct search_text *t, struct span raw, struct span want,
    bool *found)
{
	struct span value = SPAN_NONE, encoding = SPAN_NONE;
	struct header_walk w;
	struct header_field f;
	struct mime_type type;

	header_walk_init(&w, raw, SIZE_MAX);
	while (header_next(&w, &f)) {
		if (!span_istarts(f.name, SPAN_LIT("Content-T")))
			continue;
		if (value.p == NULL && span_ieq_str(f.name, "Content-Type"))
			value = f.value;
		if (encoding.n == 0 &&
		    span_ieq_str(f.name, "Content-Transfer-Encoding"))
			encoding = mime_token(f.value);
	}
	arena_clear(t->mem);
	mime_type_default(&type);
	if (value.p != NULL)
		(void)mime_type_parse(value, t->mem, &type); /* else default */
	mime_params_join(&type.params, t->mem);
	if (!mime_type_is(&type, "text", NULL))
		return false;
	*found = want.n == 0 || in_text(t, &type, encoding, header_body(&w),
	    want);
	return true;
}
