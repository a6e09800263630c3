/*
 * request - all that others may ask of authd.
 */
#ifndef AUTHD_REQUEST_H
#define AUTHD_REQUEST_H

#include <event2/event.h>

#include "helpers/authd/proof.h"
#include "helpers/authd/throttle.h"
#include "helpers/authd/users.h"
#include "ipc/server.h"

#define REQUEST_PENDING_MAX	4096	/* logins being judged or delayed */

extern const struct ipc_rule request_rules[];
extern const size_t request_rules_n;

struct request_state {
	struct event_base *base;
	struct ipc_server *srv;
	struct users	   users;
	struct proof	  *proof;
	struct throttle	  *throttle;
	size_t		   pending;
};

/* For ipc_server_on_close: who asked and is gone gets no answer. */
void	request_peer_closed(struct ipc_peer *peer, void *ctx);

#endif
