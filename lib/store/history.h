/*
 * history - which UIDs of a folder were expunged, and when (RFC 7162 5.3): a
 * list of runs in the order in which they went.  When it is long its oldest
 * runs are forgotten.  Pure; only for lib/store.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define HISTORY_MAX	8192	/* runs kept */
#define HISTORY_OCTETS	16	/* of one in the index */

struct history_run {
	uint32_t first, last;	/* UIDs */
	uint64_t modseq;	/* of the expunge */
};
struct history {
	struct history_run *v;
	size_t	 n, size;
	uint64_t forgot;	/* all that went later is here */
};

void	history_init(struct history *h);
void	history_fini(struct history *h);
/* One more; modseq is not below those before.  Of old ones nothing is kept. */
void	history_add(struct history *h, uint32_t uid, uint64_t modseq);
/* What went up to that one is forgotten. */
void	history_forget(struct history *h, uint64_t modseq);
/* No more than HISTORY_MAX runs from here on. */
void	history_limit(struct history *h);
/* The index of the first run that went after it. */
size_t	history_since(const struct history *h, uint64_t modseq);

void	history_put(struct buf *out, const struct history *h);
/*
 * text     records as history_put() writes them; those before h->forgot are
 *	    left out
 * returns  false: they make no sense
 */
bool	history_get(struct history *h, struct span text) must_use;

#endif
