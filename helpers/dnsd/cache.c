/*
 * cache.c - a hash from kind and name to an answer of just the size it has.
 * When it is full everything is forgotten: simple, bounded, and refilled by the
 * names that matter within seconds.
 */
#include "helpers/dnsd/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "helpers/dnsd/resolve.h"
#include "os/clock.h"
#include "os/rand.h"

struct entry {
	int64_t	expires_ms;
	uint8_t	status, secure;
	char	canonical[256];
	size_t	records_len;
	uint8_t	records[];
};

struct cache {
	struct hash *entries;
	uint8_t	     seed[16];
};

#define KEY_MAX	(1 + sizeof(((struct dns_ask *)0)->name))

static struct span
key_of(const struct dns_ask *ask, char out[KEY_MAX])
{
	size_t n = strlen(ask->name);

	out[0] = (char)('0' + ask->kind);
	for (size_t i = 0; i < n; i++)
		out[1 + i] = ascii_lower(ask->name[i]);
	return span_of(out, 1 + n);
}

struct cache *
cache_new(void)
{
	struct cache *c = xcalloc(1, sizeof(*c));

	rand_octets(c->seed, sizeof(c->seed));
	c->entries = hash_new(RESOLVE_CACHE_MAX, c->seed);
	return c;
}

void
cache_free(struct cache **c)
{
	if (*c == NULL)
		return;
	hash_free(&(*c)->entries, free);
	free(*c);
	*c = NULL;
}

bool
cache_get(struct cache *c, const struct dns_ask *ask,
    struct dns_answer *answer)
{
	char text[KEY_MAX];
	struct span key = key_of(ask, text);
	struct entry *e = hash_get(c->entries, key);
	int64_t left;

	if (e == NULL)
		return false;
	left = e->expires_ms - clock_mono_ms();
	if (left <= 0) {
		free(hash_del(c->entries, key));
		return false;
	}
	answer->status = e->status;
	answer->secure = e->secure;
	answer->ttl_s = (uint32_t)(left / 1000);
	memcpy(answer->canonical, e->canonical, sizeof(e->canonical));
	answer->records_len = e->records_len;
	memcpy(answer->records, e->records, e->records_len);
	return true;
}

void
cache_put(struct cache *c, const struct dns_ask *ask,
    const struct dns_answer *answer)
{
	char text[KEY_MAX];
	struct span key = key_of(ask, text);
	struct entry *e;

	if (answer->status == DNS_TEMPORARY || answer->ttl_s == 0)
		return;
	free(hash_del(c->entries, key));
	if (hash_count(c->entries) >= RESOLVE_CACHE_MAX) {
		hash_free(&c->entries, free);
		c->entries = hash_new(RESOLVE_CACHE_MAX, c->seed);
	}
	e = xcalloc(1, sizeof(*e) + answer->records_len);
	e->expires_ms = clock_mono_ms() + (int64_t)answer->ttl_s * 1000;
	e->status = answer->status;
	e->secure = answer->secure;
	memcpy(e->canonical, answer->canonical, sizeof(e->canonical));
	e->records_len = answer->records_len;
	memcpy(e->records, answer->records, answer->records_len);
	if (hash_put(c->entries, key, e) != 0)
		free(e);
}
