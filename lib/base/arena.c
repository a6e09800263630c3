/*
 * arena - see arena.h.
 * A list of blocks; the first is the one being filled.  A piece larger than
 * a quarter of a block gets a block of its own, behind the first, so that at
 * most a quarter of each block is ever lost.  The cap counts the pieces with
 * their padding; the memory taken is at most a block and a third of the cap
 * above it.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"

#define BLOCK_OCTETS	(8 * KIB)

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) char p[];
};

struct arena {
	struct block *blocks;	/* NULL, or a block of BLOCK_OCTETS first */
	size_t used, cap;
};

struct arena *
arena_new(size_t cap_octets)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->cap = cap_octets;
	return a;
}

static void
free_blocks(struct block *b)
{
	struct block *next;

	for (; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
}

void
arena_free(struct arena **a)
{
	if (*a == NULL)
		return;
	free_blocks((*a)->blocks);
	free(*a);
	*a = NULL;
}

void
arena_clear(struct arena *a)
{
	struct block *keep = a->blocks;

	a->used = 0;
	if (keep == NULL)
		return;
	free_blocks(keep->next);
	keep->next = NULL;
	keep->used = 0;
}

static struct block *
block_new(size_t size)
{
	struct block *b = xmalloc(offsetof(struct block, p) + size);

	*b = (struct block){ .size = size };
	return b;
}

/* The block that takes the next n octets. */
static struct block *
block_for(struct arena *a, size_t n)
{
	struct block *b = a->blocks;

	if (b != NULL && n <= b->size - b->used)
		return b;
	if (b == NULL || n <= BLOCK_OCTETS / 4) {
		b = block_new(BLOCK_OCTETS);
		b->next = a->blocks;
		a->blocks = b;
	}
	if (n > BLOCK_OCTETS / 4) {
		b = block_new(n);
		b->next = a->blocks->next;
		a->blocks->next = b;
	}
	return b;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct block *b;
	char *p;

	if (n > SIZE_MAX - align)
		return NULL;
	n = (n + align - 1) / align * align;
	if (n > a->cap || a->used > a->cap - n)
		return NULL;
	b = block_for(a, n);
	p = b->p + b->used;
	b->used += n;
	a->used += n;
	memset(p, 0, n);
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	return num_mul(count, size, &n) ? arena_alloc(a, n) : NULL;
}

struct span
arena_span(struct arena *a, struct span s)
{
	char *p = arena_str(a, s);

	return p != NULL ? (struct span){ p, s.n } : SPAN_NONE;
}

char *
arena_str(struct arena *a, struct span s)
{
	size_t size;
	char *p;

	if (!num_add(s.n, 1, &size))
		return NULL;
	p = arena_alloc(a, size);
	if (p != NULL && s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}
