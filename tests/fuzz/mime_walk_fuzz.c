/*
 * Any octets as a message: a well-formed tree within the limits, every part
 * inside its parent, and counts that a plain recount confirms.
 */
#include <stdint.h>
#include <stdlib.h>

#include "mail/mime_walk.h"

#define DEPTH	6
#define PARTS	40

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
bare_in(struct span msg, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		if (msg.p[i] == '\n' && (i == 0 || msg.p[i - 1] != '\r'))
			n++;
	return n;
}

static unsigned
depth_of(const struct mime_tree *t, uint32_t i)
{
	unsigned n = 0;

	for (; t->v[i].parent != MIME_NONE; n++)
		i = t->v[i].parent;
	return n;
}

static void
check(const struct mime_tree *t, uint32_t i, struct span msg)
{
	const struct mime_part *p = &t->v[i];
	uint32_t n = 0;
	size_t at = p->body_at;

	if (p->header_at > p->body_at || p->body_at > p->body_end ||
	    p->body_end > msg.n || depth_of(t, i) > DEPTH ||
	    (p->kind == MIME_LEAF) != (p->children == 0) ||
	    p->body_bare != bare_in(msg, p->body_at, p->body_end) ||
	    p->header_bare != bare_in(msg, p->header_at, p->body_at))
		abort();
	for (uint32_t c = p->first_child; c != MIME_NONE; c = t->v[c].next) {
		if (t->v[c].parent != i || t->v[c].header_at < at ||
		    t->v[c].body_end > p->body_end)
			abort();
		at = t->v[c].body_end;
		n++;
	}
	if (n != p->children || (p->kind == MIME_MESSAGE && n != 1))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span msg = span_of(data, size);
	struct arena *mem = arena_new(64 * KIB);
	struct mime_fields f;
	struct mime_tree t;

	mime_walk_global(msg, DEPTH, PARTS, &t);
	for (uint32_t i = 0; i < t.n; i++)
		check(&t, i, msg);
	mime_tree_fini(&t);
	mime_walk(msg, DEPTH, PARTS, &t);
	if (t.n == 0 || t.n > PARTS)
		abort();
	for (uint32_t i = 0; i < t.n; i++) {
		check(&t, i, msg);
		mime_fields_read(mime_part_header(&t.v[i], msg), false, mem,
		    &f);
		if (f.encoding.n == 0 || f.type.type.n == 0)
			abort();
		arena_clear(mem);
	}
	mime_tree_fini(&t);
	arena_free(&mem);
	return 0;
}
