/*
 * mime_cut - see mime_cut.h.
 * A machine of five states.  Outside of lines that begin with "-" it moves
 * from CR to CR by memchr(3); such a line is gathered, MIME_CUT_LINE octets at
 * most, and given out again when it was nothing.  Each octet is looked at a
 * fixed number of times.
 */
#include "mail/mime_cut.h"

#include "base/num.h"

#define CRLF	SPAN_LIT("\r\n")

void
mime_cut_init(struct mime_cut *c)
{
	*c = (struct mime_cut){ .at = CUT_START };
	buf_init(&c->line, MIME_CUT_LINE);
}

void
mime_cut_fini(struct mime_cut *c)
{
	buf_fini(&c->line);
}

void
mime_cut_begin(struct mime_cut *c)
{
	c->at = CUT_START;
	c->held = false;
	buf_clear(&c->line);
}

void
mime_cut_is_data(struct mime_cut *c)
{
	c->at = CUT_FLUSH;
}

static struct span
take(struct span *in, size_t n)
{
	struct span s = span_head(*in, n);

	*in = span_from(*in, n);
	return s;
}

static enum mime_cut_found
give(struct span *out, struct span what)
{
	*out = what;
	return MIME_CUT_DATA;
}

/* Up to the next CR. */
static enum mime_cut_found
mid(struct mime_cut *c, struct span *in, struct span *out)
{
	size_t n = span_chr(*in, '\r');

	if (n > 0)
		return give(out, take(in, n));
	(void)take(in, 1);
	c->at = CUT_CR;
	return MIME_CUT_MORE;
}

static enum mime_cut_found
after_cr(struct mime_cut *c, struct span *in, struct span *out)
{
	if (in->p[0] != '\n') {
		c->at = CUT_MID;
		return give(out, SPAN_LIT("\r"));
	}
	(void)take(in, 1);
	c->held = true;
	c->at = CUT_START;
	return MIME_CUT_MORE;
}

static enum mime_cut_found
start(struct mime_cut *c, const struct span *in, struct span *out)
{
	bool held = c->held;

	if (in->p[0] == '-') {
		buf_clear(&c->line);
		c->at = CUT_GATHER;
		return MIME_CUT_MORE;
	}
	c->at = CUT_MID;
	c->held = false;
	return held ? give(out, CRLF) : MIME_CUT_MORE;
}

static enum mime_cut_found
gather(struct mime_cut *c, struct span *in, struct span *out)
{
	size_t n = span_chr(*in, '\n');
	struct span line;

	n = num_min(n < in->n ? n + 1 : n, MIME_CUT_LINE - c->line.n);
	(void)!buf_add_span(&c->line, take(in, n));	/* fits */
	line = buf_span(&c->line);
	if (span_ends(line, CRLF)) {
		*out = line;
		return MIME_CUT_LINE_IS;
	}
	if (line.n == MIME_CUT_LINE || line.p[line.n - 1] == '\n')
		c->at = CUT_FLUSH;
	return MIME_CUT_MORE;
}

/* The gathered line as data; what it ends in may begin something anew. */
static enum mime_cut_found
flush(struct mime_cut *c, struct span *out)
{
	struct span line = buf_span(&c->line);

	if (c->held) {
		c->held = false;
		return give(out, CRLF);
	}
	if (span_ends(line, CRLF)) {
		c->held = true;
		c->at = CUT_START;
		return give(out, span_head(line, line.n - 2));
	}
	if (span_ends(line, SPAN_LIT("\r"))) {
		c->at = CUT_CR;
		return give(out, span_head(line, line.n - 1));
	}
	c->at = CUT_MID;
	return give(out, line);
}

enum mime_cut_found
mime_cut_next(struct mime_cut *c, struct span *in, struct span *out)
{
	enum mime_cut_found found = MIME_CUT_MORE;

	while (found == MIME_CUT_MORE && (in->n > 0 || c->at == CUT_FLUSH))
		switch (c->at) {
		case CUT_START:
			found = start(c, in, out);
			break;
		case CUT_MID:
			found = mid(c, in, out);
			break;
		case CUT_CR:
			found = after_cr(c, in, out);
			break;
		case CUT_GATHER:
			found = gather(c, in, out);
			break;
		case CUT_FLUSH:
			found = flush(c, out);
			break;
		}
	return found;
}

enum mime_cut_found
mime_cut_last(struct mime_cut *c, struct span *out)
{
	switch (c->at) {
	case CUT_GATHER:	/* the last line needs no CRLF */
		*out = buf_span(&c->line);
		return MIME_CUT_LINE_IS;
	case CUT_FLUSH:
		return flush(c, out);
	case CUT_CR:
		c->at = CUT_MID;
		return give(out, SPAN_LIT("\r"));
	case CUT_START:
		c->at = CUT_MID;
		if (c->held) {
			c->held = false;
			return give(out, CRLF);
		}
		break;
	case CUT_MID:
		break;
	}
	return MIME_CUT_MORE;
}
