/*
 * tls_later - signatures and certificates from keyd for daemons with a loop:
 * asked over a peer of their server and answered when they come, while the
 * loop serves others.
 */
#ifndef DAEMON_TLS_LATER_H
#define DAEMON_TLS_LATER_H

#include "base/base.h"
#include "ipc/server.h"

/*
 * The sessions of this process ask the peer of role ROLE_KEYD from now on.
 * srv has to have the three handlers below in its rules for that role, and
 * to tell of its peers' ends; it outlives all sessions.
 */
void	tls_later_use(struct ipc_server *srv);
/* After the last session. */
void	tls_later_end(void);
/* keyd is there, and answers: not too many questions are open. */
bool	tls_later_ready(void);
/* A peer has ended: what it was asked is refused. */
void	tls_later_closed(struct ipc_peer *peer);

enum verdict tls_later_on_signature(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
enum verdict tls_later_on_chain(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
enum verdict tls_later_on_refusal(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);

#endif
