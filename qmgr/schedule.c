/*
 * schedule - see schedule.h.
 * Two levels of heaps: each destination orders its groups by tag; each class
 * orders by the tag of their first group the destinations that have one and may
 * start a job.  All operations take logarithmic time; nothing is ever walked
 * to find out that it may not go.
 */
#include "qmgr/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "qmgr/limits.h"

TAILQ_HEAD(dests, dest);

struct schedule {
	struct hash *dests;
	struct dests idle;		/* nobody refers to them; oldest first */
	struct heap  ready[CLASS_COUNT];
	int64_t	     now[CLASS_COUNT];	/* tag of the job started last */
	unsigned     window_max;
	void	   (*free_data)(void *data);
};

struct schedule *
schedule_new(size_t dests_max, const uint8_t seed[16],
    void (*free_data)(void *data))
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	s->dests = hash_new(dests_max, seed);
	TAILQ_INIT(&s->idle);
	for (int i = 0; i < CLASS_COUNT; i++)
		heap_init(&s->ready[i]);
	s->window_max = WINDOW_START;
	s->free_data = free_data;
	return s;
}

static void
dest_free(struct schedule *s, struct dest *d)
{
	heap_del(&s->ready[d->cls], &d->node);
	heap_fini(&d->groups);
	if (d->data != NULL)
		s->free_data(d->data);
	free(d);
}

static void
dest_forget(struct schedule *s, struct dest *d)
{
	TAILQ_REMOVE(&s->idle, d, idle);
	(void)hash_del(s->dests, span_of(d->key, d->key_n));
	dest_free(s, d);
}

static void
free_each(struct span key, void *value, void *ctx)
{
	(void)key;
	dest_free(ctx, value);
}

void
schedule_free(struct schedule **s)
{
	if (*s == NULL)
		return;
	hash_each((*s)->dests, free_each, *s);
	hash_free(&(*s)->dests, NULL);
	for (int i = 0; i < CLASS_COUNT; i++)
		heap_fini(&(*s)->ready[i]);
	free(*s);
	*s = NULL;
}

void
schedule_set_window(struct schedule *s, unsigned most)
{
	s->window_max = most > 0 ? most : 1;
}

static struct dest *
dest_new(struct schedule *s, enum schedule_class cls, struct span key,
    bool serial)
{
	struct dest *d = xcalloc(1, sizeof(*d) + key.n);

	heap_init(&d->groups);
	d->cls = cls;
	d->most = serial ? 1 : s->window_max;
	d->window = d->most < WINDOW_START ? d->most : WINDOW_START;
	d->key_n = key.n;
	memcpy(d->key, key.p, key.n);
	return d;
}

struct dest *
schedule_dest(struct schedule *s, enum schedule_class cls, struct span key,
    bool serial)
{
	struct dest *d = hash_get(s->dests, key);

	if (d == NULL) {
		d = dest_new(s, cls, key, serial);
		if (hash_put(s->dests, key, d) != 0) {
			free(d);
			return NULL;
		}
	} else if (d->is_idle) {
		TAILQ_REMOVE(&s->idle, d, idle);
		d->is_idle = false;
	}
	d->refs++;
	return d;
}

struct dest *
schedule_ref(struct dest *d)
{
	d->refs++;
	return d;
}

void
schedule_unref(struct schedule *s, struct dest *d, int64_t now_ms)
{
	if (d->refs == 0 || --d->refs > 0)
		return;
	d->is_idle = true;
	d->idle_since_ms = now_ms;
	TAILQ_INSERT_TAIL(&s->idle, d, idle);
	/* A mailbox has nothing to remember. */
	if (d->most == 1 && d->fails == 0)
		dest_forget(s, d);
}

void
schedule_sweep(struct schedule *s, int64_t now_ms)
{
	struct dest *d;

	while ((d = TAILQ_FIRST(&s->idle)) != NULL &&
	    now_ms - d->idle_since_ms > DEST_FORGET_S * INT64_C(1000))
		dest_forget(s, d);
}

/* Puts d among the ready, or takes it away from there. */
static void
settle(struct schedule *s, struct dest *d)
{
	struct heap_node *first = heap_first(&d->groups);

	if (first != NULL && d->running < d->window)
		heap_put(&s->ready[d->cls], &d->node, first->key);
	else
		heap_del(&s->ready[d->cls], &d->node);
}

