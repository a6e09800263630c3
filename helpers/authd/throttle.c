/*
 * throttle.c - a bounded table from network to count.  When it is full all
 * counts are forgotten: a flood from everywhere cannot be slowed by networks
 * anyway, and nobody is locked out by it.  Names, of which a guesser can make
 * up as many as he likes, have a fixed number of cells instead, by a keyed
 * hash: no flood of names makes the count of one forgotten.
 */
#include "helpers/authd/throttle.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/hash.h"
#include "os/sock.h"

struct count {
	unsigned failures;
	int64_t	 last_ms;
};

struct throttle {
	struct hash *networks;	/* -> struct count */
	struct count names[THROTTLE_NAMES];
	uint8_t	     seed[16];
};

struct throttle *
throttle_new(const uint8_t seed[16])
{
	struct throttle *t = xcalloc(1, sizeof(*t));

	for (size_t i = 0; i < sizeof(t->seed); i++)
		t->seed[i] = seed[i];
	t->networks = hash_new(THROTTLE_NETWORKS_MAX, t->seed);
	return t;
}

void
throttle_free(struct throttle **t)
{
	if (*t == NULL)
		return;
	hash_free(&(*t)->networks, free);
	free(*t);
	*t = NULL;
}

/* The part of the address that counts; local and unknown ones as text. */
static struct span
network_key(struct span client, struct sock_addr *a)
{
	if (sock_parse_ip(client, a) != 0)
		return span_head(client, 64);
	return span_of(a->ip, a->family == 4 ? 3 : 6);
}

/* One failure more, and what it costs. */
static int64_t
count_up(struct count *c, int64_t now_ms)
{
	int64_t delay = THROTTLE_DELAY_MIN_MS;

	while (c->failures > 0 && now_ms - c->last_ms >= THROTTLE_FORGET_MS) {
		c->failures--;
		c->last_ms += THROTTLE_FORGET_MS;
	}
	/* The first two wrong ones are typing mistakes. */
	for (unsigned i = 2; i < c->failures &&
	    delay < THROTTLE_DELAY_MAX_MS; i++)
		delay *= 2;
	if (c->failures < 1000)
		c->failures++;
	c->last_ms = now_ms;
	return delay < THROTTLE_DELAY_MAX_MS ? delay : THROTTLE_DELAY_MAX_MS;
}

int64_t
throttle_failed(struct throttle *t, struct span client, int64_t now_ms)
{
	struct sock_addr a;
	struct span key = network_key(client, &a);
	struct count *n = hash_get(t->networks, key);

	if (n == NULL) {
		if (hash_count(t->networks) >= THROTTLE_NETWORKS_MAX) {
			hash_free(&t->networks, free);
			t->networks = hash_new(THROTTLE_NETWORKS_MAX, t->seed);
		}
		n = xcalloc(1, sizeof(*n));
		n->last_ms = now_ms;
		if (hash_put(t->networks, key, n) != 0) {
			free(n);
			return THROTTLE_DELAY_MIN_MS;
		}
	}
	return count_up(n, now_ms);
}

int64_t
throttle_failed_name(struct throttle *t, struct span name, int64_t now_ms)
{
	uint64_t cell = siphash(t->seed, name.p, name.n) % THROTTLE_NAMES;

	return count_up(&t->names[cell], now_ms);
}

void
throttle_passed(struct throttle *t, struct span client)
{
	struct sock_addr a;
	struct count *n = hash_get(t->networks, network_key(client, &a));

	if (n != NULL)
		n->failures /= 2;
}
