/*
 * fetch_parts - what FETCH tells of decoded parts: BINARY, BINARY.SIZE (RFC
 * 3516) and PREVIEW (RFC 8970).
 */
#ifndef IMAPD_FETCH_PARTS_H
#define IMAPD_FETCH_PARTS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/why.h"
#include "imapd/content.h"
#include "imapd/parse.h"

/* The item is one of these: it needs the message, and nothing keeps it. */
bool	fetch_parts_reads(const struct fetch_item *item);
/*
 * Read what the items need of a message that was turned to.
 * returns  0: the calls below can be made; -1 with why: it cannot be read, or an
 *	    encoding is not known (5.6.3: UNKNOWN-CTE)
 */
int	fetch_parts_check(struct content *c, const struct fetch_item *v,
	    size_t n, struct why *why) must_use;

/* An nstring; NIL only where lazy is and it would take long (RFC 8970 4.1). */
void	fetch_parts_preview(struct buf *out, struct content *c, bool lazy);
/* The number of octets of BINARY.SIZE; 0: no such part. */
void	fetch_parts_size(struct buf *out, struct content *c,
	    const struct section *s);
/*
 * The octets of BINARY.
 * text     made here; to be ended by the caller in any case
 * nul      there is a NUL in it: to be sent as a literal8 (RFC 3516 4.3)
 * returns  false: no such part
 */
bool	fetch_parts_binary(struct content *c, const struct section *s,
	    struct buf *text, bool *nul) must_use;

#endif
