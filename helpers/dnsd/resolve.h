/*
 * resolve - questions to the name servers by c-ares, many at once, with one
 * deadline each; and a bounded cache of the answers.
 */
#ifndef DNSD_RESOLVE_H
#define DNSD_RESOLVE_H

#include <event2/event.h>

#include "base/base.h"
#include "ipc/msg_dns.h"

#define RESOLVE_INFLIGHT_MAX	4096	/* questions at once */
#define RESOLVE_CACHE_MAX	10000	/* answers kept */
#define RESOLVE_DEADLINE_MS	45000	/* below DNS_MS of smtp-out/limits.h */
#define RESOLVE_TTL_MAX_S	3600
#define RESOLVE_TTL_MIN_S	5	/* but 0 is 0: not kept (RFC 1035 3.2.1) */
#define RESOLVE_NEGATIVE_TTL_S	60	/* a name that cannot be asked for */

#define RESOLVE_PORTS_MAX	16

struct resolver;

/*
 * servers  "address[:port],..." or "" for those of resolv.conf, which is read
 *          now, before confinement
 * validating  they check signatures, and nobody sits on the way to them:
 *	       what they say of an answer is told, else nothing is secure
 * returns  NULL: c-ares could not start
 */
struct resolver *resolver_new(struct event_base *base, const char *servers,
    bool validating);
void	resolver_free(struct resolver **r);
/* Where the servers are asked by TCP; returns how many ports, at least 1. */
size_t	resolver_tcp_ports(const struct resolver *r,
	    uint16_t ports[RESOLVE_PORTS_MAX]);
/*
 * done() is called once: at once, or from the loop.
 */
void	resolver_ask(struct resolver *r, const struct dns_ask *ask,
	    void (*done)(const struct dns_answer *answer, void *ctx),
	    void *ctx);

#endif
