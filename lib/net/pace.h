/*
 * pace - how often the clients of one network may have done what costs us more
 * than them, such as a TLS handshake.
 */
#ifndef NET_PACE_H
#define NET_PACE_H

#include "base/base.h"
#include "os/sock.h"

struct pace;

/*
 * per_second  of one network (sock_network_of), with bursts of twice that;
 *	       0: no limit
 */
struct pace *pace_new(unsigned per_second);
void	pace_free(struct pace **p);
/*
 * One more.  Loopback addresses are always allowed.
 * *say     the first that is refused in this second, of any network: to be
 *	    logged; untouched if allowed
 */
bool	pace_allow(struct pace *p, const struct sock_addr *peer,
	    bool *say) must_use;

#endif
