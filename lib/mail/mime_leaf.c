/*
 * mime_leaf - see mime_leaf.h.
 * Base64 is made of 57 octets at a time, so that every line but the last is
 * full; what does not fill a line waits in rest.  The line end stands in front
 * of each line but the first, because the last one has none of its own: the
 * CRLF behind it belongs to the delimiter (RFC 2046 5.1.1).
 */
#include "mail/mime_leaf.h"

#include <string.h>

#include "base/b64.h"
#include "base/num.h"

#define OUT_OCTETS	(16 * KIB)	/* put at once */
#define PER_LINE	(MIME_LEAF_BASE64 / 4 * 3)

void
mime_leaf_init(struct mime_leaf *l, const struct mime_leaf_sink *to)
{
	*l = (struct mime_leaf){ .to = *to };
	buf_init(&l->held, MIME_LEAF_HOLD);
	buf_init(&l->out, OUT_OCTETS + 2 * MIME_LEAF_BASE64);
}

void
mime_leaf_fini(struct mime_leaf *l)
{
	buf_fini(&l->held);
	buf_fini(&l->out);
}

void
mime_leaf_begin(struct mime_leaf *l, bool text)
{
	buf_clear(&l->held);
	buf_clear(&l->out);
	l->rest_n = 0;
	l->any = false;
	l->holding = text;
	mime_lines_init(&l->lines);
	if (!text)
		l->to.form(l->to.ctx, "base64");
}

static void
put_out(struct mime_leaf *l)
{
	if (l->out.n > 0)
		l->to.put(l->to.ctx, buf_span(&l->out));
	buf_clear(&l->out);
}

/* PER_LINE octets, or fewer: then it is the last line. */
static void
put_line(struct mime_leaf *l, struct span octets)
{
	if (l->any)
		buf_add_str(&l->out, "\r\n");
	l->any = true;
	(void)!b64_encode(&l->out, octets);	/* there is room */
	if (l->out.n >= OUT_OCTETS)
		put_out(l);
}

static void
encode(struct mime_leaf *l, struct span in)
{
	size_t n;

	if (l->rest_n > 0) {
		n = num_min(in.n, PER_LINE - l->rest_n);
		if (n > 0)
			memcpy(l->rest + l->rest_n, in.p, n);
		l->rest_n += n;
		in = span_from(in, n);
		if (l->rest_n < PER_LINE)
			return;
		put_line(l, span_of(l->rest, PER_LINE));
		l->rest_n = 0;
	}
	for (; in.n >= PER_LINE; in = span_from(in, PER_LINE))
		put_line(l, span_head(in, PER_LINE));
	if (in.n > 0)
		memcpy(l->rest, in.p, in.n);
	l->rest_n = in.n;
	put_out(l);
}

/* It is no text of lines: what was held, and all that comes, is encoded. */
static void
give_up(struct mime_leaf *l)
{
	l->holding = false;
	l->to.form(l->to.ctx, "base64");
	encode(l, buf_span(&l->held));
	buf_fini(&l->held);
	buf_init(&l->held, MIME_LEAF_HOLD);
}

void
mime_leaf_add(struct mime_leaf *l, struct span octets)
{
	if (l->holding) {
		mime_lines_add(&l->lines, octets);
		if (!l->lines.bad && l->lines.longest <= MIME_LEAF_LINE &&
		    buf_add_span(&l->held, octets) == 0)
			return;
		give_up(l);
	}
	encode(l, octets);
}

void
mime_leaf_end(struct mime_leaf *l, bool closed)
{
	mime_lines_end(&l->lines);
	if (l->holding && !l->lines.bad && (closed || l->lines.ended)) {
		l->to.form(l->to.ctx, l->lines.eight_bit ? "8bit" : "7bit");
		if (l->held.n > 0)
			l->to.put(l->to.ctx, buf_span(&l->held));
		buf_clear(&l->held);
		return;
	}
	if (l->holding)
		give_up(l);
	if (l->rest_n > 0)
		put_line(l, span_of(l->rest, l->rest_n));
	put_out(l);
}
