/*
 * fetch_parts - see fetch_parts.h.
 * A part is decoded when it is told, each time anew, into a buffer that lives as
 * long as the answer: nothing of it is kept.
 */
#include "imapd/fetch_parts.h"

#include "imapd/binary.h"
#include "imapd/preview.h"
#include "imapd/strings.h"

static bool
is_binary(const struct fetch_item *item)
{
	return item->kind == FETCH_BINARY || item->kind == FETCH_BINARY_SIZE;
}

bool
fetch_parts_reads(const struct fetch_item *item)
{
	return is_binary(item) || item->kind == FETCH_PREVIEW;
}

int
fetch_parts_check(struct content *c, const struct fetch_item *v, size_t n,
    struct why *why)
{
	const struct mime_tree *tree;

	for (size_t i = 0; i < n; i++) {
		if (!is_binary(&v[i]))
			continue;
		if (content_tree(c, &tree, why) != 0)
			return -1;
		if (binary_known(tree, buf_span(&c->raw), &v[i].section))
			continue;
		/* RFC 3516 4.3: "it MUST fail the request". */
		why_set(why, WHY_PERM, "5.6.3",
		    "Unknown Content-Transfer-Encoding");
		return -1;
	}
	return 0;
}

void
fetch_parts_preview(struct buf *out, struct content *c, bool lazy)
{
	const struct mime_tree *tree;
	struct buf text;
	struct why why;

	if (lazy && (content_size(c, &why) != 0 ||
	    c->size_octets > PREVIEW_LAZY_MAX)) {
		buf_add_str(out, "NIL");
		return;
	}
	buf_init(&text, PREVIEW_OCTETS);
	/* Where nothing can be said, an empty text (RFC 8970 3.2). */
	if (content_tree(c, &tree, &why) == 0)
		preview_text(tree, buf_span(&c->raw), &text);
	strings_put(out, span_str(buf_cstr(&text)));
	buf_fini(&text);
}

bool
fetch_parts_binary(struct content *c, const struct section *s,
    struct buf *text, bool *nul)
{
	const struct mime_tree *tree;
	struct why why;
	bool ok;

	ok = content_tree(c, &tree, &why) == 0;
	buf_init(text, BINARY_MAX(c->raw.n));
	ok = ok && binary_decode(tree, buf_span(&c->raw), s, text);
	*nul = span_has(buf_span(text), '\0');
	return ok;
}

void
fetch_parts_size(struct buf *out, struct content *c,
    const struct section *s)
{
	struct buf text;
	bool nul;

	(void)!fetch_parts_binary(c, s, &text, &nul);
	buf_add_u64(out, text.n);
	buf_fini(&text);
}
