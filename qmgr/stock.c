/*
 * stock - see stock.h.
 * Items lie in chunks and are known by number.  An index by id goes by chains
 * through them, an order by time by a heap of their numbers.  An item does not
 * know its place in the heap, which would cost as much as its time: one that
 * is removed stays there, marked, until it is the first or until there are
 * more such than others.  An id is 20 of 62 characters: six bits each.
 */
#include "qmgr/stock.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"

#define PACKED		(ID_LEN * 6 / 8)
#define CHUNK		8192	/* items */
#define BUCKETS_FIRST	1024
#define PER_BUCKET	4
#define DEAD_MIN	1024	/* so few are not worth the work */

#define PLACE		0x07	/* of flags */
#define PAUSED		0x08
#define DEAD		0x10
#define HIGH_SHIFT	5	/* bits 32 to 34 of the time are above these */

struct item {
	uint8_t	 id[PACKED];
	uint8_t	 flags;
	uint32_t due_low_s;
	uint32_t chain;		/* of its bucket, or of those that are free */
};
_Static_assert(sizeof(struct item) == 24, "a million of them");

/* Items are numbered from 1; 0 is none. */
struct stock {
	struct item **chunks;
	size_t	 nchunks;
	uint32_t made, unused;	/* numbers given so far; free ones */
	uint32_t *buckets;	/* a power of two of them */
	size_t	 nbuckets;
	uint32_t *heap;		/* from 0; the first is the earliest */
	size_t	 n, size, dead;	/* in it */
	uint8_t	 seed[16];
};

static struct item *
at(const struct stock *s, uint32_t number)
{
	return &s->chunks[(number - 1) / CHUNK][(number - 1) % CHUNK];
}

static int64_t
due_s(const struct item *i)
{
	return (int64_t)(i->flags >> HIGH_SHIFT) << 32 | i->due_low_s;
}

/* --------------------------------------------------------------------- ids */

static unsigned
six_bits(char c)
{
	if (c <= '9')
		return (unsigned)(c - '0') & 63;
	return (unsigned)(c <= 'Z' ? c - 'A' + 10 : c - 'a' + 36) & 63;
}

static void
pack(const char *id, uint8_t out[PACKED])
{
	unsigned v;

	for (size_t i = 0; i < ID_LEN; i += 4, out += 3) {
		v = six_bits(id[i]) << 18 | six_bits(id[i + 1]) << 12 |
		    six_bits(id[i + 2]) << 6 | six_bits(id[i + 3]);
		out[0] = (uint8_t)(v >> 16);
		out[1] = (uint8_t)(v >> 8);
		out[2] = (uint8_t)v;
	}
}

static void
unpack(const uint8_t *in, char out[ID_SIZE])
{
	static const char letters[64] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz";
	unsigned v;

	for (size_t i = 0; i < ID_LEN; i += 4, in += 3) {
		v = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
		out[i] = letters[v >> 18 & 63];
		out[i + 1] = letters[v >> 12 & 63];
		out[i + 2] = letters[v >> 6 & 63];
		out[i + 3] = letters[v & 63];
	}
	out[ID_LEN] = '\0';
}

static void
tell(const struct item *i, struct stock_item *out)
{
	unpack(i->id, out->id);
	out->place = i->flags & PLACE;
	out->paused = (i->flags & PAUSED) != 0;
	out->due_s = due_s(i);
}

/* All but the id. */
static void
set(struct item *i, const struct stock_item *from)
{
	int64_t due = from->due_s < 0 ? 0 : from->due_s > STOCK_DUE_MAX ?
	    STOCK_DUE_MAX : from->due_s;

	i->flags = (uint8_t)((from->place & PLACE) |
	    (from->paused ? PAUSED : 0) | due >> 32 << HIGH_SHIFT);
	i->due_low_s = (uint32_t)(due & UINT32_MAX);
}

/* ------------------------------------------------------------------ numbers */

static uint32_t
take_number(struct stock *s)
{
	uint32_t number = s->unused;

	if (number != 0) {
		s->unused = at(s, number)->chain;
		return number;
	}
	if (s->made == UINT32_MAX)
		die(EXIT_OSERR, "more messages than there are numbers");
	if (s->made / CHUNK == s->nchunks) {
		s->chunks = xreallocarray(s->chunks, s->nchunks + 1,
		    sizeof(s->chunks[0]));
		s->chunks[s->nchunks++] = xcalloc(CHUNK, sizeof(struct item));
	}
	return ++s->made;
}

static void
give_back(struct stock *s, uint32_t number)
{
	at(s, number)->chain = s->unused;
	s->unused = number;
}

/* ------------------------------------------------------------------- by id */

/* The link that has the number of the item of that id, or the last link. */
static uint32_t *
link_of(const struct stock *s, const uint8_t id[PACKED])
{
	uint32_t *link = &s->buckets[siphash(s->seed, id, PACKED) &
	    (s->nbuckets - 1)];

	while (*link != 0 && memcmp(at(s, *link)->id, id, PACKED) != 0)
		link = &at(s, *link)->chain;
	return link;
}

