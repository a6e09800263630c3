/*
 * waiting - see waiting.h.
 * A heap by wall time, because that is what the files' mtimes are.  When the
 * wall clock and the monotonic one disagree about the second that passed, the
 * clock was set: times too far away are then brought back.
 * An index by id beside it, because operators name messages: chains through
 * the items themselves, for there may be two million.
 */
#include "qmgr/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/log.h"
#include "os/clock.h"
#include "qmgr/limits.h"
#include "qmgr/load.h"

#define JUMP_S		30	/* more is no drift */
#define BUCKETS_FIRST	1024

struct item {
	struct heap_node node;	/* key: seconds since 1970 */
	char	id[ID_LEN];	/* without NUL: two million of them */
	uint8_t	place;
	bool	paused;
	struct item *chain;	/* of its bucket */
};

struct waiting {
	struct heap heap;
	struct item **buckets;	/* a power of two of them */
	size_t	nbuckets;
	uint8_t	seed[16];
	int64_t	wall_s, mono_ms;	/* at the last tick */
	int64_t	hold_until_ms;
};

struct waiting *
waiting_new(const uint8_t seed[16])
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	heap_init(&w->heap);
	memcpy(w->seed, seed, sizeof(w->seed));
	w->nbuckets = BUCKETS_FIRST;
	w->buckets = xcalloc(w->nbuckets, sizeof(w->buckets[0]));
	w->wall_s = clock_wall_s();
	w->mono_ms = clock_mono_ms();
	return w;
}

/* ------------------------------------------------------------------- index */

/* The link that points to the item of that id, or to the chain's end. */
static struct item **
link_of(const struct waiting *w, const char *id)
{
	size_t at = siphash(w->seed, id, ID_LEN) & (w->nbuckets - 1);
	struct item **link = &w->buckets[at];

	while (*link != NULL && memcmp((*link)->id, id, ID_LEN) != 0)
		link = &(*link)->chain;
	return link;
}

static void
grow(struct waiting *w)
{
	struct item **old = w->buckets, *i, *next, **link;
	size_t n = w->nbuckets;

	w->nbuckets = n * 2;
	w->buckets = xcalloc(w->nbuckets, sizeof(w->buckets[0]));
	for (size_t k = 0; k < n; k++)
		for (i = old[k]; i != NULL; i = next) {
			next = i->chain;
			i->chain = NULL;
			link = link_of(w, i->id);
			*link = i;
		}
	free(old);
}

/* Out of heap and index; the caller's. */
static void
take_out(struct waiting *w, struct item *i)
{
	struct item **link = link_of(w, i->id);

	*link = i->chain;
	heap_del(&w->heap, &i->node);
}

static void
tell(const struct item *i, struct waiting_item *out)
{
	memcpy(out->id, i->id, ID_LEN);
	out->id[ID_LEN] = '\0';
	out->place = (enum queue_state)i->place;
	out->next_s = i->node.key;
}

void
waiting_add(struct qmgr *q, const char *id, enum queue_state place,
    int64_t next_s)
{
	struct waiting *w = q->waiting;
	struct item **link, *i;

	if (w->heap.n >= w->nbuckets)
		grow(w);
	link = link_of(w, id);
	i = *link;
	if (i == NULL) {
		i = *link = xcalloc(1, sizeof(*i));
		memcpy(i->id, id, ID_LEN);
	}
	i->place = (uint8_t)place;
	i->paused = false;
	heap_put(&w->heap, &i->node,
	    retry_sane(&q->set.retry, next_s, clock_wall_s()));
}

bool
waiting_take(struct waiting *w, const char *id, struct waiting_item *out)
{
	struct item *i = *link_of(w, id);

	if (i == NULL)
		return false;
	if (out != NULL)
		tell(i, out);
	take_out(w, i);
	free(i);
	return true;
}

bool
waiting_has(const struct waiting *w, const char *id)
{
	return *link_of(w, id) != NULL;
}

/* -------------------------------------------------------------------- times */

size_t
waiting_count(const struct waiting *w)
{
	return w->heap.n;
}

void
waiting_hold_until(struct qmgr *q, int64_t mono_ms)
{
	q->waiting->hold_until_ms = mono_ms;
}

void
waiting_turn(struct qmgr *q)
{
	struct waiting *w = q->waiting;
	struct heap_node *n = heap_first(&w->heap);
	int64_t now_s;
	char id[ID_SIZE] = "";

	if (n == NULL || q->stopping || clock_mono_ms() < w->hold_until_ms)
		return;
	now_s = clock_wall_s();
	for (int k = 0; n != NULL && n->key <= now_s && qmgr_room(q); k++) {
		struct item *i = HEAP_ITEM(n, struct item, node);

		if (k == LOAD_PER_TURN) {
			qmgr_wake(q);
			return;
		}
		take_out(w, i);
		memcpy(id, i->id, ID_LEN);
		load_begin(q, id, (enum queue_state)i->place);
		free(i);
		n = heap_first(&w->heap);
	}
}

/* New keys for all; equal or smaller ones keep no order, so put them anew. */
static void
rekey(struct qmgr *q, int64_t (*key)(const struct item *i, int64_t arg),
    int64_t arg)
{
	struct heap old = q->waiting->heap;

	heap_init(&q->waiting->heap);
	for (size_t k = 0; k < old.n; k++) {
		struct heap_node *n = old.v[k];

		n->at = 0;
		heap_put(&q->waiting->heap, n,
		    key(HEAP_ITEM(n, struct item, node), arg));
	}
	free(old.v);
}

static int64_t
at_most(const struct item *i, int64_t most)
{
	return i->node.key < most ? i->node.key : most;
}

static int64_t
paused_now(const struct item *i, int64_t now_s)
{
	return i->paused ? at_most(i, now_s) : i->node.key;
}

void
waiting_tick(struct qmgr *q)
{
	struct waiting *w = q->waiting;
	int64_t wall_s = clock_wall_s(), mono_ms = clock_mono_ms();
	int64_t jump_s = (wall_s - w->wall_s) - (mono_ms - w->mono_ms) / 1000;

	w->wall_s = wall_s;
	w->mono_ms = mono_ms;
	if (jump_s > -JUMP_S && jump_s < JUMP_S)
		return;
	log_warn(LF_STR("event", "clock-was-set"), LF_INT("by", jump_s));
	rekey(q, at_most, wall_s + q->set.retry.longest_s);
}

void
waiting_flush(struct qmgr *q)
{
	rekey(q, at_most, clock_wall_s());
	qmgr_wake(q);
}

void
waiting_mark_paused(struct waiting *w, const char *id)
{
	struct item *i = *link_of(w, id);

	if (i != NULL)
		i->paused = true;
}

void
waiting_resume(struct qmgr *q)
{
	rekey(q, paused_now, clock_wall_s());
	qmgr_wake(q);
}

size_t
waiting_copy(const struct waiting *w, struct waiting_item *out, size_t most,
    size_t *all)
{
	size_t n = w->heap.n < most ? w->heap.n : most;

	for (size_t k = 0; k < n; k++)
		tell(HEAP_ITEM(w->heap.v[k], struct item, node), &out[k]);
	*all = w->heap.n;
	return n;
}
