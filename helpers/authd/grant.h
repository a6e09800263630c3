/*
 * grant - tells a session parent which mailbox to open, for which client.
 */
#ifndef AUTHD_GRANT_H
#define AUTHD_GRANT_H

#include "base/base.h"
#include "ipc/msg_auth.h"
#include "ipc/server.h"
#include "map/account.h"

/*
 * client   the connection; stays the caller's
 * returns  0, or -1: no session parent for that service now
 */
int	grant_session(struct ipc_server *srv, const struct login_req *req,
	    const struct account *account, int client) must_use;

#endif
