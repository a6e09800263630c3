/*
 * worker - see worker.h.
 * A fork with its channels costs several times what a short SMTP conversation
 * does, so a process that has served its client well may serve the next
 * connection of that same address.  Only the listener ends a waiting process,
 * by closing its channel; so a connection can never be on its way to a process
 * that has decided to go.  Until the process says that it holds the
 * connection, a copy stays here: if it dies first, another gets it.
 *
 *	BUSY	has a connection, which counts	-> SPARE, GOING
 *	SPARE	waits for one			-> BUSY, GOING
 *	GOING	was told to go, or has none	-> reaped
 */
#include "smtpd/worker.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/hash.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/rand.h"
#include "os/spawn.h"
#include "smtpd/child.h"
#include "smtpd/limits.h"

enum worker_state { BUSY, SPARE, GOING };

struct worker {
	pid_t	pid;
	struct worker_whose whose;
	bool	is_user;
	uint32_t uid;		/* if it is */
	enum worker_state state;
	int	chan;		/* the listener's end, or -1: closed */
	struct event *readable;	/* of chan */
	int	passed;		/* our copy of a connection that it has not
				   yet said to hold, or -1 */
	unsigned served;	/* connections */
	unsigned epoch;		/* of its settings */
	int64_t	spare_since_ms;
	struct workers *of;
	TAILQ_ENTRY(worker) spares;
};

struct workers {
	struct event_base *base;
	struct worker_events events;
	struct hash *by_pid;
	TAILQ_HEAD(spare_head, worker) spares;	/* the longest waiting first */
	size_t	spares_n;
	bool	no_spares;
	unsigned epoch;		/* grows when the settings change */
	struct event *timer;		/* for the first of the spares */
};

static struct span
pid_key(const pid_t *pid)
{
	return span_of(pid, sizeof(*pid));
}

static void
close_chan(struct worker *w)
{
	if (w->readable != NULL)
		event_free(w->readable);
	w->readable = NULL;
	fd_close(&w->chan);
}

static void
unlist(struct worker *w)
{
	TAILQ_REMOVE(&w->of->spares, w, spares);
	w->of->spares_n--;
}

/* A waiting process is told to go: it sees the end of its channel. */
static void
dismiss(struct worker *w)
{
	unlist(w);
	w->state = GOING;
	close_chan(w);
}

static void
arm_timer(struct workers *ws)
{
	struct worker *first = TAILQ_FIRST(&ws->spares);
	struct timeval tv;
	int64_t left;

	if (first == NULL) {
		(void)event_del(ws->timer);	/* may not be set at all */
		return;
	}
	left = first->spare_since_ms + LIMIT_SPARE_MS - clock_mono_ms();
	if (left < 1)
		left = 1;
	tv.tv_sec = (time_t)(left / 1000);
	tv.tv_usec = (suseconds_t)(left % 1000 * 1000);
	if (event_add(ws->timer, &tv) != 0)
		die(EXIT_OSERR, "event_add failed");
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct workers *ws = arg;
	int64_t now = clock_mono_ms();
	struct worker *w;

	(void)fd;
	(void)what;
	while ((w = TAILQ_FIRST(&ws->spares)) != NULL &&
	    w->spare_since_ms + LIMIT_SPARE_MS <= now)
		dismiss(w);
	arm_timer(ws);
}

/* Its connection is over. */
static void
on_idle(struct worker *w)
{
	struct workers *ws = w->of;

	w->state = SPARE;
	w->spare_since_ms = clock_mono_ms();
	TAILQ_INSERT_TAIL(&ws->spares, w, spares);
	ws->spares_n++;
	ws->events.over(&w->whose, ws->events.ctx);
	if (ws->no_spares || w->epoch != ws->epoch ||
	    ws->spares_n > LIMIT_SPARES ||
	    w->served >= LIMIT_SPARE_SERVED)
		dismiss(w);
	else if (ws->spares_n == 1)
		arm_timer(ws);
}

/* false: that was no question, or nobody waits for the answer. */
static bool
on_ask(struct worker *w, const uint8_t *p, size_t n)
{
	struct workers *ws = w->of;
	uint8_t answer[CHILD_ANSWER_SIZE] = { CHILD_ANSWER };
	struct tally_event event;
	bool say;

	if (tally_get(p, n, &event) != 0)
		return false;
	answer[1] = (uint8_t)ws->events.ask(&w->whose, &event, &say,
	    ws->events.ctx);
	answer[2] = say;
	return fd_send_now(w->chan, answer, sizeof(answer), -1) == 0;
}

/*
 * One packet of the process.
 * returns  false: the channel is at its end, or nonsense came
 */
static bool
hear(struct worker *w)
{
	uint8_t p[1 + TALLY_EVENT_MAX];
	int fd = -1;
	ssize_t n = fd_recv(w->chan, p, sizeof(p), &fd);
	bool ok = n >= 1 && w->state == BUSY;

	if (ok && n == 1 && p[0] == CHILD_MINE && w->is_user && fd >= 0) {
		w->of->events.mine(w->uid, fd, w->of->events.ctx);
		fd_close(&fd);
		w->is_user = false;	/* once is enough */
		return true;
	}
	ok = ok && fd < 0;
	fd_close(&fd);
	if (!ok)
		return false;
	if (p[0] == CHILD_ASK && w->passed < 0)
		return on_ask(w, p + 1, (size_t)n - 1);
	if (p[0] == CHILD_HAVE && n == 1 && w->passed >= 0)
		fd_close(&w->passed);
	else if (p[0] == CHILD_IDLE && n == 1 && w->passed < 0)
		on_idle(w);
	else
		return false;
	return true;
}

