/*
 * section - see section.h.
 * Part numbers are counted from a message: if its body is a multipart, the
 * number is that of one of its parts, else only 1 exists and is the body
 * itself.  A part of type message/rfc822 is such a message again; a multipart
 * within a multipart counts its own parts.
 */
#include "imapd/section.h"

#include "mail/header.h"

static const struct mime_part *
nth_child(const struct mime_tree *t, const struct mime_part *p, uint32_t n)
{
	uint32_t i = p->first_child;

	for (; n > 1 && i != MIME_NONE; n--)
		i = t->v[i].next;
	return i == MIME_NONE ? NULL : &t->v[i];
}

/*
 * The part with that number.
 * as_message  p is a message, else it is a part of one
 */
static const struct mime_part *
numbered(const struct mime_tree *t, const struct mime_part *p,
    bool as_message, uint32_t n)
{
	if (p->kind == MIME_MULTIPART)
		return nth_child(t, p, n);
	if (as_message)
		return n == 1 ? p : NULL;
	if (p->kind == MIME_MESSAGE)
		return numbered(t, &t->v[p->first_child], true, n);
	return NULL;
}

/* NULL: no such part. */
static const struct mime_part *
find_part(const struct mime_tree *t, const struct section *s)
{
	const struct mime_part *p = &t->v[0];

	for (size_t i = 0; i < s->part_n && p != NULL; i++)
		p = numbered(t, p, i == 0, s->part[i]);
	return p;
}

bool
section_is_leaf(const struct mime_tree *tree, const struct section *s)
{
	const struct mime_part *p = find_part(tree, s);

	return p != NULL && p->kind == MIME_LEAF;
}

bool
section_find(const struct mime_tree *tree, struct span raw,
    const struct section *s, struct span *text)
{
	const struct mime_part *p = find_part(tree, s);

	if (p == NULL)
		return false;
	if (s->part_n > 0 && s->text == SECTION_ALL) {
		*text = mime_part_body(p, raw);
		return true;
	}
	if (s->text == SECTION_MIME) {
		*text = mime_part_header(p, raw);
		return true;
	}
	/* HEADER and TEXT with numbers are for message/rfc822 only. */
	if (s->part_n > 0) {
		if (p->kind != MIME_MESSAGE)
			return false;
		p = &tree->v[p->first_child];
	}
	if (s->text == SECTION_ALL)
		*text = raw;
	else if (s->text == SECTION_TEXT)
		*text = mime_part_body(p, raw);
	else
		*text = mime_part_header(p, raw);
	return true;
}

static bool
is_named(const struct section *s, struct span name)
{
	for (size_t i = 0; i < s->fields_n; i++)
		if (span_ieq(s->fields[i], name))
			return true;
	return false;
}

void
section_choose(const struct section *s, struct span header, struct buf *out)
{
	struct header_walk w;
	struct header_field f;
	bool not = s->text == SECTION_FIELDS_NOT;

	header_walk_init(&w, header, SIZE_MAX);
	while (header_next(&w, &f)) {
		if (is_named(s, f.name) == not)
			continue;
		buf_add_span(out, f.whole);
	}
	if (w.why_end != HEADER_NO_BODY)
		buf_add_str(out, "\r\n");
}

void
section_end(struct buf *header)
{
	struct span s = buf_span(header);
	bool line = s.n == 0 || s.p[s.n - 1] == '\n';

	if (!line)
		buf_add_str(header, "\r\n");
	else if (span_ends(s, SPAN_LIT("\n\n")) ||
	    span_ends(s, SPAN_LIT("\n\r\n")) || span_eq_str(s, "\r\n") ||
	    span_eq_str(s, "\n"))
		return;
	buf_add_str(header, "\r\n");
}
