/*
 * hosted - see hosted.h.
 * A pair has the name of a host ("stem"); for a host three stems are tried: its
 * own, "*." and its parent, and the parent, whose certificate may be good for
 * the host as well.  What is known of a stem is one entry: asked for, there, or
 * not there, which is believed for NOBODY_MS.  Each kind has a bound of its
 * own: names that strangers make up push out nothing but each other, and cost
 * master at most RATE questions a second.
 *
 * Whoever has a certificate of ours wants signatures for it, however its pair
 * came to be forgotten here: what is forgotten becomes a former one.  And where
 * the files do not belong together, because they are being renewed, the former
 * pair serves on, until they are looked at again.
 */
#include "helpers/keyd/hosted.h"

#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/log.h"
#include "conf/value.h"
#include "helpers/keyd/rate.h"
#include "ipc/msg_super.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/rand.h"

#define PAIRS_MAX	1000	/* about 25 KiB each */
#define NOBODY_MAX	8192
#define ASKED_MAX	256
#define NOBODY_MS	60000
#define RATE		300	/* files a second; master allows 1000 */
#define STEMS		3

enum state { ASKED, THERE, NOBODY, STATES };
static const size_t most[STATES] = { ASKED_MAX, PAIRS_MAX, NOBODY_MAX };

struct entry {
	TAILQ_ENTRY(entry) next;
	char	   stem[SUPER_STEM_MAX + 1];
	enum state state;
	int	   cert;	/* ASKED: the file that came first, or -1 */
	bool	   again;	/* ASKED before a reload: what comes is old */
	int64_t	   until_ms;	/* NOBODY; THERE: 0, or a former one serves */
	struct key key;		/* THERE */
};
TAILQ_HEAD(entries, entry);

struct hosted {
	struct hash   *by_stem;
	struct entries of[STATES];	/* oldest (THERE: least used) first */
	size_t	       n[STATES];
	struct rate    rate;
	struct former *former;
	int	       (*ask)(const char *stem);
	void	       (*changed)(void *ctx);
	void	      *ctx;
};

struct hosted *
hosted_new(struct former *former, int (*ask)(const char *stem),
    void (*changed)(void *ctx), void *ctx)
{
	struct hosted *h = xcalloc(1, sizeof(*h));
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	h->by_stem = hash_new(ASKED_MAX + PAIRS_MAX + NOBODY_MAX, seed);
	for (int i = 0; i < STATES; i++)
		TAILQ_INIT(&h->of[i]);
	h->former = former;
	h->ask = ask;
	h->changed = changed;
	h->ctx = ctx;
	return h;
}

static void
entry_free(struct hosted *h, struct entry *e)
{
	TAILQ_REMOVE(&h->of[e->state], e, next);
	h->n[e->state]--;
	(void)hash_del(h->by_stem, span_str(e->stem));
	fd_close(&e->cert);
	if (e->state == THERE)
		former_keep(h->former, &e->key);
	free(e);
}

static void
forget_state(struct hosted *h, enum state state)
{
	while (!TAILQ_EMPTY(&h->of[state]))
		entry_free(h, TAILQ_FIRST(&h->of[state]));
}

void
hosted_free(struct hosted **h)
{
	if (*h == NULL)
		return;
	for (int i = 0; i < STATES; i++)
		forget_state(*h, (enum state)i);
	hash_free(&(*h)->by_stem, NULL);
	free(*h);
	*h = NULL;
}

void
hosted_reload(struct hosted *h)
{
	struct entry *e;

	forget_state(h, THERE);
	forget_state(h, NOBODY);
	TAILQ_FOREACH(e, &h->of[ASKED], next) {
		e->again = true;
		fd_close(&e->cert);
	}
}

static void
enter(struct hosted *h, struct entry *e, enum state state)
{
	if (h->n[state] == most[state])
		entry_free(h, TAILQ_FIRST(&h->of[state]));
	e->state = state;
	TAILQ_INSERT_TAIL(&h->of[state], e, next);
	h->n[state]++;
}

static void
change(struct hosted *h, struct entry *e, enum state state)
{
	TAILQ_REMOVE(&h->of[e->state], e, next);
	h->n[e->state]--;
	enter(h, e, state);
}

/* --------------------------------------------------------------- to look up */

