/*
 * dot_in - the reading half of dot.h.  Works in runs: from where the input
 * stands to the next dot at the start of a line, found by memchr(3) over whole
 * lines, so that a message costs a few passes at memory speed.  What a piece
 * of input leaves open (a CR at its end, the length of its line) is state,
 * and only the dot itself waits until the two octets behind it are there: the
 * result is the same for every way to cut the input.
 */
#include "net/dot.h"

#include <string.h>

#include "base/num.h"

void
dot_in_init(struct dot_in *d, struct stream *s, uint64_t limit,
    uint64_t drop_max)
{
	*d = (struct dot_in){ .s = s, .limit = limit, .drop_max = drop_max,
	    .at = DOT_AT_START };
}

static bool
has(const char *p, size_t n, char c)
{
	return n > 0 && memchr(p, c, n) != NULL;
}

/* Eight at a time; memcpy(3) because p is not aligned. */
static bool
has_eight_bit(const char *p, size_t n)
{
	uint64_t v, all = 0;

	for (; n >= sizeof(v); p += sizeof(v), n -= sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		all |= v;
	}
	for (; n > 0; p++, n--)
		all |= (unsigned char)*p;
	return (all & UINT64_C(0x8080808080808080)) != 0;
}

static void
end_line(struct dot_in *d)
{
	d->longest = num_max(d->longest, d->line_n);
	d->line_n = 0;
	d->lines++;
	d->at = DOT_AT_START;
}

/* A part of a line that has no LF in it. */
static void
line_part(struct dot_in *d, const char *p, size_t n)
{
	bool cr = p[n - 1] == '\r';

	if (!d->bare_cr && has(p, n - 1, '\r'))
		d->bare_cr = true;
	d->line_n += cr ? n - 1 : n;	/* a CR counts when it proves bare */
	d->longest = num_max(d->longest, d->line_n);
	d->at = cr ? DOT_AFTER_CR : DOT_IN_LINE;
}

/* p .. p[n-1], of which the last is LF. */
static void
line_with_lf(struct dot_in *d, const char *p, size_t n)
{
	bool crlf = n > 1 && p[n - 2] == '\r';

	if (!d->bare_cr && has(p, crlf ? n - 2 : n - 1, '\r'))
		d->bare_cr = true;
	if (crlf) {
		d->line_n += n - 2;
		end_line(d);
		return;
	}
	d->bare_lf = true;	/* no line end: the line goes on */
	d->line_n += n;
	d->longest = num_max(d->longest, d->line_n);
	d->at = DOT_IN_LINE;
}

/* Octets at the front of text up to the next dot at the start of a line. */
static size_t
run(struct dot_in *d, struct span text)
{
	const char *p = text.p, *end = text.p + text.n, *lf;
	size_t n;

	while (p < end && (d->chunked ||
	    !(d->at == DOT_AT_START && *p == '.'))) {
		if (d->at == DOT_AFTER_CR && *p == '\n') {
			end_line(d);
			p++;
			continue;
		}
		if (d->at == DOT_AFTER_CR) {
			d->bare_cr = true;
			d->line_n++;
		}
		lf = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((lf != NULL ? lf + 1 : end) - p);
		if (lf != NULL)
			line_with_lf(d, p, n);
		else
			line_part(d, p, n);
		p += n;
	}
	return (size_t)(p - text.p);
}

enum dot_found { FOUND_MORE, FOUND_STUFFED, FOUND_END };

/* What a dot at the start of a line means: RFC 5321 4.5.2. */
static enum dot_found
look_at_dot(struct span text)
{
	if (text.n < 2 || (text.n < 3 && text.p[1] == '\r'))
		return FOUND_MORE;
	return text.p[1] == '\r' && text.p[2] == '\n' ?
	    FOUND_END : FOUND_STUFFED;
}

static enum dot_result
fill(struct dot_in *d)
{
	switch (stream_fill(d->s)) {
	case STREAM_OK:
		return DOT_CHUNK;
	case STREAM_EOF:
		return DOT_EOF;
	case STREAM_TIMEOUT:
		return DOT_TIMEOUT;
	case STREAM_FULL:	/* never asked for with a full buffer */
	case STREAM_ERROR:
		break;
	}
	return DOT_ERROR;
}

/* Takes a run; *chunk is what of it lies within the limit. */
static void
take_run(struct dot_in *d, struct span text, struct span *chunk)
{
	size_t n = run(d, text);
	uint64_t room = d->limit > d->octets ? d->limit - d->octets : 0;

	text = span_head(text, n);
	if (!d->nul && has(text.p, n, '\0'))
		d->nul = true;
	if (!d->eight_bit && has_eight_bit(text.p, n))
		d->eight_bit = true;
	stream_consume(d->s, n);
	d->octets += n;
	if (d->octets > d->limit)
		d->too_big = true;
	*chunk = n > room ? span_head(text, (size_t)room) : text;
}

void
dot_in_chunk(struct dot_in *d, uint64_t octets)
{
	d->chunked = true;
	d->left = octets;
}

bool
dot_in_finish(struct dot_in *d)
{
	bool open = d->at != DOT_AT_START;

	if (d->at == DOT_AFTER_CR)
		d->bare_cr = true;
	d->at = DOT_DONE;
	return open;
}

static enum dot_result
read_chunk(struct dot_in *d, struct span *chunk)
{
	enum dot_result r;
	struct span text;

	while (d->left > 0) {
		text = stream_peek(d->s);
		if (text.n == 0) {
			r = fill(d);
			if (r != DOT_CHUNK)
				return r;
			continue;
		}
		if (text.n > d->left)
			text = span_head(text, (size_t)d->left);
		d->left -= text.n;
		take_run(d, text, chunk);
		if (chunk->n > 0)
			return DOT_CHUNK;
		if (d->octets - d->limit > d->drop_max)
			return DOT_FLOOD;
	}
	return DOT_END;
}

enum dot_result
dot_read(struct dot_in *d, struct span *chunk)
{
	enum dot_result r;
	struct span text;

	if (d->chunked)
		return read_chunk(d, chunk);
	while (d->at != DOT_DONE) {
		text = stream_peek(d->s);
		if (text.n > 0 &&
		    !(d->at == DOT_AT_START && text.p[0] == '.')) {
			take_run(d, text, chunk);
			if (chunk->n > 0)
				return DOT_CHUNK;
			if (d->octets - d->limit > d->drop_max)
				return DOT_FLOOD;
			continue;
		}
		switch (text.n > 0 ? look_at_dot(text) : FOUND_MORE) {
		case FOUND_MORE:
			r = fill(d);
			if (r != DOT_CHUNK)
				return r;
			break;
		case FOUND_STUFFED:
			stream_consume(d->s, 1);
			d->at = DOT_IN_LINE;
			break;
		case FOUND_END:
			stream_consume(d->s, 3);
			d->at = DOT_DONE;
			break;
		}
	}
	return DOT_END;
}
