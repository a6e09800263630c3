/*
 * saved - what the last search has saved, for "$" (RFC 5182).  Pure.
 */
#ifndef IMAPD_SAVED_H
#define IMAPD_SAVED_H

#include "base/base.h"
#include "imapd/seqset.h"
#include "store/uids.h"

struct saved {
	struct seqrange *v;	/* of UIDs, ascending, disjoint */
	size_t n, size;
};

void	saved_init(struct saved *s);
void	saved_fini(struct saved *s);	/* frees; as after saved_init */
/* uids: ascending, each once */
void	saved_set(struct saved *s, const struct uids *uids);
/* A resolved set of UIDs; borrowed until the next saved_set(). */
struct seqset saved_get(const struct saved *s);

#endif
