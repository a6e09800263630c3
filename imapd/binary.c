/*
 * binary - see binary.h.
 * On disk lines end in LF.  For quoted-printable they become CRLF before it is
 * undone: after that, an LF that was written as =0A and one that ends a line
 * could not be told apart.
 */
#include "imapd/binary.h"

#include <string.h>

#include "base/arena.h"
#include "base/b64.h"
#include "base/qp.h"
#include "imapd/section.h"

#define FIELDS_MEM	(256 * KIB)

enum cte { CTE_IDENTITY, CTE_BASE64, CTE_QP, CTE_UNKNOWN };

static enum cte
parse_cte(struct span name)
{
	static const struct { const char *name; enum cte cte; } names[] = {
		{ "7bit", CTE_IDENTITY }, { "8bit", CTE_IDENTITY },
		{ "binary", CTE_IDENTITY }, { "base64", CTE_BASE64 },
		{ "quoted-printable", CTE_QP },
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (span_ieq_str(name, names[i].name))
			return names[i].cte;
	return CTE_UNKNOWN;
}

/* The encoding of what the section names. */
static enum cte
cte_of(const struct mime_tree *tree, struct span raw,
    const struct section *s)
{
	struct section mime = *s;
	struct mime_fields f;
	struct span header;
	struct arena *mem;
	enum cte cte;

	mime.text = SECTION_MIME;
	if (s->part_n == 0 || !section_is_leaf(tree, s) ||
	    !section_find(tree, raw, &mime, &header))
		return CTE_IDENTITY;
	mem = arena_new(FIELDS_MEM);
	mime_fields_read(header, false, mem, &f);
	cte = parse_cte(f.encoding);
	arena_free(&mem);
	return cte;
}

bool
binary_known(const struct mime_tree *tree, struct span raw,
    const struct section *s)
{
	return cte_of(tree, raw, s) != CTE_UNKNOWN;
}

static void
add_crlf(struct buf *out, struct span text)
{
	const char *end = text.p + text.n, *lf;

	while (text.n > 0 && (lf = memchr(text.p, '\n', text.n)) != NULL) {
		bool cr = lf > text.p && lf[-1] == '\r';

		buf_add_span(out, span_of(text.p, (size_t)(lf - text.p)));
		buf_add_str(out, cr ? "\n" : "\r\n");
		text = span_of(lf + 1, (size_t)(end - lf) - 1);
	}
	buf_add_span(out, text);
}

bool
binary_decode(const struct mime_tree *tree, struct span raw,
    const struct section *s, struct buf *out)
{
	struct span text;
	struct buf lines;

	buf_clear(out);
	if (!section_find(tree, raw, s, &text))
		return false;
	switch (cte_of(tree, raw, s)) {
	case CTE_BASE64:
		(void)b64_decode_mime(out, text);	/* shorter: it fits */
		break;
	case CTE_QP:
		buf_init(&lines, BINARY_MAX(text.n));
		add_crlf(&lines, text);
		(void)qp_decode(out, buf_span(&lines));	/* likewise */
		buf_fini(&lines);
		break;
	default:
		add_crlf(out, text);
		break;
	}
	return true;
}
