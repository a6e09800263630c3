/*
 * A header is walked line by line; the only question about a line is what
 * header_line_kind() answers, here, for headers in pieces and for the parts of
 * a MIME message alike, so that all of them agree where a header ends.
 */
#include "mail/header.h"

#include <string.h>

/* RFC 5322 3.6.8 ftext, then spaces (4.5.8 obs-optional), then ':'. */
static size_t
name_length(struct span line)
{
	size_t i = 0, n;

	while (i < line.n && line.p[i] > ' ' && line.p[i] <= '~' &&
	    line.p[i] != ':')
		i++;
	n = i;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i < line.n && line.p[i] == ':' ? n : 0;
}

enum header_line
header_line_kind(struct span line, bool first)
{
	if (line.n == 0)
		return HEADER_LINE_EMPTY;
	if (line.p[0] == ' ' || line.p[0] == '\t')
		return first ? HEADER_LINE_STRAY : HEADER_LINE_MORE;
	return name_length(line) > 0 ? HEADER_LINE_FIELD : HEADER_LINE_STRAY;
}

/* The line at p with its line end; *text without it. */
static struct span
line_at(const char *p, const char *end, struct span *text)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	size_t n;

	if (lf == NULL) {
		*text = span_of(p, (size_t)(end - p));
		return *text;
	}
	n = (size_t)(lf - p);
	*text = span_of(p, n > 0 && p[n - 1] == '\r' ? n - 1 : n);
	return span_of(p, n + 1);
}

void
header_walk_init(struct header_walk *w, struct span message, size_t fields_max)
{
	w->p = message.p != NULL ? message.p : "";
	w->end = w->p + message.n;
	w->fields_left = fields_max;
	w->why_end = HEADER_GOES_ON;
}

static bool
walk_end(struct header_walk *w, enum header_end why_end)
{
	w->why_end = why_end;
	return false;
}

bool
header_next(struct header_walk *w, struct header_field *f)
{
	struct span line, text, last;
	const char *begin = w->p;
	size_t n;

	if (w->why_end != HEADER_GOES_ON)
		return false;
	if (w->p == w->end)
		return walk_end(w, HEADER_NO_BODY);
	line = line_at(w->p, w->end, &text);
	switch (header_line_kind(text, true)) {
	case HEADER_LINE_EMPTY:
		w->p += line.n;
		return walk_end(w, HEADER_EMPTY_LINE);
	case HEADER_LINE_FIELD:
		break;
	case HEADER_LINE_MORE:
	case HEADER_LINE_STRAY:
		return walk_end(w, HEADER_STRAY_LINE);
	}
	if (w->fields_left == 0)
		return walk_end(w, HEADER_TOO_MANY);
	w->fields_left--;
	n = name_length(text);
	f->name = span_of(begin, n);
	n = span_chr(text, ':') + 1;
	do {
		last = text;
		w->p += line.n;
		if (w->p == w->end)
			break;
		line = line_at(w->p, w->end, &text);
	} while (header_line_kind(text, false) == HEADER_LINE_MORE);
	f->whole = span_of(begin, (size_t)(w->p - begin));
	f->value = span_of(begin + n,
	    (size_t)(last.p + last.n - (begin + n)));
	return true;
}

struct span
header_body(const struct header_walk *w)
{
	if (w->why_end == HEADER_GOES_ON || w->why_end == HEADER_TOO_MANY)
		return SPAN_NONE;
	return span_of(w->p, (size_t)(w->end - w->p));
}

bool
header_find(struct span header, const char *name, struct header_field *f)
{
	struct header_walk w;

	header_walk_init(&w, header, SIZE_MAX);
	while (header_next(&w, f))
		if (span_ieq_str(f->name, name))
			return true;
	return false;
}

void
header_split(struct span message, struct span *header, struct span *body)
{
	struct header_walk w;
	struct header_field f;

	header_walk_init(&w, message, SIZE_MAX);
	while (header_next(&w, &f))
		;
	*body = header_body(&w);
	*header = span_head(message, message.n - body->n);
}

/* RFC 5322 2.2.3: unfolding takes the line ends away and nothing else. */
int
header_unfold(struct buf *out, struct span value)
{
	struct span s = span_trim_ws(value);
	char *to = buf_room(out, s.n);
	size_t n = 0;

	if (to == NULL)
		return s.n == 0 ? 0 : -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n')
			continue;
		to[n++] = s.p[i] == '\0' ? ' ' : s.p[i];
	}
	buf_grown(out, n);
	return 0;
}

void
header_intake_init(struct header_intake *h, size_t octets_max,
    size_t fields_max)
{
	buf_init(&h->text, octets_max);
	h->fields = 0;
	h->fields_max = fields_max;
	h->line = 0;
	h->ended = false;
}

void
header_intake_fini(struct header_intake *h)
{
	buf_fini(&h->text);
}

/* The line that has just become whole. */
static enum header_feed
intake_line(struct header_intake *h)
{
	const char *begin = h->text.p + h->line;
	struct span text;

	line_at(begin, h->text.p + h->text.n, &text);
	h->line = h->text.n;
	switch (header_line_kind(text, h->fields == 0)) {
	case HEADER_LINE_FIELD:
		if (h->fields == h->fields_max)
			return HEADER_FEED_TOO_BIG;
		h->fields++;
		return HEADER_FEED_MORE;
	case HEADER_LINE_MORE:
		return HEADER_FEED_MORE;
	case HEADER_LINE_EMPTY:
	case HEADER_LINE_STRAY:
		break;
	}
	h->ended = true;
	return HEADER_FEED_END;
}

enum header_feed
header_intake_feed(struct header_intake *h, struct span piece, size_t *used)
{
	enum header_feed r;

	*used = 0;
	if (h->ended)
		return HEADER_FEED_END;
	while (*used < piece.n) {
		struct span left = span_from(piece, *used);
		size_t lf = span_chr(left, '\n');
		struct span part = span_head(left, lf + 1);

		if (buf_add_span(&h->text, part) != 0)
			return HEADER_FEED_TOO_BIG;
		*used += part.n;
		if (lf == left.n)
			break;
		r = intake_line(h);
		if (r != HEADER_FEED_MORE)
			return r;
	}
	return HEADER_FEED_MORE;
}
