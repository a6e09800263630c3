/*
 * recent.c - a hash for finding, a list for the order.
 */
#include "helpers/authd/recent.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"

TAILQ_HEAD(entries, recent_entry);

struct recent {
	struct hash   *hash;
	struct entries list;	/* the oldest first */
	size_t	       cap;
};

struct recent *
recent_new(const uint8_t seed[16], size_t cap)
{
	struct recent *r = xcalloc(1, sizeof(*r));

	r->hash = hash_new(cap, seed);
	r->cap = cap;
	TAILQ_INIT(&r->list);
	return r;
}

void
recent_free(struct recent **r)
{
	if (*r == NULL)
		return;
	hash_free(&(*r)->hash, free);
	free(*r);
	*r = NULL;
}

struct recent_entry *
recent_find(struct recent *r, struct span key)
{
	return hash_get(r->hash, key);
}

static void
drop_oldest(struct recent *r)
{
	struct recent_entry *e = TAILQ_FIRST(&r->list);

	TAILQ_REMOVE(&r->list, e, next);
	(void)hash_del(r->hash, span_of(e->key, e->key_n));
	free(e);
}

struct recent_entry *
recent_touch(struct recent *r, struct span key)
{
	struct recent_entry *e = hash_get(r->hash, key);

	if (e != NULL) {
		TAILQ_REMOVE(&r->list, e, next);
	} else {
		if (hash_count(r->hash) >= r->cap)
			drop_oldest(r);
		e = xcalloc(1, sizeof(*e) + key.n);
		e->key_n = key.n;
		memcpy(e->key, key.p, key.n);
		if (hash_put(r->hash, key, e) != 0)
			bug("a table with room is full");
	}
	TAILQ_INSERT_TAIL(&r->list, e, next);
	return e;
}

struct recent_entry *
recent_next(struct recent *r, struct recent_entry *e)
{
	return e == NULL ? TAILQ_FIRST(&r->list) : TAILQ_NEXT(e, next);
}

size_t
recent_count(const struct recent *r)
{
	return hash_count(r->hash);
}
