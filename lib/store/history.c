/*
 * history - see history.h.
 * UIDs that went together are neighbours mostly: one run of 16 octets for all
 * of them.  Twice HISTORY_MAX runs are held before the older half goes, so
 * that adding one costs the same however many there are.
 */
#include "store/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

void
history_init(struct history *h)
{
	*h = (struct history){ .n = 0 };
}

void
history_fini(struct history *h)
{
	free(h->v);
	history_init(h);
}

size_t
history_since(const struct history *h, uint64_t modseq)
{
	size_t low = 0, high = h->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (h->v[mid].modseq <= modseq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
drop_first(struct history *h, size_t n)
{
	if (n == 0)
		return;
	memmove(h->v, h->v + n, (h->n - n) * sizeof(h->v[0]));
	h->n -= n;
}

void
history_forget(struct history *h, uint64_t modseq)
{
	if (modseq <= h->forgot)
		return;
	h->forgot = modseq;
	drop_first(h, history_since(h, modseq));
}

/* Of a modseq all runs stay, or none. */
static void
shorten(struct history *h, size_t most)
{
	if (h->n > most)
		history_forget(h, h->v[h->n - most - 1].modseq);
}

void
history_limit(struct history *h)
{
	shorten(h, HISTORY_MAX);
}

static void
add_run(struct history *h, const struct history_run *r)
{
	if (h->n == 2 * HISTORY_MAX)
		shorten(h, HISTORY_MAX);
	if (r->modseq <= h->forgot)
		return;
	if (h->n == h->size) {
		h->size = h->size == 0 ? 16 : h->size * 2;
		h->v = xreallocarray(h->v, h->size, sizeof(h->v[0]));
	}
	h->v[h->n++] = *r;
}

void
history_add(struct history *h, uint32_t uid, uint64_t modseq)
{
	struct history_run *last = h->n > 0 ? &h->v[h->n - 1] : NULL;
	struct history_run run = { uid, uid, modseq };

	if (last != NULL && last->modseq == modseq && uid != 0 &&
	    last->last == uid - 1)
		last->last = uid;
	else
		add_run(h, &run);
}

static void
put_le(uint8_t *to, uint64_t v, int octets)
{
	for (int i = 0; i < octets; i++)
		to[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
get_le(const uint8_t *from, int octets)
{
	uint64_t v = 0;

	for (int i = 0; i < octets; i++)
		v |= (uint64_t)from[i] << (8 * i);
	return v;
}

void
history_put(struct buf *out, const struct history *h)
{
	uint8_t octets[HISTORY_OCTETS];

	for (size_t i = 0; i < h->n; i++) {
		put_le(octets, h->v[i].first, 4);
		put_le(octets + 4, h->v[i].last, 4);
		put_le(octets + 8, h->v[i].modseq, 8);
		(void)buf_add(out, octets, sizeof(octets)); /* `full` tells */
	}
}

bool
history_get(struct history *h, struct span text)
{
	const uint8_t *p = (const uint8_t *)text.p;
	uint64_t before = 1;
	struct history_run r;

	if (text.n % HISTORY_OCTETS != 0)
		return false;
	for (size_t i = 0; i < text.n; i += HISTORY_OCTETS) {
		r = (struct history_run){ (uint32_t)get_le(p + i, 4),
			(uint32_t)get_le(p + i + 4, 4), get_le(p + i + 8, 8) };
		if (r.first == 0 || r.first > r.last || r.modseq < before ||
		    r.modseq > INT64_MAX)
			return false;
		before = r.modseq;
		add_run(h, &r);
	}
	return true;
}
