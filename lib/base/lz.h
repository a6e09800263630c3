/*
 * lz - texts that repeat themselves, made shorter: what stood before is named
 * by its distance.  Made for texts of some hundred octets of which the reader
 * has others, or a list of usual words: those count as standing before them.
 *
 * Packed text is a row of steps: an octet with two numbers of four bits, of
 * literals and of octets to be repeated, less LZ_MATCH_MIN (15: 7-bit groups
 * follow, the lowest first, what is to be added); the literals; and, unless the
 * text ends there, the distance in such groups.
 */
#ifndef BASE_LZ_H
#define BASE_LZ_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define LZ_MATCH_MIN	4
#define LZ_SLOTS	(1U << 11)
#define LZ_ALL_MAX	(1024 * KIB)	/* of what stands before and the text */

/* Usual words, looked through once for all texts that they stand before. */
struct lz_words {
	size_t	 n;			/* octets */
	uint32_t last[LZ_SLOTS];	/* place + 1; 0: none */
};
void	lz_learn(struct lz_words *w, struct span words);

/*
 * all      at most LZ_ALL_MAX: what the reader will have, from octet `from` on
 *	    the text
 * words    what all begins with; NULL: nothing is known
 * out      gets the packed text, which may be longer than the text by a 32nd
 *	    and 8 octets; the same whatever is known
 * returns  -1: no room in out, or too long
 */
int	lz_pack(struct buf *out, struct span all, size_t from,
	    const struct lz_words *words) must_use;
/*
 * out      holds what stands before; gets the text, or so much of its beginning
 * octets   of the text
 * enough   octets: then no more is unpacked, nor judged
 * returns  -1: packed is not such a text, or out has no room; out is as before
 */
int	lz_unpack(struct buf *out, struct span packed, size_t octets,
	    size_t enough) must_use;

#endif
