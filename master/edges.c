/*
 * edges - the channels between daemons: one socket pair for each edge of the
 * table.
 *
 * A daemon gets its ends when it says hello, from whichever end of the edge does
 * so first; the end of a daemon that is still on its way waits for its hello, so
 * that at GO it has all its peers.
 *
 * A channel may end while both daemons live: one of them has refused what the
 * other sent.  They get another when both have lost theirs, so that a liar
 * alone brings about nothing, and a second later, so that who was taken over
 * can make that happen once a second and no oftener.
 */
#include "master/edges.h"

#include <signal.h>

#include "base/bug.h"
#include "base/log.h"
#include "master/master.h"
#include "os/fd.h"

#define AGAIN_S	1

/* The edge between these, and which side a is; NULL: there is none. */
static struct edge *
edge_of(struct master *m, enum role a, enum role b, unsigned *side)
{
	for (size_t i = 0; i < topology_edges_n; i++) {
		const struct topology_edge *e = &topology_edges[i];

		if ((e->a != a || e->b != b) && (e->a != b || e->b != a))
			continue;
		*side = e->a == a ? 0 : 1;
		return &m->edges[i];
	}
	return NULL;
}

static void
connect_peers(struct master *m, struct proc *p, enum role other)
{
	struct proc *o = slot_of(m, other)->now;
	enum role mine = p->slot->row->role;
	int pair[2];

	for (size_t i = 0; i < p->nwaiting; i++)
		if (p->waiting[i].role == other)
			return;		/* that end has made it already */
	if (o == NULL || o->state == PROC_DRAINING)
		return;
	if (fd_pair(pair) != 0) {
		log_error(LF_STR("event", "no-channel"),
		    LF_STR("between", role_name(mine)),
		    LF_STR("and", role_name(other)));
		(void)spawn_kill(p->pid, SIGKILL);	/* and again */
		return;
	}
	proc_give_peer(p, other, pair[0]);
	if (o->state != PROC_SPAWNED) {
		proc_give_peer(o, mine, pair[1]);
	} else if (o->nwaiting < COUNT(o->waiting)) {
		o->waiting[o->nwaiting].role = mine;
		o->waiting[o->nwaiting++].fd = pair[1];
		pair[1] = -1;
	}
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

static void
connect_edge(struct master *m, struct proc *p, enum role other)
{
	unsigned side;
	struct edge *e = edge_of(m, p->slot->row->role, other, &side);

	if (e != NULL)
		e->ended[0] = e->ended[1] = false;
	connect_peers(m, p, other);
}

void
edges_send(struct master *m, struct proc *p)
{
	enum role role = p->slot->row->role;

	for (size_t i = 0; i < topology_edges_n; i++) {
		if (topology_edges[i].a == role)
			connect_edge(m, p, topology_edges[i].b);
		else if (topology_edges[i].b == role)
			connect_edge(m, p, topology_edges[i].a);
	}
	for (size_t i = 0; i < p->nwaiting; i++) {
		proc_give_peer(p, p->waiting[i].role, p->waiting[i].fd);
		fd_close(&p->waiting[i].fd);
	}
	p->nwaiting = 0;
}

static bool
has_its_peers(const struct proc *p)
{
	return p != NULL && (p->state == PROC_WIRED || p->state == PROC_READY);
}

/* One that was started anew meanwhile has its channel from its hello. */
static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct edge *e = arg;
	struct master *m = e->master;
	const struct topology_edge *ends = &topology_edges[e - m->edges];
	struct proc *a = slot_of(m, ends->a)->now;
	struct proc *b = slot_of(m, ends->b)->now;

	(void)fd;
	(void)what;
	if (m->stopping || !e->ended[0] || !e->ended[1] ||
	    !has_its_peers(a) || !has_its_peers(b))
		return;
	log_warn(LF_STR("event", "channel-again"),
	    LF_STR("between", role_name(ends->a)),
	    LF_STR("and", role_name(ends->b)));
	connect_edge(m, a, ends->b);
}

static void
later(struct master *m, struct edge *e)
{
	const struct timeval tv = { .tv_sec = AGAIN_S };

	e->master = m;
	if (e->again == NULL)
		e->again = event_new(m->base, -1, 0, on_again, e);
	if (e->again == NULL)
		die(EXIT_OSERR, "event_new failed");
	if (event_pending(e->again, EV_TIMEOUT, NULL) == 0 &&
	    event_add(e->again, &tv) != 0)
		die(EXIT_OSERR, "event_add failed");
}

enum verdict
edges_on_ended(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct super_edge_ended *ended = msg->body;
	struct proc *p = ipc_peer_get(peer);
	struct master *m = ctx;
	struct edge *e;
	unsigned side;

	if (p == NULL)
		return VERDICT_CLOSE;
	e = edge_of(m, p->slot->row->role, ended->role, &side);
	if (e == NULL || p->slot->now != p || m->stopping)
		return VERDICT_OK;
	e->ended[side] = true;
	if (e->ended[0] && e->ended[1])
		later(m, e);
	return VERDICT_OK;
}
