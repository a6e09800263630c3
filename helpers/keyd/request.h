/* request - all that others may ask of keyd. */
#ifndef KEYD_REQUEST_H
#define KEYD_REQUEST_H

#include "helpers/keyd/keys.h"
#include "ipc/server.h"

struct request_rate {		/* a bucket that fills with time */
	int64_t	 last_ms;
	uint64_t tokens;	/* thousandths of a signature */
};

struct request_state {
	struct keys *keys;
	unsigned     per_channel, in_all;	/* signatures a second */
	struct request_rate all;
};

extern const struct ipc_rule request_rules[];	/* ctx: request_state */
extern const size_t request_rules_n;

/* For ipc_server_on_close. */
void	request_peer_closed(struct ipc_peer *peer, void *ctx);

#endif
