/*
 * request - all that anybody may say to qmgr: from, message, per second,
 * handler.
 */
#ifndef QMGR_REQUEST_H
#define QMGR_REQUEST_H

#include "ipc/server.h"

extern const struct ipc_rule request_rules[];
extern const size_t request_rules_n;

/* For ipc_server_on_close(). */
void	request_peer_gone(struct ipc_peer *peer, void *ctx);

#endif