static void
grow_index(struct stock *s)
{
	uint32_t *link;

	free(s->buckets);
	s->nbuckets *= 2;
	s->buckets = xcalloc(s->nbuckets, sizeof(s->buckets[0]));
	for (size_t k = 0; k < s->n; k++)
		at(s, s->heap[k])->chain = 0;
	for (size_t k = 0; k < s->n; k++) {
		if ((at(s, s->heap[k])->flags & DEAD) != 0)
			continue;
		link = link_of(s, at(s, s->heap[k])->id);
		*link = s->heap[k];
	}
}

/* ----------------------------------------------------------------- by time */

static void
sift_up(struct stock *s, size_t k)
{
	uint32_t number = s->heap[k];

	for (; k > 0 && due_s(at(s, s->heap[(k - 1) / 2])) >
	    due_s(at(s, number)); k = (k - 1) / 2)
		s->heap[k] = s->heap[(k - 1) / 2];
	s->heap[k] = number;
}

static void
sift_down(struct stock *s, size_t k)
{
	uint32_t number = s->heap[k];
	size_t child;

	while ((child = 2 * k + 1) < s->n) {
		if (child + 1 < s->n && due_s(at(s, s->heap[child + 1])) <
		    due_s(at(s, s->heap[child])))
			child++;
		if (due_s(at(s, s->heap[child])) >= due_s(at(s, number)))
			break;
		s->heap[k] = s->heap[child];
		k = child;
	}
	s->heap[k] = number;
}

static void
drop_dead(struct stock *s)
{
	size_t kept = 0;

	for (size_t k = 0; k < s->n; k++)
		if ((at(s, s->heap[k])->flags & DEAD) != 0)
			give_back(s, s->heap[k]);
		else
			s->heap[kept++] = s->heap[k];
	s->n = kept;
	s->dead = 0;
}

static void
heapify(struct stock *s)
{
	for (size_t k = s->n / 2; k > 0; k--)
		sift_down(s, k - 1);
}

static void
push(struct stock *s, uint32_t number)
{
	if (s->n == s->size) {
		s->size += s->size / 8 + BUCKETS_FIRST;
		s->heap = xreallocarray(s->heap, s->size, sizeof(s->heap[0]));
	}
	s->heap[s->n++] = number;
	sift_up(s, s->n - 1);
}

/* --------------------------------------------------------------- the module */

struct stock *
stock_new(const uint8_t seed[16])
{
	struct stock *s = xcalloc(1, sizeof(*s));

	memcpy(s->seed, seed, sizeof(s->seed));
	s->nbuckets = BUCKETS_FIRST;
	s->buckets = xcalloc(s->nbuckets, sizeof(s->buckets[0]));
	return s;
}

void
stock_free(struct stock **s)
{
	for (size_t k = 0; k < (*s)->nchunks; k++)
		free((*s)->chunks[k]);
	free((*s)->chunks);
	free((*s)->buckets);
	free((*s)->heap);
	free(*s);
	*s = NULL;
}

size_t
stock_count(const struct stock *s)
{
	return s->n - s->dead;
}

/* Out of the index; in the heap it stays for now. */
static void
bury(struct stock *s, uint32_t *link)
{
	struct item *i = at(s, *link);

	*link = i->chain;
	i->flags |= DEAD;
	if (++s->dead > stock_count(s) + DEAD_MIN) {
		drop_dead(s);
		heapify(s);
	}
}

void
stock_put(struct stock *s, const struct stock_item *from)
{
	struct item fresh = { .chain = 0 }, *i;
	uint32_t number, *link;

	pack(from->id, fresh.id);
	set(&fresh, from);
	link = link_of(s, fresh.id);
	if (*link != 0) {
		i = at(s, *link);
		if (due_s(i) == due_s(&fresh)) {
			i->flags = fresh.flags;
			return;
		}
		bury(s, link);
	}
	if (stock_count(s) >= s->nbuckets * PER_BUCKET)
		grow_index(s);
	number = take_number(s);	/* may move nothing that is made */
	*at(s, number) = fresh;
	*link_of(s, fresh.id) = number;
	push(s, number);
}

bool
stock_get(const struct stock *s, const char *id, struct stock_item *out)
{
	uint8_t packed[PACKED];
	uint32_t number;

	pack(id, packed);
	number = *link_of(s, packed);
	if (number != 0 && out != NULL)
		tell(at(s, number), out);
	return number != 0;
}

bool
stock_del(struct stock *s, const char *id)
{
	uint8_t packed[PACKED];
	uint32_t *link;

	pack(id, packed);
	link = link_of(s, packed);
	if (*link == 0)
		return false;
	bury(s, link);
	return true;
}

bool
stock_first(struct stock *s, struct stock_item *out)
{
	while (s->n > 0) {
		if ((at(s, s->heap[0])->flags & DEAD) == 0) {
			tell(at(s, s->heap[0]), out);
			return true;
		}
		give_back(s, s->heap[0]);
		s->dead--;
		s->heap[0] = s->heap[--s->n];
		if (s->n > 0)
			sift_down(s, 0);
	}
	return false;
}

void
stock_each(struct stock *s, void (*each)(struct stock_item *i, void *ctx),
    void *ctx)
{
	struct stock_item told;
	struct item *i;

	drop_dead(s);
	for (size_t k = 0; k < s->n; k++) {
		i = at(s, s->heap[k]);
		tell(i, &told);
		each(&told, ctx);
		set(i, &told);
	}
	heapify(s);
}
