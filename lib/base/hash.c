/*
 * hash - see hash.h.
 * Chains from a table of a power-of-two size, which doubles when there are as
 * many entries as chains.  Each entry keeps its whole hash value, so doubling
 * reads no keys and a search compares few.  SipHash-2-4 with a secret seed
 * keeps strangers from choosing keys that fall into one chain.
 *
 * SipHash: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF",
 * 2012, section 2; c is the number of rounds per word, d at the end.
 */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

#define FIRST_CHAINS	((size_t)16)

struct entry {
	struct entry *next;
	void	     *value;
	uint64_t      sip;
	size_t	      n;
	char	      key[];
};

struct hash {
	struct entry **chains;
	size_t	       size, count, cap;
	uint8_t	       seed[16];
};

static uint64_t
word_le(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static inline uint64_t
rotl(uint64_t w, unsigned by)
{
	return w << by | w >> (64 - by);
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static void
sip_init(uint64_t v[4], const uint8_t key[16])
{
	uint64_t k0 = word_le(key), k1 = word_le(key + 8);

	v[0] = k0 ^ UINT64_C(0x736f6d6570736575);
	v[1] = k1 ^ UINT64_C(0x646f72616e646f6d);
	v[2] = k0 ^ UINT64_C(0x6c7967656e657261);
	v[3] = k1 ^ UINT64_C(0x7465646279746573);
}

/* All whole words of p; c is a constant at each call, so the loop unrolls. */
static inline void
sip_words(uint64_t state[4], const uint8_t *p, size_t words, int c)
{
	uint64_t v[4] = { state[0], state[1], state[2], state[3] };

	for (; words > 0; words--, p += 8) {
		uint64_t w = word_le(p);

		v[3] ^= w;
		for (int i = 0; i < c; i++)
			sip_round(v);
		v[0] ^= w;
	}
	memcpy(state, v, sizeof(v));
}

/* The last word: up to 7 octets and, on top, the length modulo 256. */
static inline uint64_t
sip_end(uint64_t v[4], const uint8_t *tail, uint64_t total, int c, int d)
{
	uint8_t last[8] = { 0 };

	memcpy(last, tail, total % 8);
	last[7] = (uint8_t)total;
	sip_words(v, last, 1, c);
	v[2] ^= 0xff;
	for (int i = 0; i < d; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
siphash(const uint8_t key[16], const void *p, size_t n)
{
	/* A real pointer also for no octets at all. */
	const uint8_t *octets = p != NULL ? p : key;
	uint64_t v[4];

	sip_init(v, key);
	sip_words(v, octets, n / 8, 2);
	return sip_end(v, octets + n / 8 * 8, n, 2, 4);
}

void
sum64_init(struct sum64 *s)
{
	/* Part of the queue file format: never changes. */
	static const uint8_t key[16] = "paquebot sum 01";

	*s = (struct sum64){ .total = 0 };
	sip_init(s->v, key);
}

void
sum64_add(struct sum64 *s, const void *p, size_t n)
{
	const uint8_t *octets = p;
	size_t take;

	if (n == 0)
		return;
	s->total += n;
	if (s->tail_n > 0) {
		take = 8 - s->tail_n < n ? 8 - s->tail_n : n;
		memcpy(s->tail + s->tail_n, octets, take);
		s->tail_n += take;
		octets += take;
		n -= take;
		if (s->tail_n < 8)
			return;
		sip_words(s->v, s->tail, 1, 1);
	}
	sip_words(s->v, octets, n / 8, 1);
	s->tail_n = n % 8;
	memcpy(s->tail, octets + n / 8 * 8, s->tail_n);
}

uint64_t
sum64_end(const struct sum64 *s)
{
	uint64_t v[4] = { s->v[0], s->v[1], s->v[2], s->v[3] };

	return sip_end(v, s->tail, s->total, 1, 3);
}

struct hash *
hash_new(size_t cap, const uint8_t seed[16])
{
	struct hash *h = xcalloc(1, sizeof(*h));

	h->cap = cap;
	h->size = FIRST_CHAINS;
	h->chains = xcalloc(h->size, sizeof(struct entry *));
	memcpy(h->seed, seed, sizeof(h->seed));
	return h;
}

void
hash_free(struct hash **h, void (*free_value)(void *))
{
	struct entry *e, *next;

	if (*h == NULL)
		return;
	for (size_t i = 0; i < (*h)->size; i++) {
		for (e = (*h)->chains[i]; e != NULL; e = next) {
			next = e->next;
			if (free_value != NULL)
				free_value(e->value);
			free(e);
		}
	}
	free((*h)->chains);
	free(*h);
	*h = NULL;
}

/* The link that points to the entry, or to the NULL at its chain's end. */
static struct entry **
find(const struct hash *h, struct span key, uint64_t sip)
{
	struct entry **at = &h->chains[sip & (h->size - 1)];

	while (*at != NULL && !((*at)->sip == sip &&
	    span_eq(span_of((*at)->key, (*at)->n), key)))
		at = &(*at)->next;
	return at;
}

static void
grow(struct hash *h)
{
	size_t size = 2 * h->size;
	struct entry **chains = xcalloc(size, sizeof(struct entry *));
	struct entry *e, *next;

	for (size_t i = 0; i < h->size; i++) {
		for (e = h->chains[i]; e != NULL; e = next) {
			next = e->next;
			e->next = chains[e->sip & (size - 1)];
			chains[e->sip & (size - 1)] = e;
		}
	}
	free(h->chains);
	h->chains = chains;
	h->size = size;
}

void *
hash_get(const struct hash *h, struct span key)
{
	const struct entry *e = *find(h, key, siphash(h->seed, key.p, key.n));

	return e != NULL ? e->value : NULL;
}

int
hash_put(struct hash *h, struct span key, void *value)
{
	uint64_t sip = siphash(h->seed, key.p, key.n);
	struct entry **chain, *e;

	if (h->count >= h->cap || *find(h, key, sip) != NULL)
		return -1;
	if (h->count >= h->size)
		grow(h);
	e = xmalloc(sizeof(*e) + key.n);
	chain = &h->chains[sip & (h->size - 1)];
	*e = (struct entry){ .next = *chain, .value = value, .sip = sip,
		.n = key.n };
	if (key.n > 0)
		memcpy(e->key, key.p, key.n);
	*chain = e;
	h->count++;
	return 0;
}

void *
hash_del(struct hash *h, struct span key)
{
	struct entry **at = find(h, key, siphash(h->seed, key.p, key.n));
	struct entry *e = *at;
	void *value;

	if (e == NULL)
		return NULL;
	*at = e->next;
	value = e->value;
	free(e);
	h->count--;
	return value;
}

size_t
hash_count(const struct hash *h)
{
	return h->count;
}

void
hash_each(const struct hash *h,
    void (*each)(struct span key, void *value, void *ctx), void *ctx)
{
	for (size_t i = 0; i < h->size; i++) {
		for (const struct entry *e = h->chains[i]; e != NULL;
		    e = e->next)
			each(span_of(e->key, e->n), e->value, ctx);
	}
}
