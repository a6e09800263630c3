/*
 * extract - text with LF line ends, as it lies on disk, to octets with CRLF,
 * as they go over the wire; a part of them (RFC 3501 6.4.5, partial).
 */
#ifndef IMAPD_EXTRACT_H
#define IMAPD_EXTRACT_H

#include "base/base.h"
#include "base/span.h"
#include "net/stream.h"

/* The state between two pieces of one text. */
struct extract {
	struct stream *to;	/* NULL: the octets are only counted */
	uint64_t at;		/* of the wire octets: how many are behind us */
	uint64_t from, end;	/* of these, [from, end) are wanted */
	bool	 after_cr;	/* the piece before ended in CR */
};

void	extract_init(struct extract *x, struct stream *to, uint64_t from,
	    uint64_t octets);
/*
 * The next piece of the text, cut anywhere.
 * returns  octets of it that were looked at; less than piece.n when all that is wanted has gone
 */
size_t	extract_piece(struct extract *x, struct span piece);
/* How many octets the text has with CRLF; a lone LF counts as two. */
uint64_t extract_octets(struct span text);

#endif
