/*
 * waiting - see waiting.h.
 * A heap by wall time, because that is what the files' mtimes are.  When the
 * wall clock and the monotonic one disagree about the second that passed, the
 * clock was set: times too far away are then brought back.
 */
#include "qmgr/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "os/clock.h"
#include "qmgr/limits.h"
#include "qmgr/load.h"

#define JUMP_S	30	/* more is no drift */

struct item {
	struct heap_node node;	/* key: seconds since 1970 */
	char	id[ID_LEN];	/* without NUL: two million of them */
	uint8_t	place;
};

struct waiting {
	struct heap heap;
	int64_t	wall_s, mono_ms;	/* at the last tick */
	int64_t	hold_until_ms;
};

struct waiting *
waiting_new(void)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	heap_init(&w->heap);
	w->wall_s = clock_wall_s();
	w->mono_ms = clock_mono_ms();
	return w;
}

void
waiting_add(struct qmgr *q, const char *id, enum queue_state place,
    int64_t next_s)
{
	struct item *i = xcalloc(1, sizeof(*i));

	memcpy(i->id, id, ID_LEN);
	i->place = (uint8_t)place;
	heap_put(&q->waiting->heap, &i->node,
	    retry_sane(&q->set.retry, next_s, clock_wall_s()));
}

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
		heap_del(&w->heap, n);
		memcpy(id, i->id, ID_LEN);
		load_begin(q, id, (enum queue_state)i->place);
		free(i);
		n = heap_first(&w->heap);
	}
}

/* New keys for all; equal or smaller ones keep no order, so put them anew. */
static void
rekey(struct qmgr *q, int64_t most)
{
	struct heap old = q->waiting->heap;

	heap_init(&q->waiting->heap);
	for (size_t k = 0; k < old.n; k++) {
		struct heap_node *n = old.v[k];

		n->at = 0;
		heap_put(&q->waiting->heap, n, n->key < most ? n->key : most);
	}
	free(old.v);
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
	rekey(q, wall_s + q->set.retry.max_s);
}

void
waiting_flush(struct qmgr *q)
{
	rekey(q, clock_wall_s());
	qmgr_wake(q);
}

size_t
waiting_copy(const struct waiting *w, struct waiting_item *out, size_t most,
    size_t *all)
{
	size_t n = w->heap.n < most ? w->heap.n : most;

	for (size_t k = 0; k < n; k++) {
		const struct item *i =
		    HEAP_ITEM(w->heap.v[k], struct item, node);

		memcpy(out[k].id, i->id, ID_LEN);
		out[k].id[ID_LEN] = '\0';
		out[k].place = (enum queue_state)i->place;
		out[k].next_s = i->node.key;
	}
	*all = w->heap.n;
	return n;
}
