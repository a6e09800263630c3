/*
 * turns.c - a ring of networks for each of the two kinds, each with a queue.
 * Every operation takes constant time, whatever waits.
 */
#include "helpers/authd/turns.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/hash.h"

#define KEY_MAX		80
#define STRANGERS_EVERY	4	/* turns */

TAILQ_HEAD(turn_queue, turn);

struct turns_place {
	TAILQ_ENTRY(turns_place) next;
	struct turn_queue queue;
	size_t count;
	bool   known;
	size_t key_n;
	char   key[KEY_MAX];
};
TAILQ_HEAD(ring, turns_place);

struct turns {
	struct hash *places;
	struct ring  known, strangers;
	size_t	     all, each, count;
	unsigned     turn;
};

struct turns *
turns_new(const uint8_t seed[16], size_t all, size_t each)
{
	struct turns *t = xcalloc(1, sizeof(*t));

	t->places = hash_new(all, seed);
	t->all = all;
	t->each = each;
	TAILQ_INIT(&t->known);
	TAILQ_INIT(&t->strangers);
	return t;
}

void
turns_free(struct turns **t)
{
	if (*t == NULL)
		return;
	hash_free(&(*t)->places, free);
	free(*t);
	*t = NULL;
}

static struct ring *
ring_of(struct turns *t, bool known)
{
	return known ? &t->known : &t->strangers;
}

static struct turns_place *
place_of(struct turns *t, struct span network, bool known)
{
	char key[KEY_MAX];
	size_t n = network.n < KEY_MAX - 1 ? network.n : KEY_MAX - 1;
	struct turns_place *p;

	key[0] = known ? 'k' : 's';
	for (size_t i = 0; i < n; i++)
		key[i + 1] = network.p[i];
	p = hash_get(t->places, span_of(key, n + 1));
	if (p != NULL)
		return p;
	p = xcalloc(1, sizeof(*p));
	TAILQ_INIT(&p->queue);
	p->known = known;
	p->key_n = n + 1;
	for (size_t i = 0; i < p->key_n; i++)
		p->key[i] = key[i];
	if (hash_put(t->places, span_of(p->key, p->key_n), p) != 0) {
		free(p);
		return NULL;
	}
	TAILQ_INSERT_TAIL(ring_of(t, known), p, next);
	return p;
}

int
turns_add(struct turns *t, struct turn *turn, struct span network, bool known)
{
	struct turns_place *p;

	/* A quarter is for those who are known: no flood of others fills it. */
	if (t->count >= (known ? t->all : t->all - t->all / 4))
		return -1;
	p = place_of(t, network, known);
	if (p == NULL || p->count >= t->each)
		return -1;
	TAILQ_INSERT_TAIL(&p->queue, turn, next);
	p->count++;
	t->count++;
	return 0;
}

struct turn *
turns_next(struct turns *t)
{
	bool strangers = TAILQ_EMPTY(&t->known) ||
	    (t->turn % STRANGERS_EVERY == STRANGERS_EVERY - 1 &&
	    !TAILQ_EMPTY(&t->strangers));
	struct ring *ring = ring_of(t, !strangers);
	struct turns_place *p = TAILQ_FIRST(ring);
	struct turn *turn;

	if (p == NULL)
		return NULL;
	t->turn++;
	turn = TAILQ_FIRST(&p->queue);
	TAILQ_REMOVE(&p->queue, turn, next);
	TAILQ_REMOVE(ring, p, next);
	t->count--;
	if (--p->count > 0) {
		TAILQ_INSERT_TAIL(ring, p, next);
	} else {
		(void)hash_del(t->places, span_of(p->key, p->key_n));
		free(p);
	}
	return turn;
}

size_t
turns_count(const struct turns *t)
{
	return t->count;
}
