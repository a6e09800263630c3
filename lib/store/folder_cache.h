/*
 * folder_cache - what clients ask of every message and what takes reading it to
 * answer, kept as it was sent: the file paquebot-cache beside the messages.
 * May be deleted at any time.
 */
#ifndef STORE_FOLDER_CACHE_H
#define STORE_FOLDER_CACHE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "store/folder.h"

enum cache_kind { CACHE_ENVELOPE, CACHE_STRUCTURE, CACHE_FIELDS };
#define CACHE_KINDS	3
#define CACHE_OCTETS_MAX (64 * KIB)	/* longer ones are not kept */

/*
 * out      cleared, then filled
 * returns  false: not there (or not readable any more)
 */
bool	folder_cached(struct folder *f, uint32_t uid, enum cache_kind kind,
	    struct buf *out) must_use;
/* What is wanted of what is kept, and what was found. */
struct cache_look {
	unsigned kinds;		/* bit i: enum cache_kind: the one kept last */
	size_t	 enough;	/* so many octets of it will do */
	enum cache_kind kind;
	struct span text;	/* valid until the next question or addition */
	bool	 whole;		/* it is all there */
};
bool	folder_cached_look(struct folder *f, uint32_t uid,
	    struct cache_look *look) must_use;
/*
 * Keep it: gathered, and written by folder_cache_write() or when it is much.
 * One of each kind between two writes.
 */
void	folder_cache_add(struct folder *f, uint32_t uid, enum cache_kind kind,
	    struct span text);
void	folder_cache_write(struct folder *f);

#endif
