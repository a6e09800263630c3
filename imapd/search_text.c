/*
 * search_text - see search_text.h.
 * Text is decoded piece by piece (a field, a part) into buffers that are used
 * again, folded, and searched by memmem(), which is linear.  Of a piece that is
 * longer than IMAP_SEARCH_TEXT the beginning is searched.  Text whose charset is
 * not known is searched as the octets that it is.
 */
#include "imapd/search_text.h"

#include "base/arena.h"
#include "base/b64.h"
#include "base/qp.h"
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
	buf_init(&t->raw, IMAP_SEARCH_TEXT);
	buf_init(&t->utf8, IMAP_SEARCH_TEXT);
	buf_init(&t->folded, IMAP_SEARCH_TEXT);
	t->charset = (struct mime_charset){ .convert = convert };
}

void
search_text_fini(struct search_text *t)
{
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
		(void)mime_text_decode(f.value, &t->charset, &t->utf8);
		if (stands_in(t, buf_span(&t->utf8), want))
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
in_part(struct search_text *t, const struct mime_part *p, struct span raw,
    struct arena *mem, struct span want)
{
	struct mime_fields f;
	struct span charset, text;

	arena_clear(mem);
	mime_fields_read(mime_part_header(p, raw), false, mem, &f);
	if (!mime_type_is(&f.type, "text", NULL))
		return false;
	text = decode(t, f.encoding, mime_part_body(p, raw));
	charset = mime_param(&f.type.params, "charset");
	if (charset.p == NULL)
		charset = SPAN_LIT("us-ascii");
	buf_clear(&t->utf8);
	if (mime_charset_utf8(charset, text, &t->charset, &t->utf8) == 0)
		text = buf_span(&t->utf8);
	return stands_in(t, text, want);
}

bool
search_text_body(struct search_text *t, const struct mime_tree *tree,
    struct span raw, struct span want)
{
	struct arena *mem = arena_new(FIELDS_MEM);
	bool found = want.n == 0;

	for (uint32_t i = 0; i < tree->n && !found; i++) {
		const struct mime_part *p = &tree->v[i];

		/* The header of a message within the message. */
		if (p->parent != MIME_NONE &&
		    tree->v[p->parent].kind == MIME_MESSAGE)
			found = search_text_header(t,
			    mime_part_header(p, raw), SPAN_NONE, want);
		if (!found && p->kind == MIME_LEAF)
			found = in_part(t, p, raw, mem, want);
	}
	arena_free(&mem);
	return found;
}
