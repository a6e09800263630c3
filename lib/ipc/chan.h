/*
 * chan - a fresh channel for a session, introduced by its listener.  Its role
 * is fixed by the listener's role (role_child).
 */
#ifndef IPC_CHAN_H
#define IPC_CHAN_H

#include "base/base.h"
#include "ipc/server.h"

/*
 * Make a socket pair and send one end to the peer, which will see it as the channel of
 * a new session.
 * returns  our end (CLOEXEC, blocking), or -1
 */
int	chan_introduce(struct ipc_peer *to) must_use;
/* The handler for chan_new_type in every server that accepts sessions. */
enum verdict chan_accept(struct ipc_peer *peer, const struct ipc_msg *msg,
	    void *ctx);
/* The rule row: CHAN_RULE(ROLE_BIT(ROLE_SMTPD)) */
#define CHAN_RULE(from_roles) \
	{ (from_roles), &chan_new_type, 0, chan_accept }

#endif