void
schedule_add(struct schedule *s, struct group *g, struct dest *d,
    struct flow *f)
{
	int64_t tag = f->next[d->cls];

	if (tag < s->now[d->cls])
		tag = s->now[d->cls];
	f->next[d->cls] = tag + 1;
	g->dest = d;
	heap_put(&d->groups, &g->node, tag);
	settle(s, d);
}

struct group *
schedule_next(struct schedule *s, enum schedule_class cls)
{
	struct heap_node *node = heap_first(&s->ready[cls]);
	struct group *g;
	struct dest *d;

	if (node == NULL)
		return NULL;
	d = HEAP_ITEM(node, struct dest, node);
	g = HEAP_ITEM(heap_take(&d->groups), struct group, node);
	s->now[cls] = g->node.key;
	g->dest = NULL;
	d->running++;
	settle(s, d);
	return g;
}

struct group *
schedule_next_of(struct schedule *s, struct dest *d)
{
	return d->running < d->window ? schedule_along(s, d) : NULL;
}

struct group *
schedule_first_of(const struct dest *d)
{
	struct heap_node *node = heap_first(&d->groups);

	return node == NULL ? NULL : HEAP_ITEM(node, struct group, node);
}

struct group *
schedule_along(struct schedule *s, struct dest *d)
{
	struct heap_node *node = heap_take(&d->groups);
	struct group *g;

	if (node == NULL)
		return NULL;
	g = HEAP_ITEM(node, struct group, node);
	/* Not the time of the class, which the others' turns go by. */
	g->dest = NULL;
	d->running++;
	settle(s, d);
	return g;
}

void
schedule_end(struct schedule *s, struct dest *d, enum schedule_outcome how,
    int64_t now_ms)
{
	int64_t wait_s = DOWN_FIRST_S;

	if (d->running == 0)
		bug("schedule_end without a job");
	d->running--;
	switch (how) {
	case SCHEDULE_WELL:
		d->fails = 0;
		d->down_until_ms = 0;
		if (++d->credit >= d->window && d->window < d->most) {
			d->window++;
			d->credit = 0;
		}
		break;
	case SCHEDULE_DOWN:
		for (unsigned i = 0; i < d->fails && wait_s < DOWN_MAX_S; i++)
			wait_s *= 2;
		d->fails++;
		d->window = 1;
		d->credit = 0;
		d->down_until_ms = now_ms +
		    (wait_s < DOWN_MAX_S ? wait_s : DOWN_MAX_S) * 1000;
		break;
	case SCHEDULE_NEUTRAL:
		break;
	}
	settle(s, d);
}

bool
schedule_down(const struct dest *d, int64_t now_ms)
{
	return d->down_until_ms > now_ms;
}

struct group *
schedule_drain(struct schedule *s, struct dest *d)
{
	struct heap_node *node = heap_take(&d->groups);
	struct group *g;

	settle(s, d);
	if (node == NULL)
		return NULL;
	g = HEAP_ITEM(node, struct group, node);
	g->dest = NULL;
	return g;
}

void
schedule_remove(struct schedule *s, struct group *g)
{
	struct dest *d = g->dest;

	if (d == NULL)
		return;
	heap_del(&d->groups, &g->node);
	g->dest = NULL;
	settle(s, d);
}

struct walk {
	void (*each)(struct dest *d, void *ctx);
	void  *ctx;
};

static void
walk_each(struct span key, void *value, void *ctx)
{
	const struct walk *w = ctx;

	(void)key;
	w->each(value, w->ctx);
}

void
schedule_each(struct schedule *s, void (*each)(struct dest *d, void *ctx),
    void *ctx)
{
	struct walk w = { each, ctx };

	hash_each(s->dests, walk_each, &w);
}

static void
revive_each(struct span key, void *value, void *ctx)
{
	struct dest *d = value;

	(void)key;
	(void)ctx;
	d->down_until_ms = 0;
	d->fails = 0;
}

void
schedule_revive(struct schedule *s)
{
	hash_each(s->dests, revive_each, NULL);
}
