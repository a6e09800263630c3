/*
 * relay - see relay.h.
 * A turn moves what can be moved and then waits for exactly what it lacks.  A
 * side that takes nothing holds up the other: its buffer is full and no more
 * is read for it.  How long a silence may last is the session's to decide;
 * when it ends, its last words have RELAY_LAST_S to reach the client.
 */
#include "login/relay.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/secret.h"
#include "os/fd.h"
#include "os/sock.h"

#define ROUNDS	8	/* of one turn, then others have theirs */

enum move { MOVED, BLOCKED, ENDED };

struct relay {
	struct conn conn;
	int	    inner;
	struct buf  in, out;		/* from the client, to it */
	bool	    client_ended;	/* nothing more comes from it */
	bool	    told;		/* the session knows that */
	bool	    inner_ended;
	int	    want_client, want_inner;	/* enum fd_event */
	struct event *client_read, *client_write, *inner_read, *inner_write,
	    *timer, *more;
	void	  (*over)(struct relay *r, void *ctx);
	void	   *ctx;
};

/* What came of a read or write; what must be waited for is added to *wanted. */
static enum move
judge(ssize_t n, int want, int *wanted)
{
	if (n > 0)
		return MOVED;
	if (n == 0 || errno != EAGAIN)
		return ENDED;
	*wanted |= want;
	return BLOCKED;
}

static enum move
was_read(struct buf *b, ssize_t n, int want, int *wanted)
{
	if (n > 0)
		buf_grown(b, (size_t)n);
	return judge(n, want, wanted);
}

static enum move
was_written(struct buf *b, ssize_t n, int want, int *wanted)
{
	if (n > 0)
		buf_drop(b, (size_t)n);
	return judge(n, want, wanted);
}

static enum move
from_client(struct relay *r)
{
	char *to = buf_room(&r->in, RELAY_OCTETS);
	int want = 0;
	ssize_t n = conn_read(&r->conn, to, RELAY_OCTETS, &want);

	return was_read(&r->in, n, want, &r->want_client);
}

static enum move
to_client(struct relay *r)
{
	int want = 0;
	ssize_t n = conn_write(&r->conn, r->out.p, r->out.n, &want);

	return was_written(&r->out, n, want, &r->want_client);
}

static enum move
from_inner(struct relay *r)
{
	char *to = buf_room(&r->out, RELAY_OCTETS);
	ssize_t n = fd_read(r->inner, to, RELAY_OCTETS);

	return was_read(&r->out, n, FD_READ, &r->want_inner);
}

static enum move
to_inner(struct relay *r)
{
	ssize_t n = fd_write(r->inner, r->in.p, r->in.n);

	return was_written(&r->in, n, FD_WRITE, &r->want_inner);
}

/* Client to session.  A session that has gone hears nothing more. */
static bool
move_in(struct relay *r)
{
	bool moved = false;

	if (r->in.n == 0 && !r->client_ended) {
		enum move m = from_client(r);

		r->client_ended = m == ENDED;
		moved = m == MOVED;
	}
	if (r->in.n > 0) {
		enum move m = to_inner(r);

		moved = moved || m == MOVED;
		if (m == ENDED) {
			buf_clear(&r->in);
			r->client_ended = true;
		}
	}
	if (r->client_ended && r->in.n == 0 && !r->told) {
		sock_end_output(r->inner);
		r->told = true;
	}
	return moved;
}

/* Session to client; *gone: the client takes nothing any more. */
static bool
move_out(struct relay *r, bool *gone)
{
	bool moved = false;

	if (r->out.n == 0 && !r->inner_ended) {
		enum move m = from_inner(r);

		r->inner_ended = m == ENDED;
		moved = m == MOVED;
	}
	if (r->out.n > 0) {
		enum move m = to_client(r);

		moved = moved || m == MOVED;
		*gone = m == ENDED;
	}
	return moved;
}

static void
await(struct event *e, bool on)
{
	if ((on ? event_add(e, NULL) : event_del(e)) != 0)
		die(EXIT_OSERR, "cannot watch a relay");
}

