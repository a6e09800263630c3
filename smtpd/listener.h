/*
 * listener - accepts clients on all listening sockets and starts a process
 * for each.
 */
#ifndef SMTPD_LISTENER_H
#define SMTPD_LISTENER_H

#include "base/base.h"
#include "ipc/msg_super.h"
#include "ipc/server.h"
#include "os/spawn.h"
#include "smtpd/settings.h"

struct listener;

/* set: read anew for each client; srv: has the peers qmgr, lookupd, authd. */
struct listener *listener_new(const struct settings *set,
	    struct ipc_server *srv);
/* Ends the sessions that are left. */
void	listener_free(struct listener **l);
/* Settings were read anew; take the sockets that master gave since then. */
void	listener_open(struct listener *l);
/* Processes that wait for another client end, and none waits that serves now. */
void	listener_renew(struct listener *l);
/* A process has ended. */
void	listener_child(struct listener *l, const struct spawn_end *end);
/* A predecessor has told of its clients. */
void	listener_carry(struct listener *l, const struct super_carry *c);
/* No new clients; when the last session is over the service's loop ends. */
void	listener_stop(struct listener *l);

#endif
