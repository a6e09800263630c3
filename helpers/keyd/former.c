/*
 * former - see former.h.
 * A list in the order in which the pairs came, which is also that of their
 * ends.  It is looked through from end to end: that takes less than the
 * signature that is asked for, and only those ask who have a certificate of
 * before.  The same pair stands in it once.
 */
#include "helpers/keyd/former.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/clock.h"

struct pair {
	TAILQ_ENTRY(pair) next;
	struct key key;
	int64_t	   until_ms;
};

struct former {
	TAILQ_HEAD(pairs, pair) pairs;	/* oldest first */
	size_t n;
};

struct former *
former_new(void)
{
	struct former *f = xcalloc(1, sizeof(*f));

	TAILQ_INIT(&f->pairs);
	return f;
}

static void
pair_free(struct former *f, struct pair *p)
{
	TAILQ_REMOVE(&f->pairs, p, next);
	f->n--;
	key_fini(&p->key);
	free(p);
}

void
former_free(struct former **f)
{
	if (*f == NULL)
		return;
	while (!TAILQ_EMPTY(&(*f)->pairs))
		pair_free(*f, TAILQ_FIRST(&(*f)->pairs));
	free(*f);
	*f = NULL;
}

static bool
same(const struct key *a, const struct key *b)
{
	return memcmp(a->id, b->id, sizeof(a->id)) == 0 &&
	    a->roles == b->roles && a->sum == b->sum &&
	    strcmp(a->item, b->item) == 0;
}

static void
forget_same(struct former *f, const struct key *k)
{
	struct pair *p;

	TAILQ_FOREACH(p, &f->pairs, next)
		if (same(&p->key, k)) {
			pair_free(f, p);
			return;
		}
}

void
former_keep(struct former *f, struct key *k)
{
	struct pair *p = xcalloc(1, sizeof(*p));

	forget_same(f, k);
	if (f->n == FORMER_MAX)
		pair_free(f, TAILQ_FIRST(&f->pairs));
	p->key = *k;
	*k = (struct key){ .pkey = NULL };
	p->until_ms = clock_deadline(FORMER_S * 1000);
	TAILQ_INSERT_TAIL(&f->pairs, p, next);
	f->n++;
}

void
former_expire(struct former *f)
{
	int64_t now = clock_mono_ms();
	struct pair *p;

	while ((p = TAILQ_FIRST(&f->pairs)) != NULL && p->until_ms <= now)
		pair_free(f, p);
}

const struct key *
former_find(const struct former *f, enum role role,
    const struct sign_req *req)
{
	const struct pair *p;

	TAILQ_FOREACH(p, &f->pairs, next)
		if ((p->key.roles & ROLE_BIT(role)) != 0 &&
		    key_is(&p->key, req))
			return &p->key;
	return NULL;
}

bool
former_take(struct former *f, const char *item, struct key *k)
{
	struct pair *p;

	TAILQ_FOREACH_REVERSE(p, &f->pairs, pairs, next)
		if (strcmp(p->key.item, item) == 0) {
			*k = p->key;
			p->key = (struct key){ .pkey = NULL };
			pair_free(f, p);
			return true;
		}
	return false;
}
