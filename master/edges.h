/*
 * edges - the channels between daemons, one for each edge of the topology.
 */
#ifndef MASTER_EDGES_H
#define MASTER_EDGES_H

#include <event2/event.h>

#include "base/base.h"
#include "ipc/server.h"

struct master;
struct proc;

/* What master knows of topology_edges[i]; all 0 at first. */
struct edge {
	struct master *master;
	bool	       ended[2];	/* a, b: its last channel, it says */
	struct event  *again;		/* when they get another */
};

/* p says hello: its ends of its edges, as far as the others are there. */
void	edges_send(struct master *m, struct proc *p);
/* For the rules of master: a daemon says SUPER_EDGE_ENDED. */
enum verdict edges_on_ended(struct ipc_peer *peer, const struct ipc_msg *msg,
	    void *ctx);

#endif
