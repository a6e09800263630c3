/*
 * found - the answer of SEARCH and SORT: the messages that were found, or what
 * the client wants to know of them (RFC 3501 7.2.5, RFC 4731, 5182, 5267,
 * 9394).
 */
#ifndef IMAPD_FOUND_H
#define IMAPD_FOUND_H

#include "base/base.h"
#include "imapd/parse.h"
#include "imapd/session.h"
#include "store/uids.h"

/*
 * Keep what is to be saved, and tell.
 * word     of the answer without RETURN: "SEARCH", "SORT"
 * found    sequence numbers in the order in which they are told; on return
 *	    they may be UIDs
 */
void	found_tell(struct session *s, const struct search_args *a,
	    const char *word, struct uids *found);
/* The search has failed: what it would have saved is empty (RFC 5182 2.1). */
void	found_fail(struct session *s, const struct search_args *a);

/* Which places, [*from, *end), of a list of n a PARTIAL names. */
void	found_partial(const struct partial *p, size_t n, size_t *from,
	    size_t *end);

#endif
