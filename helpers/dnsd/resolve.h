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
#define RESOLVE_TTL_MAX_S	86400
#define RESOLVE_NEGATIVE_TTL_S	60	/* "no such name", "no such record" */

struct resolver;

/*
 * servers  "address[:port],..." or "" for those of resolv.conf, which is read
 *          now, before confinement
 * returns  NULL: c-ares could not start
 */
struct resolver *resolver_new(struct event_base *base, const char *servers);
void	resolver_free(struct resolver **r);
/*
 * done() is called once: at once, or from the loop.
 */
void	resolver_ask(struct resolver *r, const struct dns_ask *ask,
	    void (*done)(const struct dns_answer *answer, void *ctx),
	    void *ctx);

#endif
