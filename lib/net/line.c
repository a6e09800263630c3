/*
 * line - see line.h.  An octet is looked at once: what has been searched for
 * a line end is not searched again when more comes, so a long line that comes
 * in single octets costs no more than one that comes whole.
 */
#include "net/line.h"

#include <string.h>

#include "base/num.h"

/*
 * The index of the LF that ends the line, at or after from; text.n if it is
 * not there yet.
 */
static size_t
find_end(struct span text, size_t from, enum line_ends ends)
{
	const char *lf;
	size_t at;

	while (from < text.n) {
		lf = memchr(text.p + from, '\n', text.n - from);
		if (lf == NULL)
			break;
		at = (size_t)(lf - text.p);
		if (ends == LINE_CRLF_OR_LF ||
		    (at > 0 && text.p[at - 1] == '\r'))
			return at;
		from = at + 1;
	}
	return text.n;
}

/* text up to and with the LF at end. */
static enum line_result
judge(struct span text, size_t end, struct span *line)
{
	size_t n = end;

	if (n > 0 && text.p[n - 1] == '\r')
		n--;
	*line = span_head(text, n);
	return span_has(*line, '\r') || span_has(*line, '\n') ||
	    span_has(*line, '\0') ? LINE_BAD : LINE_OK;
}

enum line_result
line_cut(struct span text, size_t limit, enum line_ends ends,
    struct span *line, size_t *used)
{
	size_t end = find_end(text, 0, ends);

	if (end >= limit)
		return LINE_TOO_LONG;
	if (end == text.n)
		return LINE_MORE;
	*used = end + 1;
	return judge(text, end, line);
}

static enum line_result
line_end_of(enum stream_result r)
{
	switch (r) {
	case STREAM_EOF:
		return LINE_EOF;
	case STREAM_TIMEOUT:
		return LINE_TIMEOUT;
	case STREAM_OK:
	case STREAM_FULL:
	case STREAM_ERROR:
		break;
	}
	return LINE_ERROR;
}

/*
 * The line is over its limit.  All of it is read and forgotten, up to its
 * end, but for the last octet that may be the CR of a CRLF.
 */
static enum line_result
skip(struct stream *s, enum line_ends ends)
{
	struct span text;
	size_t end, left = LINE_SKIP_MAX;
	enum stream_result r;

	for (;;) {
		text = stream_peek(s);
		end = find_end(text, 0, ends);
		if (end < text.n && end < left) {
			stream_consume(s, end + 1);
			return LINE_TOO_LONG;
		}
		if (text.n >= left)
			return LINE_CLOSE;
		if (text.n > 1) {
			left -= text.n - 1;
			stream_consume(s, text.n - 1);
		}
		r = stream_fill(s);
		if (r != STREAM_OK)
			return line_end_of(r);
	}
}

enum line_result
line_read(struct stream *s, size_t limit, enum line_ends ends,
    struct span *line)
{
	enum line_result result;
	enum stream_result r;
	struct span text;
	size_t end, seen = 0;

	limit = num_min(limit, s->in_size);
	for (;;) {
		text = stream_peek(s);
		end = find_end(text, seen, ends);
		if (end >= limit)
			return skip(s, ends);
		if (end < text.n) {
			result = judge(text, end, line);
			stream_consume(s, end + 1);
			return result;
		}
		seen = text.n;
		r = stream_fill(s);
		if (r != STREAM_OK)
			return line_end_of(r);
	}
}
