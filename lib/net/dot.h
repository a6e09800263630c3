/*
 * dot - blocks of text that end with a line of one dot: DATA of SMTP (RFC
 * 5321 4.1.1.4, 4.5.2) and the multi-line answers of POP3 (RFC 1939 3).
 *
 * Reading: the block ends at CRLF.CRLF and nowhere else, whatever the pieces
 * were in which it came.  Bare CR, bare LF and NUL are passed through and
 * flagged; the caller reads to the true end and refuses the message then, so
 * that what follows is never taken for commands too early.
 *
 * The same reader takes a message in chunks of announced size (BDAT, RFC 3030
 * 2): dots mean nothing then, the rest is as above.
 */
#ifndef NET_DOT_H
#define NET_DOT_H

#include "base/base.h"
#include "base/span.h"
#include "net/stream.h"

enum dot_result {
	DOT_CHUNK,	/* *chunk holds some octets */
	DOT_END,	/* the final dot was read; look at the flags */
	DOT_FLOOD,	/* more than drop_max past the limit: hang up */
	DOT_EOF,	/* the connection ended inside the block */
	DOT_TIMEOUT,
	DOT_ERROR
};

struct dot_in {
	struct stream *s;
	uint64_t limit, drop_max;
	uint64_t octets;	/* so far: unstuffed, CRLF counted as two */
	uint64_t lines;		/* line ends (CRLF) so far */
	bool	 too_big;	/* octets passed limit; no more is handed out */
	bool	 bare_cr, bare_lf, nul;
	bool	 eight_bit;	/* an octet over 127 */
	size_t	 longest;	/* longest line, without CRLF */
	size_t	 line_n;	/* of the line being read */
	bool	 chunked;	/* the end is a count, not a dot */
	uint64_t left;		/* of the chunk */
	enum dot_at { DOT_AT_START, DOT_IN_LINE, DOT_AFTER_CR, DOT_DONE } at;
};

/*
 * limit     octets after unstuffing; what is beyond is read and dropped
 * drop_max  so many at most
 */
void	dot_in_init(struct dot_in *d, struct stream *s, uint64_t limit,
	    uint64_t drop_max);
/*
 * chunk  with CRLF line ends, dots removed; at most the stream's in_size;
 *	  valid until the next read of the stream
 */
enum dot_result dot_read(struct dot_in *d, struct span *chunk) must_use;

/*
 * What comes next is a chunk: dot_read() ends after so many octets.  State and
 * flags go on from chunk to chunk.
 */
void	dot_in_chunk(struct dot_in *d, uint64_t octets);
/*
 * The last chunk was read.
 * returns  true: the last line has no line end
 */
bool	dot_in_finish(struct dot_in *d);

enum dot_cr {
	DOT_CR_SPACE,	/* a bare CR leaves as a space (RFC 5321 2.3.8) */
	DOT_CR_KEEP	/* as it is: a POP3 reader gets what is stored */
};

struct dot_out {
	struct stream *s;
	enum dot_cr	cr;
	bool		at_start;	/* of a line */
	bool		cr_held;	/* a CR ended the last piece */
};

void	dot_out_init(struct dot_out *d, struct stream *s, enum dot_cr cr);
/*
 * Text with LF or CRLF line ends, in pieces cut anywhere; a lone LF leaves as
 * CRLF.  Result as stream_write.
 */
enum stream_result dot_write(struct dot_out *d, const void *p, size_t n);
/* The missing line end, if there is one missing, and the final dot. */
enum stream_result dot_end(struct dot_out *d) must_use;

#endif
