/*
 * relay - after log-in under TLS: moves octets between a client and its
 * session, which has one end of a socket pair instead of the connection.
 * Event-driven, two bounded buffers that take no memory while nothing moves.
 */
#ifndef LOGIN_RELAY_H
#define LOGIN_RELAY_H

#include <event2/event.h>

#include "base/base.h"
#include "base/buf.h"
#include "login/conn.h"

#define RELAY_OCTETS	16384	/* on their way, in each direction */
#define RELAY_LAST_S	60	/* for the last words of a session */

struct relay;

struct relay_start {
	struct event_base *base;
	struct conn *conn;	/* taken over: empty afterwards */
	int	    *inner;	/* our end of the pair; the same */
	struct span  first;	/* to the client, before the session's octets */
	/* Once, when all is over and closed; r is freed behind it. */
	void (*over)(struct relay *r, void *ctx);
	void *ctx;
};

struct relay *relay_new(const struct relay_start *start);
/* Ends it now; over is not called. */
void	relay_free(struct relay **r);

#endif
