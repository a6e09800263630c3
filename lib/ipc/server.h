/*
 * server - many peers on one libevent loop.  Serves and asks: what a daemon
 * may be told, by whom and how often, is one table of rules; a message that
 * is not in the table for that role, breaks its bounds, comes too often (but
 * see ipc_server_pace()) or with an unexpected descriptor closes that peer, and
 * only that peer.
 * Sending never blocks: what a slow peer has not read is queued up to a
 * bound, past which the peer is closed.
 */
#ifndef IPC_SERVER_H
#define IPC_SERVER_H

#include <event2/event.h>

#include "base/base.h"
#include "base/why.h"
#include "ipc/field.h"
#include "ipc/roles.h"

struct ipc_server;
struct ipc_peer;

enum verdict { VERDICT_OK, VERDICT_CLOSE };

struct ipc_msg {
	const struct ipc_type *type;
	uint32_t    request;	/* the asker's id, for ipc_answer_to */
	const void *body;	/* the struct; gone after the handler */
	int	   *fd;		/* *fd is -1 or a descriptor; the handler takes
				   it by setting *fd = -1, else it is closed */
};

struct ipc_rule {
	uint32_t from;		/* ROLE_BIT() of those who may send it */
	const struct ipc_type *type;
	unsigned per_second;	/* per peer, with bursts of twice that; 0: any */
	enum verdict (*run)(struct ipc_peer *peer, const struct ipc_msg *msg,
	    void *ctx);
};

struct ipc_server *ipc_server_new(struct event_base *base,
	    const struct ipc_rule *rules, size_t nrules, void *ctx);
void	ipc_server_free(struct ipc_server **s);	/* closes all peers */

/*
 * fd     the channel; owned from now on
 * name   of the peer for logs ("qmgr", "smtpd-session"); role_name(role) if NULL
 */
struct ipc_peer *ipc_server_add(struct ipc_server *s, int fd, enum role role);
/* Called once for each peer that ends, before it is freed. */
void	ipc_server_on_close(struct ipc_server *s,
	    void (*closed)(struct ipc_peer *peer, void *ctx));
/* Called when the last peer of a role has ended, after on_close. */
void	ipc_server_on_none(struct ipc_server *s, void (*none)(enum role role));
/*
 * Called for a message that was lost because this process had no room for its
 * descriptor (type: of a rule for that peer's role), so that whoever waits for
 * its answer gets one.
 */
void	ipc_server_on_lost(struct ipc_server *s,
	    void (*lost)(struct ipc_peer *peer, const struct ipc_type *type,
	    uint32_t request, void *ctx));
/* The newest open peer of that role, or NULL. */
struct ipc_peer *ipc_server_peer(struct ipc_server *s, enum role role);
size_t	ipc_server_count(const struct ipc_server *s, enum role role);
/* Peers allowed at once for a role (default 1024); more are closed at once. */
void	ipc_server_limit(struct ipc_server *s, enum role role, size_t most);
/*
 * Peers of that role are read more slowly when they say a thing too often, and
 * not closed: for those whose honest haste is a stranger's to choose.
 */
void	ipc_server_pace(struct ipc_server *s, enum role role);
/* What later peers may leave unread (default 1 MiB, 4096 packets). */
void	ipc_server_bound(struct ipc_server *s, size_t octets, size_t packets);
/* Calls each() for every peer of the role; each may close that peer. */
void	ipc_server_each(struct ipc_server *s, enum role role,
	    void (*each)(struct ipc_peer *peer, void *arg), void *arg);

enum role	ipc_peer_role(const struct ipc_peer *p);
void	ipc_peer_set(struct ipc_peer *p, void *data);
void   *ipc_peer_get(const struct ipc_peer *p);
struct ipc_server *ipc_peer_server(struct ipc_peer *p);
/* Ends it after this handler (or at once outside one); on_close is called. */
void	ipc_peer_close(struct ipc_peer *p);

/*
 * Queue a message.  fd is duplicated if it cannot be sent at once, so it stays
 * the caller's in every case.
 * returns  0, or -1: the peer is closing or over its bound; or this process is
 * short of descriptors or memory, and the peer stays
 */
int	ipc_send(struct ipc_peer *p, const struct ipc_type *t,
	    uint32_t request, const void *msg, int fd);
/* A fresh request id for a question to this peer. */
uint32_t ipc_peer_request(struct ipc_peer *p);
/* Send back under msg's request id; as verdicts for handlers. */
enum verdict ipc_answer(struct ipc_peer *p, const struct ipc_msg *msg,
	    const struct ipc_type *t, const void *answer, int fd);
enum verdict ipc_refuse(struct ipc_peer *p, uint32_t request,
	    const struct why *why);

#endif
