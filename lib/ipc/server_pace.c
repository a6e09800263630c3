/*
 * server_pace - how often a peer may say a thing.
 * A bucket for each rule: it fills by per_second, holds twice that, and a
 * message takes one.  Who is paced and too fast goes into debt with what was
 * read already, and is read again when that is paid; others are closed.
 */
#include "base/bug.h"
#include "ipc/server_priv.h"
#include "os/clock.h"

#define TOKEN		1000	/* thousandths of a message */
#define REST_MS		5	/* beyond the debt: so few timers */

void
ipc_server_pace(struct ipc_server *s, enum role role)
{
	s->paced[role] = true;
}

void
pace_init(struct ipc_peer *p)
{
	const struct ipc_server *s = p->server;

	for (size_t i = 0; i < s->nrules; i++)
		p->buckets[i].tokens =
		    (int64_t)s->rules[i].per_second * 2 * TOKEN;
}

/* Takes a place for one message; false: there was none left. */
static bool
within_rate(struct bucket *b, unsigned per_second)
{
	int64_t now = clock_mono_ms(), most = (int64_t)per_second * 2 * TOKEN;

	if (per_second == 0)
		return true;
	/* One millisecond is per_second thousandths of a message. */
	if (b->last_ms != 0 && now > b->last_ms)
		b->tokens += (now - b->last_ms) * per_second;
	b->last_ms = now;
	if (b->tokens > most)
		b->tokens = most;
	b->tokens -= TOKEN;
	return b->tokens >= 0;
}

static void
on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_peer *p = arg;

	(void)fd;
	(void)what;
	p->resting = false;
	if (event_add(p->readable, NULL) != 0)
		die(EXIT_OSERR, "event_add failed");
}

/* What it says from now on waits until it has places again. */
static void
rest(struct ipc_peer *p, const struct bucket *b, unsigned per_second)
{
	int64_t ms = -b->tokens / per_second + REST_MS;
	const struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	if (p->rested == NULL)
		p->rested = evtimer_new(p->server->base, on_rested, p);
	if (p->rested == NULL || event_del(p->readable) != 0 ||
	    event_add(p->rested, &tv) != 0)
		die(EXIT_OSERR, "event_add failed");
	p->resting = true;
}

bool
pace_allows(struct ipc_peer *p, size_t rule)
{
	const struct ipc_rule *r = &p->server->rules[rule];

	if (within_rate(&p->buckets[rule], r->per_second))
		return true;
	if (p->server->paced[p->role])
		rest(p, &p->buckets[rule], r->per_second);
	else
		peer_refused(p, r->type->name, "rate");
	return !p->closing;
}
