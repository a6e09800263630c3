/*
 * cache - answers until their TTL is over; bounded in number.
 */
#ifndef DNSD_CACHE_H
#define DNSD_CACHE_H

#include "base/base.h"
#include "ipc/msg_dns.h"

struct cache;

struct cache *cache_new(void);
void	cache_free(struct cache **c);
/* true: *answer is filled, its ttl_s what is left. */
bool	cache_get(struct cache *c, const struct dns_ask *ask,
	    struct dns_answer *answer) must_use;
/* Kept for ttl_s seconds; temporary failures and a TTL of 0 are not. */
void	cache_put(struct cache *c, const struct dns_ask *ask,
	    const struct dns_answer *answer);

#endif
