/*
 * request - all that others may ask of pamd.
 */
#ifndef PAMD_REQUEST_H
#define PAMD_REQUEST_H

#include "helpers/pamd/question.h"
#include "ipc/server.h"

extern const struct ipc_rule request_rules[];
extern const size_t request_rules_n;

struct request_state {
	struct questions *questions;
};

/* For ipc_server_on_close: who asked and is gone gets no answer. */
void	request_peer_closed(struct ipc_peer *peer, void *ctx);

#endif
