/*
 * waiting - see waiting.h.
 * Times are of the wall clock, because that is what the files' mtimes are.  When
 * it and the monotonic one disagree about the second that passed, the clock was
 * set: times too far away are then brought back.
 */
#include "qmgr/waiting.h"

#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "os/clock.h"
#include "qmgr/limits.h"
#include "qmgr/load.h"
#include "qmgr/stock.h"

#define JUMP_S		30	/* more is no drift */

struct waiting {
	struct stock *stock;	/* what waits; due by the wall clock */
	int64_t	wall_s, mono_ms;	/* at the last tick */
	int64_t	hold_until_ms;
};

struct waiting *
waiting_new(const uint8_t seed[16])
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	w->stock = stock_new(seed);
	w->wall_s = clock_wall_s();
	w->mono_ms = clock_mono_ms();
	return w;
}

void
waiting_add(struct qmgr *q, const char *id, enum queue_state place,
    int64_t next_s)
{
	struct stock_item i = { .place = (uint8_t)place,
		.due_s = retry_sane(&q->set.retry, next_s, clock_wall_s()) };

	memcpy(i.id, id, ID_LEN);
	stock_put(q->waiting->stock, &i);
}

static void
tell(const struct stock_item *i, struct waiting_item *out)
{
	memcpy(out->id, i->id, sizeof(out->id));
	out->place = (enum queue_state)i->place;
	out->next_s = i->due_s;
}

bool
waiting_take(struct waiting *w, const char *id, struct waiting_item *out)
{
	struct stock_item i;

	if (!stock_get(w->stock, id, &i))
		return false;
	if (out != NULL)
		tell(&i, out);
	return stock_del(w->stock, id);
}

bool
waiting_has(const struct waiting *w, const char *id)
{
	return stock_get(w->stock, id, NULL);
}

/* -------------------------------------------------------------------- times */

size_t
waiting_count(const struct waiting *w)
{
	return stock_count(w->stock);
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
	struct stock_item i;
	int64_t now_s;

	if (q->stopping || clock_mono_ms() < w->hold_until_ms)
		return;
	now_s = clock_wall_s();
	for (int k = 0; stock_first(w->stock, &i) && i.due_s <= now_s &&
	    qmgr_room(q); k++) {
		if (k == LOAD_PER_TURN) {
			qmgr_wake(q);
			return;
		}
		(void)stock_del(w->stock, i.id);	/* it is the first */
		load_begin(q, i.id, (enum queue_state)i.place);
	}
}

static void
at_most(struct stock_item *i, void *arg)
{
	const int64_t *most = arg;

	if (i->due_s > *most)
		i->due_s = *most;
}

static void
paused_now(struct stock_item *i, void *arg)
{
	if (i->paused)
		at_most(i, arg);
}

void
waiting_tick(struct qmgr *q)
{
	struct waiting *w = q->waiting;
	int64_t wall_s = clock_wall_s(), mono_ms = clock_mono_ms(), most;
	int64_t jump_s = (wall_s - w->wall_s) - (mono_ms - w->mono_ms) / 1000;

	w->wall_s = wall_s;
	w->mono_ms = mono_ms;
	if (jump_s > -JUMP_S && jump_s < JUMP_S)
		return;
	log_warn(LF_STR("event", "clock-was-set"), LF_INT("by", jump_s));
	most = wall_s + q->set.retry.longest_s;
	stock_each(w->stock, at_most, &most);
}

void
waiting_flush(struct qmgr *q)
{
	int64_t now_s = clock_wall_s();

	stock_each(q->waiting->stock, at_most, &now_s);
	qmgr_wake(q);
}

void
waiting_mark_paused(struct waiting *w, const char *id)
{
	struct stock_item i;

	if (!stock_get(w->stock, id, &i))
		return;
	i.paused = true;
	stock_put(w->stock, &i);
}

void
waiting_resume(struct qmgr *q)
{
	int64_t now_s = clock_wall_s();

	stock_each(q->waiting->stock, paused_now, &now_s);
	qmgr_wake(q);
}

struct copy {
	struct waiting_item *out;
	size_t n, most;
};

static void
copy_each(struct stock_item *i, void *arg)
{
	struct copy *c = arg;

	if (c->n < c->most)
		tell(i, &c->out[c->n++]);
}

size_t
waiting_copy(const struct waiting *w, struct waiting_item *out, size_t most,
    size_t *all)
{
	struct copy c = { .out = out, .most = most };

	*all = stock_count(w->stock);
	stock_each(w->stock, copy_each, &c);
	return c.n;
}
