/*
 * line - command and reply lines.  A line ends at CRLF and nowhere else (RFC
 * 5321 2.3.8: CR and LF stand only together, as CRLF).
 */
#ifndef NET_LINE_H
#define NET_LINE_H

#include "base/base.h"
#include "base/span.h"
#include "net/stream.h"

enum line_result {
	LINE_OK,
	LINE_MORE,	/* line_cut only: the end of the line is not there yet */
	LINE_TOO_LONG,	/* over the limit; skipped up to its end: answer 500 */
	LINE_BAD,	/* NUL, bare CR or bare LF in it; read up to its end */
	LINE_CLOSE,	/* so long that no more of it is read: hang up */
	LINE_EOF,
	LINE_TIMEOUT,
	LINE_ERROR
};

/* A line over its limit is skipped for this many octets, then LINE_CLOSE. */
#define LINE_SKIP_MAX	((size_t)65536)

enum line_ends {
	LINE_CRLF,	/* only CRLF */
	LINE_CRLF_OR_LF	/* a bare LF ends a line too: POP3 and IMAP, if asked */
};

/*
 * The next line, without its end.
 * limit  octets with the line end (as RFC 5321 4.5.3.1.4 counts); at most the
 *	  stream's in_size
 * line   set for LINE_OK and LINE_BAD; valid until the next read of s
 * The result does not depend on how the octets arrived in pieces.
 */
enum line_result line_read(struct stream *s, size_t limit,
	    enum line_ends ends, struct span *line) must_use;

/*
 * The same without I/O, for event loops: what stands at the front of text.
 * used   octets of the line with its end: LINE_OK, LINE_BAD
 * returns  LINE_OK, LINE_BAD, LINE_MORE, or LINE_TOO_LONG (no end within limit
 * octets; nothing is skipped)
 */
enum line_result line_cut(struct span text, size_t limit, enum line_ends ends,
	    struct span *line, size_t *used) must_use;

#endif
