/*
 * tally - see tally.h.
 * What is kept of a bucket is how much of it is used, in parts of 1/time_ms
 * of an event: each event adds time_ms parts, each millisecond takes "limit"
 * of them away, and limit * time_ms is full.  So nothing is ever rounded.
 * Networks and accounts stand in one table of a fixed size; the one that was
 * not heard of for longest makes room.  To be forgotten while the limit still
 * holds takes TALLY_ENTRIES_MAX others within its time.
 */
#include "smtpd/tally.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/hash.h"

#define HEAD		18		/* octets in front of the account */
#define SAY_MS		60000

struct bucket {
	uint64_t used;			/* parts, see above */
	int64_t	 at_ms;			/* when that was so */
	int64_t	 said_ms;		/* the last refusal that was logged */
	bool	 said;
};

struct entry {
	TAILQ_ENTRY(entry) next;
	size_t	 key_n;
	char	 key[1 + AUTH_USER_MAX];	/* kind of key, then the key */
	struct bucket buckets[TALLY_KINDS];
};

struct tally {
	struct tally_limits limits;
	struct hash *entries;
	TAILQ_HEAD(, entry) order;	/* the one heard of last at the end */
};

struct tally *
tally_new(const struct tally_limits *limits, const uint8_t seed[16])
{
	struct tally *t = xcalloc(1, sizeof(*t));

	t->limits = *limits;
	t->entries = hash_new(TALLY_ENTRIES_MAX, seed);
	TAILQ_INIT(&t->order);
	return t;
}

static void
forget(struct tally *t, struct entry *e)
{
	(void)hash_del(t->entries, span_of(e->key, e->key_n));
	TAILQ_REMOVE(&t->order, e, next);
	free(e);
}

static void
forget_all(struct tally *t)
{
	while (!TAILQ_EMPTY(&t->order))
		forget(t, TAILQ_FIRST(&t->order));
}

void
tally_free(struct tally **t)
{
	if (*t == NULL)
		return;
	forget_all(*t);
	hash_free(&(*t)->entries, NULL);
	free(*t);
	*t = NULL;
}

static bool
same(const struct tally_limits *a, const struct tally_limits *b)
{
	return memcmp(a->network, b->network, sizeof(a->network)) == 0 &&
	    memcmp(a->account, b->account, sizeof(a->account)) == 0 &&
	    a->time_ms == b->time_ms;
}

void
tally_limit(struct tally *t, const struct tally_limits *limits)
{
	if (!same(&t->limits, limits))
		forget_all(t);
	t->limits = *limits;
}

static bool
by_account(const struct tally_event *e)
{
	return e->account[0] != '\0' && (e->kind == TALLY_MESSAGE ||
	    e->kind == TALLY_RECIPIENT);
}

static uint32_t
limit_of(const struct tally_limits *l, const struct tally_event *e)
{
	if (by_account(e))
		return l->account[e->kind];
	if (e->client.family == 0 || sock_is_loopback(&e->client))
		return 0;
	return l->network[e->kind];
}

bool
tally_limited(const struct tally_limits *l, const struct tally_event *e)
{
	return limit_of(l, e) > 0;
}

/* Accounts by name; networks as sock_network_of() has them. */
static size_t
key_of(const struct tally_event *e, char key[1 + AUTH_USER_MAX])
{
	struct sock_network network;
	size_t n;

	if (by_account(e)) {
		n = strlen(e->account);
		key[0] = 'a';
		memcpy(key + 1, e->account, n);
		return n + 1;
	}
	sock_network_of(&e->client, &network);
	memcpy(key, network.octets, sizeof(network.octets));
	return sizeof(network.octets);
}

static struct entry *
entry_for(struct tally *t, const struct tally_event *event)
{
	char key[1 + AUTH_USER_MAX];
	size_t n = key_of(event, key);
	struct entry *e = hash_get(t->entries, span_of(key, n));

	if (e != NULL) {
		TAILQ_REMOVE(&t->order, e, next);
		TAILQ_INSERT_TAIL(&t->order, e, next);
		return e;
	}
	if (hash_count(t->entries) == TALLY_ENTRIES_MAX)
		forget(t, TAILQ_FIRST(&t->order));
	e = xcalloc(1, sizeof(*e));
	memcpy(e->key, key, n);
	e->key_n = n;
	if (hash_put(t->entries, span_of(e->key, n), e) != 0)
		bug("tally: more entries than there is room for");
	TAILQ_INSERT_TAIL(&t->order, e, next);
	return e;
}

/* What time has given back.  A clock that goes back gives nothing. */
static void
refill(struct bucket *b, uint32_t limit, int64_t now_ms)
{
	uint64_t passed = now_ms > b->at_ms ?
	    (uint64_t)(now_ms - b->at_ms) : 0;

	/* One that is empty of use needs no product, which might be large. */
	if (passed >= b->used / limit + 1)
		b->used = 0;
	else
		b->used -= passed * limit;
	b->at_ms = now_ms;
}

static bool
to_be_said(struct bucket *b, int64_t now_ms)
{
	if (b->said && now_ms - b->said_ms < SAY_MS)
		return false;
	b->said = true;
	b->said_ms = now_ms;
	return true;
}

static enum tally_verdict
judge(struct tally *t, const struct tally_event *e, int64_t now_ms,
    bool *say, bool counted)
{
	uint32_t limit = limit_of(&t->limits, e);
	uint64_t one = (uint64_t)t->limits.time_ms;
	struct bucket *b;

	*say = false;
	if (limit == 0)
		return TALLY_OK;
	b = &entry_for(t, e)->buckets[e->kind];
	refill(b, limit, now_ms);
	if (b->used + one <= limit * one) {
		if (counted)
			b->used += one;
		return TALLY_OK;
	}
	*say = to_be_said(b, now_ms);
	return by_account(e) ? TALLY_OVER_ACCOUNT : TALLY_OVER_NETWORK;
}

enum tally_verdict
tally_count(struct tally *t, const struct tally_event *e, int64_t now_ms,
    bool *say)
{
	return judge(t, e, now_ms, say, true);
}

enum tally_verdict
tally_look(struct tally *t, const struct tally_event *e, int64_t now_ms,
    bool *say)
{
	return judge(t, e, now_ms, say, false);
}

size_t
tally_put(const struct tally_event *e, uint8_t out[TALLY_EVENT_MAX])
{
	size_t n = strlen(e->account);

	out[0] = (uint8_t)e->kind;
	out[1] = e->client.family;
	memcpy(out + 2, e->client.ip, sizeof(e->client.ip));
	memcpy(out + HEAD, e->account, n);
	return HEAD + n;
}

int
tally_get(const uint8_t *p, size_t n, struct tally_event *e)
{
	*e = (struct tally_event){ .kind = TALLY_ERROR };
	if (n < HEAD || n > TALLY_EVENT_MAX || p[0] >= TALLY_KINDS ||
	    (p[1] != 0 && p[1] != 4 && p[1] != 6) ||
	    memchr(p + HEAD, '\0', n - HEAD) != NULL)
		return -1;
	e->kind = (enum tally_kind)p[0];
	e->client.family = p[1];
	memcpy(e->client.ip, p + 2, sizeof(e->client.ip));
	memcpy(e->account, p + HEAD, n - HEAD);
	return 0;
}
