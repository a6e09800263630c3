/*
 * network - where a client comes from, as coarse as logins are judged by it
 * (sock_network_of).
 */
#ifndef AUTHD_NETWORK_H
#define AUTHD_NETWORK_H

#include "base/base.h"
#include "base/span.h"

struct network {
	char text[64];	/* "192.0.2.0/24", "2001:db8:1::/48", "local" */
};

/* client: "192.0.2.1", "2001:db8::1"; anything else is one of its own. */
void	network_of(struct span client, struct network *out);

#endif
