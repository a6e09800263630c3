/*
 * throttle - how long the answer to a wrong password waits.  Pure: the time is
 * passed in.  Failures are counted by network (IPv4 /24, IPv6 /48), so that
 * guessing from one place gets slow while others notice nothing; and by name,
 * so that guessing one account from many places gets slow too.  Only wrong
 * answers wait: nobody is locked out by the failures of others.
 */
#ifndef AUTHD_THROTTLE_H
#define AUTHD_THROTTLE_H

#include "base/base.h"
#include "base/span.h"

#define THROTTLE_DELAY_MIN_MS	1000
#define THROTTLE_DELAY_MAX_MS	15000
#define THROTTLE_FORGET_MS	600000	/* one failure less per this time */
#define THROTTLE_NETWORKS_MAX	16384
#define THROTTLE_NAMES		16384	/* cells; names may share one */

struct throttle;

struct throttle *throttle_new(const uint8_t seed[16]);
void	throttle_free(struct throttle **t);
/*
 * A failure from client ("192.0.2.1", "2001:db8::1"; anything else is one
 * network of its own).
 * returns  milliseconds to wait before the answer
 */
int64_t	throttle_failed(struct throttle *t, struct span client,
	    int64_t now_ms);
/* A failure for this name, which need not exist; case counts. */
int64_t	throttle_failed_name(struct throttle *t, struct span name,
	    int64_t now_ms);
/* A success: the network's count is halved. */
void	throttle_passed(struct throttle *t, struct span client);

#endif