static enum hosted_found
ask_master(struct hosted *h, const char *stem)
{
	struct entry *e;

	if (h->n[ASKED] == ASKED_MAX || !rate_take(&h->rate, RATE))
		return HOSTED_BUSY;
	e = xcalloc(1, sizeof(*e));
	e->cert = -1;
	span_copy_cut(span_str(stem), e->stem, sizeof(e->stem));
	if (hash_put(h->by_stem, span_str(stem), e) != 0)
		bug("more names than there is room for");
	enter(h, e, ASKED);
	if (h->ask(stem) == 0)
		return HOSTED_LATER;
	entry_free(h, e);
	return HOSTED_BUSY;
}

static enum hosted_found
find_stem(struct hosted *h, const char *stem, const char *host,
    const struct key **key)
{
	struct entry *e = hash_get(h->by_stem, span_str(stem));

	if (e != NULL && e->until_ms != 0 && clock_mono_ms() >= e->until_ms) {
		entry_free(h, e);
		e = NULL;
	}
	if (e == NULL)
		return ask_master(h, stem);
	if (e->state == ASKED)
		return HOSTED_LATER;
	if (e->state == NOBODY ||
	    !cert_names_have(&e->key.names, span_str(host)))
		return HOSTED_NOBODY;
	change(h, e, THERE);		/* the most recently used now */
	*key = &e->key;
	return HOSTED_FOUND;
}

/* The i-th name under which a pair for host may lie; false: there is none. */
static bool
stem_of(const char *host, int i, char *stem)
{
	const char *parent = strchr(host, '.');

	if (i == 0)
		return span_copy(span_str(host), stem,
		    SUPER_STEM_MAX + 1) == 0;
	if (parent == NULL || !conf_is_domain(parent + 1))
		return false;
	(void)snprintf(stem, SUPER_STEM_MAX + 1, "%s%s", i == 1 ? "*." : "",
	    parent + 1);
	return true;
}

enum hosted_found
hosted_find(struct hosted *h, const char *host, const struct key **key)
{
	char lower[SIGN_HOST_MAX + 1], stem[SUPER_STEM_MAX + 1];
	enum hosted_found found = HOSTED_NOBODY, got;
	size_t n = strlen(host);

	if (n >= sizeof(lower) || !conf_is_domain(host))
		return HOSTED_NOBODY;
	for (size_t i = 0; i <= n; i++)
		lower[i] = ascii_lower(host[i]);
	for (int i = 0; i < STEMS; i++) {
		if (!stem_of(lower, i, stem))
			continue;
		got = find_stem(h, stem, lower, key);
		if (got == HOSTED_FOUND || got == HOSTED_LATER)
			return got;
		/* In a flood of names that is there is served all the same. */
		if (got == HOSTED_BUSY)
			found = got;
	}
	return found;
}

/* --------------------------------------------------------------- the answer */

static void
judge(struct hosted *h, struct entry *e, int key_fd)
{
	bool both = e->cert >= 0 && key_fd >= 0, there = both;
	const char *wrong = !both ? NULL :
	    key_read(&e->key, e->cert, key_fd, false);

	fd_close(&e->cert);
	e->key.roles = KEY_ROLES_ALL;
	e->key.item = xstrdup(e->stem);
	if (!both || wrong != NULL) {
		key_fini(&e->key);
		e->until_ms = clock_deadline(NOBODY_MS);
	}
	if (wrong != NULL) {
		there = former_take(h->former, e->stem, &e->key);
		log_error(LF_STR("event", "key-refused"),
		    LF_STR("value", e->stem), LF_STR("why", wrong),
		    LF_STR("kept", there ? "yes" : "no"));
	}
	change(h, e, there ? THERE : NOBODY);
}

/* The last of an answer to what was asked before a reload. */
static bool
ask_again(struct hosted *h, struct entry *e)
{
	if (!e->again)
		return false;
	e->again = false;
	return h->ask(e->stem) == 0;
}

void
hosted_got(struct hosted *h, const char *stem, bool is_key, int fd)
{
	struct entry *e = hash_get(h->by_stem, span_str(stem));

	if (e == NULL || e->state != ASKED)
		return;
	if (fd >= 0 && !is_key && e->cert < 0) {
		if (!e->again)
			e->cert = fd_dup(fd);
		return;
	}
	if (ask_again(h, e))
		return;
	judge(h, e, fd);
	h->changed(h->ctx);
}
