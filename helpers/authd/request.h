/*
 * request - all that others may ask of authd.
 */
#ifndef AUTHD_REQUEST_H
#define AUTHD_REQUEST_H

#include <event2/event.h>

#include "helpers/authd/exchange.h"
#include "helpers/authd/gate.h"
#include "helpers/authd/proof.h"
#include "helpers/authd/users.h"
#include "ipc/server.h"

#define REQUEST_PENDING_MAX	4096	/* logins being judged or delayed */
#define REQUEST_STRANGERS_MAX	3072	/* ... of those who are not known there */
/* Exchanges of several steps: in all, of one peer, and how long each lives. */
#define REQUEST_EXCHANGES_MAX	4096
#define REQUEST_EXCHANGES_PEER	2048
#define REQUEST_EXCHANGE_S	120

extern const struct ipc_rule request_rules[];
extern const size_t request_rules_n;

struct request_state {
	struct event_base *base;
	struct ipc_server *srv;
	struct users	   users;
	struct proof	  *proof;
	struct gate	   gate;
	const char	  *pam_host;	/* of system users; NULL: no PAM */
	struct exchange_world world;
	size_t		   pending;
};

/* For ipc_server_on_close: who asked and is gone gets no answer. */
/* A login whose connection found no room here: try again. */
void	request_lost(struct ipc_peer *peer, const struct ipc_type *type,
	    uint32_t request, void *ctx);
void	request_peer_closed(struct ipc_peer *peer, void *ctx);

#endif
