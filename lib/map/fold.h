/*
 * fold - the one spelling under which a name stands in our maps, and by which
 * it is looked up: of a local part, Unicode form C in small letters (of each
 * character by itself, so that no letter becomes two; and none that is not
 * ASCII becomes one that is, but for signs which Unicode says are that letter);
 * of a domain, small letters and A-labels.
 */
#ifndef MAP_FOLD_H
#define MAP_FOLD_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "mail/addr.h"

/*
 * "local@domain", "@domain" or "local".
 * returns  0; -1: not text that an address may hold, no domain behind the @, or
 *	    out is full
 */
int	fold_name(struct span name, struct buf *out) must_use;
/* The key of a route: a domain, ".domain" or "*".  As above. */
int	fold_domain(struct span key, struct buf *out) must_use;

/*
 * Whether there is an address that a map can be asked about by that key.
 * key      folded: "local@domain", "@domain" or "local"
 */
bool	fold_is_key(struct span key);

/*
 * Any octets that somebody calls himself: names that a map takes for one are
 * one here, what is no name has small ASCII letters.
 * returns  octets written; what does not fit is cut
 */
size_t	fold_claimed(struct span name, char *out, size_t size);

/* The local part of an address without quotes, as folded as it can be. */
void	fold_addr_local(const struct addr *a, char out[ADDR_LOCAL_SIZE]);

#endif
