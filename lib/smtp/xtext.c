/*
 * xtext - see xtext.h.
 * "+" and "=" and what does not print are escaped, nothing else need be; the
 * reader takes any escape of what prints, for nobody forbids more of them.
 */
#include "smtp/xtext.h"

#include "base/num.h"

static bool
is_graph(char c)
{
	return c > ' ' && c <= '~';
}

/* May be in it as it is ("+" begins an escape). */
static bool
is_plain(char c)
{
	return is_graph(c) && c != '=';
}

/* RFC 3461 4 */
int
xtext_encode(struct buf *out, struct span in)
{
	size_t was = out->n;

	for (size_t i = 0; i < in.n; i++)
		if (is_plain(in.p[i]) && in.p[i] != '+')
			buf_add_char(out, in.p[i]);
		else
			buf_addf(out, "+%02X", (uint8_t)in.p[i]);
	if (!out->full)
		return 0;
	buf_cut(out, was);
	return -1;
}

int
xtext_decode(struct buf *out, struct span in)
{
	size_t was = out->n;
	uint64_t v;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '+') {		/* two upper case digits */
			struct span two = span_head(span_from(in, i + 1), 2);

			if (two.n != 2 || ascii_upper(two.p[0]) != two.p[0] ||
			    ascii_upper(two.p[1]) != two.p[1] ||
			    num_parse_hex(two, 255, &v) != 0)
				goto bad;
			c = (char)v;
			i += 2;
			if (c != ' ' && !is_graph(c))
				goto bad;
		} else if (!is_plain(c)) {
			goto bad;
		}
		if (buf_add_char(out, c) != 0)
			goto bad;
	}
	return 0;
bad:
	buf_cut(out, was);
	return -1;
}
