/*
 * arena - memory with one common end (a transaction, a command).  Pieces are
 * never freed alone.  There is a cap: an arena that is full says so by NULL.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/base.h"
#include "base/span.h"

struct arena;

struct arena *arena_new(size_t cap_octets);
void	arena_free(struct arena **a);
/* Forget all pieces; keeps one block for the next use. */
void	arena_clear(struct arena *a);
/* n octets set to zero, aligned for any type; NULL when over the cap. */
void   *arena_alloc(struct arena *a, size_t n) must_use;
void   *arena_array(struct arena *a, size_t count, size_t size) must_use;
/* A copy with a NUL behind it; p == NULL when over the cap. */
struct span	arena_span(struct arena *a, struct span s) must_use;
char   *arena_str(struct arena *a, struct span s) must_use;
size_t	arena_used(const struct arena *a);

#endif
