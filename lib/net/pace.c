/*
 * pace - see pace.h.
 * A bucket for each of the networks that came last; one that is forgotten
 * for others has been full or comes back full, which takes NETWORKS_MAX
 * networks at once.
 */
#include "net/pace.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "os/clock.h"
#include "os/rand.h"

#define NETWORKS_MAX	8192
#define TOKEN		1000
#define SAY_MS		1000

struct bucket {
	TAILQ_ENTRY(bucket) next;
	struct sock_network network;
	uint64_t tokens;	/* thousandths */
	int64_t	 last_ms;
};

struct pace {
	unsigned     per_second;
	struct hash *by_network;
	TAILQ_HEAD(, bucket) all;	/* oldest first */
	size_t	     n;
	int64_t	     said_ms;
};

struct pace *
pace_new(unsigned per_second)
{
	struct pace *p = xcalloc(1, sizeof(*p));
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	p->per_second = per_second;
	p->by_network = hash_new(NETWORKS_MAX, seed);
	TAILQ_INIT(&p->all);
	return p;
}

static struct span
key(const struct bucket *b)
{
	return span_of(b->network.octets, sizeof(b->network.octets));
}

static void
bucket_free(struct pace *p, struct bucket *b)
{
	(void)hash_del(p->by_network, key(b));
	TAILQ_REMOVE(&p->all, b, next);
	p->n--;
	free(b);
}

void
pace_free(struct pace **p)
{
	if (*p == NULL)
		return;
	while (!TAILQ_EMPTY(&(*p)->all))
		bucket_free(*p, TAILQ_FIRST(&(*p)->all));
	hash_free(&(*p)->by_network, NULL);
	free(*p);
	*p = NULL;
}

static struct bucket *
bucket_of(struct pace *p, const struct sock_addr *peer, int64_t now)
{
	struct bucket who, *b;

	sock_network_of(peer, &who.network);
	b = hash_get(p->by_network, key(&who));
	if (b == NULL) {
		if (p->n == NETWORKS_MAX)
			bucket_free(p, TAILQ_FIRST(&p->all));
		b = xcalloc(1, sizeof(*b));
		b->network = who.network;
		b->tokens = (uint64_t)p->per_second * 2 * TOKEN;
		b->last_ms = now;
		if (hash_put(p->by_network, key(b), b) != 0)
			bug("more networks than there is room for");
		p->n++;
	} else {
		TAILQ_REMOVE(&p->all, b, next);
	}
	TAILQ_INSERT_TAIL(&p->all, b, next);
	return b;
}

bool
pace_allow(struct pace *p, const struct sock_addr *peer, bool *say)
{
	uint64_t most = (uint64_t)p->per_second * 2 * TOKEN;
	int64_t now = clock_mono_ms();
	struct bucket *b;

	if (p->per_second == 0 || sock_is_loopback(peer))
		return true;
	b = bucket_of(p, peer, now);
	/* One millisecond brings per_second thousandths. */
	b->tokens += (uint64_t)(now - b->last_ms) * p->per_second;
	b->last_ms = now;
	if (b->tokens > most)
		b->tokens = most;
	if (b->tokens >= TOKEN) {
		b->tokens -= TOKEN;
		return true;
	}
	*say = p->said_ms == 0 || now - p->said_ms >= SAY_MS;
	if (*say)
		p->said_ms = now;
	return false;
}
