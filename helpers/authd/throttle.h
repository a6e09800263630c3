/*
 * throttle - how long a try to log in waits for its judgement, and a wrong one
 * for its answer.  Pure: the time is passed in.
 *
 * Failures are counted by network (IPv4 /24, IPv6 /48), so that guessing from
 * one place gets slow; and by name, so that guessing one account from many
 * places gets slow too.  After some failures tries are judged one after the
 * other with a growing gap; who would have to wait too long is told to try
 * again later, unjudged.
 *
 * Neither count concerns somebody who has logged in from his network before:
 * for him and there, failures are counted apart.  So strangers elsewhere can
 * neither lock him out nor slow him down.  This host's own programs (loopback:
 * a webmail, say, for all its users) are not held up as a network.
 */
#ifndef AUTHD_THROTTLE_H
#define AUTHD_THROTTLE_H

#include "base/base.h"
#include "base/span.h"
#include "helpers/authd/network.h"
#include "helpers/authd/recent.h"

#define THROTTLE_DELAY_MIN_MS	1000	/* of the answer to a wrong try */
#define THROTTLE_DELAY_MAX_MS	15000
#define THROTTLE_FORGET_MS	600000	/* one failure less per this time */
#define THROTTLE_FREE		5	/* failures before a gap, of a network */
#define THROTTLE_FREE_NAME	20	/* ... of a name, from anywhere */
#define THROTTLE_GAP_MIN_MS	500	/* doubled with each failure more */
#define THROTTLE_GAP_MAX_MS	15000
#define THROTTLE_WAIT_MAX_MS	15000	/* who would wait longer: -1 */
#define THROTTLE_NETWORKS_MAX	16384
#define THROTTLE_NAMES		16384	/* cells; names may share one */

struct throttle;

struct throttle *throttle_new(const uint8_t seed[16]);
void	throttle_free(struct throttle **t);

struct throttle_who {
	struct network network;
	bool	    loopback;
	struct span name;	/* in lower case; need not exist */
	struct recent_entry *known;	/* of this name and network, or NULL */
};
/*
 * A try comes.
 * returns  milliseconds to wait before it is judged; -1: try again later
 */
int64_t	throttle_before(struct throttle *t, const struct throttle_who *who,
	    int64_t now_ms);
/* It was wrong.  Milliseconds from its arrival to the answer. */
int64_t	throttle_failed(struct throttle *t, const struct throttle_who *who,
	    int64_t now_ms);
/*
 * It was right: the network's count is halved, once per THROTTLE_FORGET_MS.
 * (Else who has an account would log in to it between guesses at others.)
 */
void	throttle_passed(struct throttle *t, const struct throttle_who *who,
	    int64_t now_ms);

#endif
