/*
 * lz - see lz.h.
 * One table tells where four octets stood last; the first repetition that it
 * finds is taken, at its full length.  No search, no second table: packing
 * takes a few nanoseconds for each octet, unpacking is copying.
 *
 * Unpacking trusts nothing: each length is held against what is left of the
 * packed text and of the text that is promised, each distance against what
 * stands before.  A step makes at least one octet, so work is linear.
 */
#include "base/lz.h"

#include <string.h>

#include "base/num.h"

#define SLOTS_LOG2	11
#define NIBBLE		15U
#define GROUP		7
#define SHIFT_MAX	28
#define SHORT		16	/* copied at once, where there is room for it */

_Static_assert(LZ_SLOTS == 1U << SLOTS_LOG2, "a slot for each hash");

static unsigned
slot_of(const uint8_t *p)
{
	uint32_t four;

	memcpy(&four, p, sizeof(four));
	return four * UINT32_C(2654435761) >> (32 - SLOTS_LOG2);
}

static uint8_t *
put_groups(uint8_t *p, size_t v)
{
	for (; v > 0x7f; v >>= GROUP)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static size_t
nibble(size_t v)
{
	return num_min(v, NIBBLE);
}

/* repeat, distance: 0 at the end */
static int
put_step(struct buf *out, struct span literals, size_t repeat, size_t distance)
{
	size_t more = repeat == 0 ? 0 : repeat - LZ_MATCH_MIN;
	uint8_t *begin = (uint8_t *)buf_room(out, literals.n + 16), *p = begin;

	if (p == NULL)
		return -1;
	*p++ = (uint8_t)(nibble(literals.n) << 4 | nibble(more));
	if (literals.n >= NIBBLE)
		p = put_groups(p, literals.n - NIBBLE);
	if (more >= NIBBLE)
		p = put_groups(p, more - NIBBLE);
	if (literals.n > 0)
		memcpy(p, literals.p, literals.n);
	p += literals.n;
	if (repeat > 0)
		p = put_groups(p, distance);
	buf_grown(out, (size_t)(p - begin));
	return 0;
}

/* So many octets at a and at b, which is above, are the same. */
static size_t
same(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
	const uint8_t *from = b;

	while (b < end && *a == *b) {
		a++;
		b++;
	}
	return (size_t)(b - from);
}

void
lz_learn(struct lz_words *w, struct span words)
{
	*w = (struct lz_words){ .n = words.n };
	for (size_t at = 0; at + LZ_MATCH_MIN <= words.n; at++)
		w->last[slot_of((const uint8_t *)words.p + at)] =
		    (uint32_t)at + 1;
}

int
lz_pack(struct buf *out, struct span all, size_t from,
    const struct lz_words *words)
{
	const uint8_t *text = (const uint8_t *)all.p;
	uint32_t last[LZ_SLOTS];
	size_t at = 0, told = from, n, place;
	unsigned slot;

	if (all.n > LZ_ALL_MAX || from > all.n ||
	    (words != NULL && words->n > from))
		return -1;
	if (words == NULL)
		memset(last, 0, sizeof(last));
	else {
		memcpy(last, words->last, sizeof(last));
		/* What begins in the words and ends behind them is new. */
		if (words->n >= LZ_MATCH_MIN)
			at = words->n - LZ_MATCH_MIN + 1;
	}
	for (; at + LZ_MATCH_MIN <= all.n; at++) {
		slot = slot_of(text + at);
		place = last[slot];
		last[slot] = (uint32_t)at + 1;
		if (at < told || place == 0)
			continue;
		n = same(text + place - 1, text + at, text + all.n);
		if (n < LZ_MATCH_MIN)
			continue;
		if (put_step(out, span_of(text + told, at - told), n,
		    at + 1 - place) != 0)
			return -1;
		told = at + n;
		at = told - 1;	/* what is repeated is known already */
	}
	return told == all.n ? 0 :
	    put_step(out, span_of(text + told, all.n - told), 0, 0);
}

struct input {
	const uint8_t *p, *end;
};

static inline bool
get_groups(struct input *in, size_t *v)
{
	uint8_t octet;

	for (int shift = 0; shift < SHIFT_MAX && in->p < in->end;
	    shift += GROUP) {
		octet = *in->p++;
		*v += (size_t)(octet & 0x7f) << shift;
		if ((octet & 0x80) == 0)
			return true;
	}
	return false;
}

/* The two numbers of a step. */
static inline bool
get_lengths(struct input *in, size_t *literals, size_t *more)
{
	uint8_t octet;

	if (in->p == in->end)
		return false;
	octet = *in->p++;
	*literals = octet >> 4;
	*more = octet & NIBBLE;
	return (*literals < NIBBLE || get_groups(in, literals)) &&
	    (*more < NIBBLE || get_groups(in, more));
}

/* Of n literals; there is room for `left` octets, which are written later. */
static inline void
literals(uint8_t *to, const struct input *in, size_t n, size_t left)
{
	if (n <= SHORT && left >= SHORT && in->end - in->p >= SHORT)
		memcpy(to, in->p, SHORT);
	else if (n > 0)
		memcpy(to, in->p, n);
}

/* What is repeated may reach into itself. */
static inline void
repeat(uint8_t *to, size_t distance, size_t n, size_t left)
{
	const uint8_t *is = to - distance;

	if (n <= SHORT && left >= SHORT && distance >= SHORT)
		memcpy(to, is, SHORT);
	else if (distance >= n)
		memcpy(to, is, n);
	else
		for (size_t i = 0; i < n; i++)
			to[i] = is[i];
}

/*
 * One step, of which `left` octets are wanted at most, to `to`, before which
 * `before` octets stand; 0: it makes no sense.
 */
static inline size_t
step(struct input *in, uint8_t *to, size_t before, size_t left)
{
	size_t n, more, distance = 0;

	if (!get_lengths(in, &n, &more) || n > (size_t)(in->end - in->p) ||
	    n > left)
		return 0;
	literals(to, in, n, left);
	in->p += n;
	if (n == left)
		return n;
	more += LZ_MATCH_MIN;
	if (!get_groups(in, &distance) || more > left - n || distance == 0 ||
	    distance > before + n)
		return 0;
	repeat(to + n, distance, more, left - n);
	return n + more;
}

int
lz_unpack(struct buf *out, struct span packed, size_t octets, size_t enough)
{
	struct input in = { (const uint8_t *)packed.p,
	    (const uint8_t *)span_from(packed, packed.n).p };
	size_t done = 0, n;
	uint8_t *to = octets > LZ_ALL_MAX ? NULL :
	    (uint8_t *)buf_room(out, octets);

	if (to == NULL)
		return -1;
	while (done < octets && done < enough) {
		n = step(&in, to + done, out->n + done, octets - done);
		if (n == 0)
			return -1;
		done += n;
	}
	if (done == octets && in.p < in.end)
		return -1;
	buf_grown(out, done);
	return 0;
}