/*
 * Whatever it was that came: who does not keep to the letters gets no
 * further connection.  A spare that speaks or ends is at its end.
 */
static void
on_readable(evutil_socket_t chan, short what, void *arg)
{
	struct worker *w = arg;

	(void)chan;
	(void)what;
	if (hear(w))
		return;
	if (w->state == SPARE)
		dismiss(w);
	else
		close_chan(w);
}

struct workers *
workers_new(struct event_base *base, size_t most,
    const struct worker_events *events)
{
	struct workers *ws = xcalloc(1, sizeof(*ws));
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	ws->base = base;
	ws->events = *events;
	ws->by_pid = hash_new(most, seed);
	TAILQ_INIT(&ws->spares);
	ws->timer = event_new(base, -1, 0, on_timer, ws);
	if (ws->timer == NULL)
		die(EXIT_OSERR, "event_new failed");
	return ws;
}

static void
worker_free(void *arg)
{
	struct worker *w = arg;

	close_chan(w);
	fd_close(&w->passed);
	free(w);
}

void
workers_free(struct workers **ws)
{
	if (*ws == NULL)
		return;
	hash_free(&(*ws)->by_pid, worker_free);
	event_free((*ws)->timer);
	free(*ws);
	*ws = NULL;
}

struct user_count {
	uint32_t uid;
	size_t	 n;
};

static void
count_user(struct span key, void *value, void *ctx)
{
	const struct worker *w = value;
	struct user_count *c = ctx;

	(void)key;
	c->n += w->is_user && w->uid == c->uid;
}

size_t
workers_of_user(const struct workers *ws, uint32_t uid)
{
	struct user_count c = { .uid = uid };

	hash_each(ws->by_pid, count_user, &c);
	return c.n;
}

size_t
workers_count(const struct workers *ws)
{
	return hash_count(ws->by_pid);
}

int
workers_add(struct workers *ws, pid_t pid,
    const struct worker_client *client, int chan)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	w->pid = pid;
	w->whose.peer = client->peer;
	w->is_user = client->is_user;
	w->uid = client->uid;
	w->chan = chan;
	w->passed = -1;
	w->served = 1;
	w->epoch = ws->epoch;
	w->of = ws;
	if (hash_put(ws->by_pid, pid_key(&w->pid), w) != 0) {
		worker_free(w);
		return -1;
	}
	w->readable = event_new(ws->base, chan, EV_READ | EV_PERSIST,
	    on_readable, w);
	if (w->readable == NULL || event_add(w->readable, NULL) != 0)
		close_chan(w);		/* it will go after this client */
	return 0;
}

static struct worker *
find_spare(struct workers *ws, const struct sock_addr *peer)
{
	struct worker *w;

	/* The one that came last: its memory is the warmest. */
	TAILQ_FOREACH_REVERSE(w, &ws->spares, spare_head, spares)
		if (sock_ip_eq(&w->whose.peer, peer) &&
		    w->whose.peer.scope == peer->scope)
			return w;
	return NULL;
}

bool
workers_pass(struct workers *ws, int fd, const struct sock_addr *peer,
    bool stress)
{
	uint8_t m[CHILD_TAKE_SIZE] = { CHILD_TAKE,
		(uint8_t)(peer->port >> 8), (uint8_t)peer->port, stress };
	struct worker *w = find_spare(ws, peer);

	if (w == NULL)
		return false;
	if (fd_send(w->chan, m, sizeof(m), fd) != 0) {
		dismiss(w);
		return false;
	}
	unlist(w);
	w->state = BUSY;
	w->whose = (struct worker_whose){ .peer = *peer };
	w->passed = fd;
	w->served++;
	return true;
}

bool
workers_ended(struct workers *ws, pid_t pid, struct worker_whose *whose)
{
	struct worker *w = hash_del(ws->by_pid, pid_key(&pid));

	if (w == NULL)
		return false;
	/* What it said before it ended still counts. */
	while (w->chan >= 0 && hear(w))
		;
	*whose = w->whose;
	if (w->state == SPARE)
		dismiss(w);
	if (w->state == BUSY && w->passed >= 0) {
		ws->events.orphan(w->passed, &w->whose.peer, ws->events.ctx);
		w->passed = -1;
	} else if (w->state == BUSY) {
		ws->events.over(&w->whose, ws->events.ctx);
	}
	worker_free(w);
	return true;
}

static void
dismiss_spares(struct workers *ws)
{
	struct worker *w;

	while ((w = TAILQ_FIRST(&ws->spares)) != NULL)
		dismiss(w);
	arm_timer(ws);
}

void
workers_no_spares(struct workers *ws)
{
	ws->no_spares = true;
	dismiss_spares(ws);
}

void
workers_renew(struct workers *ws)
{
	ws->epoch++;
	dismiss_spares(ws);
}

static void
signal_one(struct span key, void *value, void *ctx)
{
	const struct worker *w = value;

	(void)key;
	(void)spawn_kill(w->pid, *(int *)ctx);	/* ended already: reaped soon */
}

void
workers_signal(struct workers *ws, int sig)
{
	hash_each(ws->by_pid, signal_one, &sig);
}
