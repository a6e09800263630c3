/*
 * throttle.c - networks are in a bounded table that drops what was used longest
 * ago.  Names, of which a guesser can make up as many as he likes, have a fixed
 * number of cells instead, by a keyed hash: no flood of names makes the count
 * of one forgotten.
 */
#include "helpers/authd/throttle.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/hash.h"

#define FAILURES_MAX	1000

struct count {
	unsigned failures;
	int64_t	 last_ms;	/* of the last failure */
	int64_t	 free_ms;	/* when the next try may be judged */
};

struct throttle {
	struct recent *networks;
	struct count   names[THROTTLE_NAMES];
	uint8_t	       seed[16];
};

struct throttle *
throttle_new(const uint8_t seed[16])
{
	struct throttle *t = xcalloc(1, sizeof(*t));

	for (size_t i = 0; i < sizeof(t->seed); i++)
		t->seed[i] = seed[i];
	t->networks = recent_new(t->seed, THROTTLE_NETWORKS_MAX);
	return t;
}

void
throttle_free(struct throttle **t)
{
	if (*t == NULL)
		return;
	recent_free(&(*t)->networks);
	free(*t);
	*t = NULL;
}

static struct count *
count_of_name(struct throttle *t, struct span name)
{
	return &t->names[siphash(t->seed, name.p, name.n) % THROTTLE_NAMES];
}

static void
forget(struct count *c, int64_t now_ms)
{
	while (c->failures > 0 && now_ms - c->last_ms >= THROTTLE_FORGET_MS) {
		c->failures--;
		c->last_ms += THROTTLE_FORGET_MS;
	}
}

static int64_t
doubled(int64_t ms, unsigned times, int64_t most_ms)
{
	while (times-- > 0 && ms < most_ms)
		ms *= 2;
	return ms < most_ms ? ms : most_ms;
}

/* ---------------------------------------------------------- before a try */

static int64_t
wait_of(const struct count *c, int64_t now_ms)
{
	return c->free_ms > now_ms ? c->free_ms - now_ms : 0;
}

/* The next one waits longer, if there were failures enough. */
static void
reserve(struct count *c, unsigned allowed, int64_t now_ms)
{
	if (c->failures <= allowed)
		return;
	c->free_ms = now_ms + wait_of(c, now_ms) +
	    doubled(THROTTLE_GAP_MIN_MS, c->failures - allowed - 1,
	    THROTTLE_GAP_MAX_MS);
}

/* The fields of an entry as a count, and back. */
static struct count
load(const struct recent_entry *e)
{
	struct count c = { 0 };

	if (e != NULL)
		c = (struct count){ e->failures, e->last_ms, e->free_ms };
	return c;
}

static void
store(struct recent_entry *e, const struct count *c)
{
	if (e == NULL)
		return;
	e->failures = c->failures;
	e->last_ms = c->last_ms;
	e->free_ms = c->free_ms;
}

static struct recent_entry *
place_entry(struct throttle *t, const struct throttle_who *who)
{
	return who->known != NULL ? who->known :
	    recent_find(t->networks, span_str(who->network.text));
}

int64_t
throttle_before(struct throttle *t, const struct throttle_who *who,
    int64_t now_ms)
{
	struct recent_entry *e = place_entry(t, who);
	struct count place = load(e), *name = who->known != NULL ? NULL :
	    count_of_name(t, who->name);
	bool gated = who->known != NULL || !who->loopback;
	int64_t wait = gated ? wait_of(&place, now_ms) : 0;

	if (name != NULL && wait_of(name, now_ms) > wait)
		wait = wait_of(name, now_ms);
	if (wait > THROTTLE_WAIT_MAX_MS)
		return -1;
	forget(&place, now_ms);
	if (gated)
		reserve(&place, THROTTLE_FREE, now_ms);
	store(e, &place);
	if (name != NULL) {
		forget(name, now_ms);
		reserve(name, THROTTLE_FREE_NAME, now_ms);
	}
	return wait;
}

/* ----------------------------------------------------------- after a try */

/* One failure more, and what it costs. */
static int64_t
count_up(struct count *c, int64_t now_ms)
{
	int64_t delay;

	forget(c, now_ms);
	/* The first two wrong ones are typing mistakes. */
	delay = doubled(THROTTLE_DELAY_MIN_MS, c->failures > 2 ?
	    c->failures - 2 : 0, THROTTLE_DELAY_MAX_MS);
	if (c->failures < FAILURES_MAX)
		c->failures++;
	c->last_ms = now_ms;
	return delay;
}

int64_t
throttle_failed(struct throttle *t, const struct throttle_who *who,
    int64_t now_ms)
{
	struct recent_entry *e = recent_touch(t->networks,
	    span_str(who->network.text));
	struct count c = load(e);
	int64_t network = count_up(&c, now_ms), other;

	store(e, &c);
	if (who->known == NULL) {
		other = count_up(count_of_name(t, who->name), now_ms);
		return network > other ? network : other;
	}
	c = load(who->known);
	other = count_up(&c, now_ms);
	store(who->known, &c);
	return other;
}

void
throttle_passed(struct throttle *t, const struct throttle_who *who,
    int64_t now_ms)
{
	struct recent_entry *e = recent_find(t->networks,
	    span_str(who->network.text));

	if (e != NULL && (!e->eased ||
	    now_ms - e->eased_ms >= THROTTLE_FORGET_MS)) {
		e->failures /= 2;
		e->eased = true;
		e->eased_ms = now_ms;
	}
	if (who->known != NULL)
		who->known->failures = 0;
}
