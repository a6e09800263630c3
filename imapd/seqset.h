/*
 * seqset - sets of message numbers or UIDs (RFC 3501 section 9, sequence-set).
 * Pure.
 */
#ifndef IMAPD_SEQSET_H
#define IMAPD_SEQSET_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/cur.h"

#define SEQSET_STAR	0	/* "*", until seqset_resolve() */

struct seqrange {
	uint32_t first, last;
};

struct seqset {
	struct seqrange *v;	/* in the arena */
	size_t	n;
	bool	saved;		/* "$": what a search has saved; v is empty */
	bool	star;		/* written with "*" */
};

/*
 * As written: ranges in any order, "*" as SEQSET_STAR; or "$" (RFC 5182
 * section 3), which its user replaces by the saved UIDs.
 */
bool	seqset_parse(struct cur *c, struct arena *mem, struct seqset *out)
	    must_use;
/*
 * "*" becomes star (which may be 0: then such a range is empty or begins at
 * 0), first <= last in each range, ranges sorted, disjoint, not adjacent.
 */
void	seqset_resolve(struct seqset *set, uint32_t star);
/* Only after seqset_resolve(): O(log n). */
bool	seqset_has(const struct seqset *set, uint32_t number);
/* The largest number in it, 0 if it is empty. */
uint32_t seqset_max(const struct seqset *set);

/* "1:3,7" for ascending numbers, as of COPYUID (RFC 4315 section 4). */
void	seqset_put(struct buf *out, const uint32_t *v, size_t n);

#endif
