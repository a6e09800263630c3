/*
 * request - all that others may ask of dnsd.
 */
#ifndef DNSD_REQUEST_H
#define DNSD_REQUEST_H

#include "helpers/dnsd/resolve.h"
#include "ipc/server.h"

extern const struct ipc_rule request_rules[];	/* their context: a resolver */
extern const size_t request_rules_n;

/* For ipc_server_on_close: questions of a peer that is gone are not answered. */
void	request_peer_closed(struct ipc_peer *peer, void *ctx);

#endif
