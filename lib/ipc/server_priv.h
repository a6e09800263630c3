/*
 * server_priv - what the files of server share: peers and their buckets.
 *	server.c	peers come, are read, and end
 *	server_send.c	what they are told
 *	server_pace.c	how often they may say a thing
 */
#ifndef IPC_SERVER_PRIV_H
#define IPC_SERVER_PRIV_H

#include <sys/queue.h>

#include "ipc/frame.h"
#include "ipc/outq.h"
#include "ipc/server.h"

struct bucket {
	int64_t	last_ms;
	int64_t	tokens;		/* < 0: as many too fast */
};

struct ipc_peer {
	TAILQ_ENTRY(ipc_peer) next;
	struct ipc_server *server;
	enum role     role;
	int	      fd;
	struct event *readable, *writable;
	struct event *rested;	/* NULL: it never was too fast */
	struct outq   out;
	uint32_t      request;
	void	     *data;
	bool	      closing;
	bool	      last;	/* of its role, when it was closed */
	bool	      deaf;	/* takes nothing any more, may still speak */
	bool	      resting;	/* not read until `rested` */
	struct bucket buckets[];	/* one per rule */
};

TAILQ_HEAD(peers, ipc_peer);

struct ipc_server {
	struct event_base *base;
	const struct ipc_rule *rules;
	size_t	     nrules;
	void	    *ctx;
	void	   (*closed)(struct ipc_peer *peer, void *ctx);
	void	   (*none)(enum role role);
	void	   (*lost)(struct ipc_peer *peer, const struct ipc_type *type,
	    uint32_t request, void *ctx);
	struct peers open, dying;
	size_t	     count[ROLE_COUNT], limit[ROLE_COUNT];
	bool	     paced[ROLE_COUNT];
	size_t	     out_octets, out_packets;
	unsigned     busy;	/* depth of handlers */
	struct event *reaper;
	struct frame *frames;	/* FRAMES_AT_ONCE, wiped after use */
};

/* Said in the log, and the peer is closed. */
void	peer_refused(struct ipc_peer *p, const char *type, const char *reason);
/* What waits for a peer goes out; for libevent. */
void	peer_writable(evutil_socket_t fd, short what, void *arg);

/* All its buckets are full. */
void	pace_init(struct ipc_peer *p);
/* May it say what rules[rule] is about?  false: it is closed for it. */
bool	pace_allows(struct ipc_peer *p, size_t rule);

#endif
