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
#define SLOTS		(1U << SLOTS_LOG2)
#define NIBBLE		15U
#define GROUP		7
#define SHIFT_MAX	28

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

int
lz_pack(struct buf *out, struct span all, size_t from)
{
	const uint8_t *text = (const uint8_t *)all.p;
	uint32_t last[SLOTS] = { 0 };		/* place + 1; 0: none */
	size_t at = 0, told = from, n, place;
	unsigned slot;

	if (all.n > LZ_ALL_MAX || from > all.n)
		return -1;
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

static bool
get_groups(struct span *in, size_t *v)
{
	uint8_t octet;

	for (int shift = 0; shift < SHIFT_MAX && in->n > 0; shift += GROUP) {
		octet = (uint8_t)*in->p;
		*in = span_from(*in, 1);
		*v += (size_t)(octet & 0x7f) << shift;
		if ((octet & 0x80) == 0)
			return true;
	}
	return false;
}

/* The two numbers of a step. */
static bool
get_lengths(struct span *in, size_t *literals, size_t *more)
{
	uint8_t octet;

	if (in->n == 0)
		return false;
	octet = (uint8_t)*in->p;
	*in = span_from(*in, 1);
	*literals = octet >> 4;
	*more = octet & NIBBLE;
	return (*literals < NIBBLE || get_groups(in, literals)) &&
	    (*more < NIBBLE || get_groups(in, more));
}

/* What is repeated may reach into itself. */
static void
repeat(char *to, size_t distance, size_t n)
{
	const char *is = to - distance;

	if (distance >= n)
		memcpy(to, is, n);
	else
		for (size_t i = 0; i < n; i++)
			to[i] = is[i];
}

/*
 * One step, of which `left` octets are wanted at most, to `to`, before which
 * `before` octets stand; 0: it makes no sense.
 */
static size_t
step(struct span *in, char *to, size_t before, size_t left)
{
	size_t n, more, distance = 0;

	if (!get_lengths(in, &n, &more) || n > in->n || n > left)
		return 0;
	if (n > 0)
		memcpy(to, in->p, n);
	*in = span_from(*in, n);
	if (n == left)
		return n;
	more += LZ_MATCH_MIN;
	if (!get_groups(in, &distance) || more > left - n || distance == 0 ||
	    distance > before + n)
		return 0;
	repeat(to + n, distance, more);
	return n + more;
}

int
lz_unpack(struct buf *out, struct span packed, size_t octets)
{
	size_t done = 0, n;
	char *to = octets > LZ_ALL_MAX ? NULL : buf_room(out, octets);

	if (to == NULL)
		return -1;
	while (done < octets) {
		n = step(&packed, to + done, out->n + done, octets - done);
		if (n == 0)
			return -1;
		done += n;
	}
	if (packed.n > 0)
		return -1;
	buf_grown(out, octets);
	return 0;
}