/* An idle relay holds no buffers; what was in them is nobody's any more. */
static void
release(struct buf *b)
{
	if (b->n > 0 || b->p == NULL)
		return;
	wipe(b->p, b->size);
	buf_fini(b);
	buf_init(b, RELAY_OCTETS);
}

static void
wait_for_more(struct relay *r, bool more)
{
	static const struct timeval last = { .tv_sec = RELAY_LAST_S },
	    at_once = { 0, 0 };

	await(r->client_read, (r->want_client & FD_READ) != 0);
	await(r->client_write, (r->want_client & FD_WRITE) != 0);
	await(r->inner_read, (r->want_inner & FD_READ) != 0);
	await(r->inner_write, (r->want_inner & FD_WRITE) != 0);
	/* Behind all others: as a timer, for an event that makes itself active
	   would be the next one. */
	if (more && evtimer_add(r->more, &at_once) != 0)
		die(EXIT_OSERR, "no timer");
	if (r->inner_ended && !evtimer_pending(r->timer, NULL) &&
	    evtimer_add(r->timer, &last) != 0)
		die(EXIT_OSERR, "no timer");
	release(&r->in);
	release(&r->out);
}

static void
finish(struct relay *r)
{
	void (*over)(struct relay *, void *) = r->over;
	void *ctx = r->ctx;

	over(r, ctx);
	relay_free(&r);
}

static void
turn(struct relay *r)
{
	bool moved = true, gone = false;

	for (int i = 0; moved && !gone && i < ROUNDS; i++) {
		r->want_client = r->want_inner = 0;
		moved = move_in(r);
		moved = move_out(r, &gone) || moved;
	}
	if (gone || (r->inner_ended && r->out.n == 0))
		finish(r);
	else
		wait_for_more(r, moved);
}

static void
on_event(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	turn(ctx);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	finish(ctx);
}

struct relay *
relay_new(const struct relay_start *start)
{
	struct relay *r = xcalloc(1, sizeof(*r));
	struct event_base *base = start->base;

	r->conn = *start->conn;
	*start->conn = (struct conn){ .fd = -1 };
	r->inner = *start->inner;
	*start->inner = -1;
	r->over = start->over;
	r->ctx = start->ctx;
	buf_init(&r->in, RELAY_OCTETS);
	/* What was said before the session's first word fits behind it. */
	buf_init(&r->out, RELAY_OCTETS > start->first.n ? RELAY_OCTETS :
	    start->first.n);
	(void)buf_add_span(&r->out, start->first);	/* fits */
	r->client_read = event_new(base, r->conn.fd, EV_READ, on_event, r);
	r->client_write = event_new(base, r->conn.fd, EV_WRITE, on_event, r);
	r->inner_read = event_new(base, r->inner, EV_READ, on_event, r);
	r->inner_write = event_new(base, r->inner, EV_WRITE, on_event, r);
	r->timer = evtimer_new(base, on_timer, r);
	r->more = evtimer_new(base, on_event, r);
	if (r->client_read == NULL || r->client_write == NULL ||
	    r->inner_read == NULL || r->inner_write == NULL ||
	    r->timer == NULL || r->more == NULL)
		die(EXIT_OSERR, "cannot watch a relay");
	/* Octets may wait in the TLS layer that no event would tell of. */
	event_active(r->client_read, EV_READ, 0);
	return r;
}

void
relay_free(struct relay **r)
{
	struct event *events[] = { (*r)->client_read, (*r)->client_write,
		(*r)->inner_read, (*r)->inner_write, (*r)->timer, (*r)->more };

	for (size_t i = 0; i < COUNT(events); i++)
		event_free(events[i]);
	buf_clear(&(*r)->in);
	buf_clear(&(*r)->out);
	release(&(*r)->in);
	release(&(*r)->out);
	conn_close(&(*r)->conn);
	fd_close(&(*r)->inner);
	free(*r);
	*r = NULL;
}
