/*
 * header - the fields of a message header, in memory or as it comes in
 * (RFC 5322 2.2, 3.5, 4.5).  Lines end in LF or CRLF, mixed or not.  A line
 * that is neither a field, nor a continuation, nor empty ends the header and
 * is the first line of the body.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

struct header_field {
	struct span name;	/* as written, without space before the ':' */
	struct span value;	/* behind the ':', raw, with its folding but
				 * without the last line end */
	struct span whole;	/* all lines with their line ends */
};

enum header_end {
	HEADER_GOES_ON,		/* header_next() has not returned false yet */
	HEADER_EMPTY_LINE,	/* as it should be */
	HEADER_NO_BODY,		/* the text ended within the header */
	HEADER_STRAY_LINE,	/* no field: the body begins with it */
	HEADER_TOO_MANY		/* fields_max was reached; body is SPAN_NONE */
};

struct header_walk {
	const char *p, *end;
	size_t	    fields_left;
	enum header_end why_end;
};

/*
 * message     header, or header and body; borrowed
 * fields_max  most fields given
 */
void	header_walk_init(struct header_walk *w, struct span message,
	    size_t fields_max);
/* The next field; false at the end (w->why_end, header_body()). */
bool	header_next(struct header_walk *w, struct header_field *f);
/* After the end: what follows the empty line. */
struct span	header_body(const struct header_walk *w);

/*
 * The first field of that name (any case).
 * header   a header alone or a whole message; every field of it is looked at
 */
bool	header_find(struct span header, const char *name,
	    struct header_field *f);
/*
 * Header and body of a whole message, cut apart: header with its empty line,
 * if there is one.
 */
void	header_split(struct span message, struct span *header,
	    struct span *body);

/*
 * Add the value as one line: line ends of the folding go, the white space
 * around the whole too (RFC 5322 2.2.3); NUL becomes a space.
 * returns  0, or -1: cap reached
 */
int	header_unfold(struct buf *out, struct span value);

/* What a line (without its line end) is within a header. */
enum header_line {
	HEADER_LINE_EMPTY,
	HEADER_LINE_FIELD,
	HEADER_LINE_MORE,	/* continues the field before it */
	HEADER_LINE_STRAY
};
/* first: no field stands before it, so nothing can be continued. */
enum header_line header_line_kind(struct span line, bool first);

/*
 * A header that comes in pieces.  text gathers the octets up to and with the
 * line that ends it: the empty one, or a stray one (header_split() tells).
 */
enum header_feed {
	HEADER_FEED_MORE,	/* all was taken; stays so at the end of a
				 * message without body */
	HEADER_FEED_END,	/* *used octets were taken; the rest is body */
	HEADER_FEED_TOO_BIG	/* octets or fields are over the limit */
};

struct header_intake {
	struct buf text;
	size_t	fields;		/* begun so far */
	size_t	fields_max;
	size_t	line;		/* where in text the last line begins */
	bool	ended;
};

void	header_intake_init(struct header_intake *h, size_t octets_max,
	    size_t fields_max);
void	header_intake_fini(struct header_intake *h);
enum header_feed header_intake_feed(struct header_intake *h,
	    struct span piece, size_t *used) must_use;

#endif
