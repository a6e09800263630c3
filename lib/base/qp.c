/*
 * qp - see qp.h.
 * RFC 2045 section 6.7.  Messages are kept with LF line ends on disk, so the
 * decoder takes LF for a line end as well as CRLF, and leaves each as it is.
 * A run of white space is looked at twice at most (behind an "=", and again
 * as text), so the time is linear whatever comes.
 */
#include "base/qp.h"

#define LINE_MAX_OCTETS	76	/* RFC 2045 section 6.7 (5), without CRLF */

/* The length of the line end at in.p[at]: 0 if there is none. */
static size_t
eol_at(struct span in, size_t at)
{
	if (at < in.n && in.p[at] == '\n')
		return 1;
	if (at + 1 < in.n && in.p[at] == '\r' && in.p[at + 1] == '\n')
		return 2;
	return 0;
}

/* The first place from at where no space or tab stands. */
static size_t
pass_blanks(struct span in, size_t at)
{
	while (at < in.n && (in.p[at] == ' ' || in.p[at] == '\t'))
		at++;
	return at;
}

static int
hex_value(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	/* Lower case is illegal, and understood: section 6.7 note (1). */
	return ascii_isxdigit(c) ? ascii_lower(c) - 'a' + 10 : -1;
}

/* An "=" stands at *at: decode what it begins and move *at behind that. */
static int
decode_escape(struct buf *out, struct span in, size_t *at)
{
	size_t after = pass_blanks(in, *at + 1);
	int high, low;

	/* Soft line break, perhaps padded on its way: section 6.7 (3), (5).
	 * The end of the data counts as one: the line end before a boundary
	 * belongs to the boundary. */
	if (after == in.n || eol_at(in, after) > 0) {
		*at = after + eol_at(in, after);
		return 0;
	}
	if (in.n - *at > 2) {
		high = hex_value(in.p[*at + 1]);
		low = hex_value(in.p[*at + 2]);
		if (high >= 0 && low >= 0) {
			*at += 3;
			return buf_add_char(out, (char)(high << 4 | low));
		}
	}
	/* Section 6.7 notes (2) and (3): as it stands. */
	*at += 1;
	return buf_add_char(out, '=');
}

/* The next run of white space, if it is not at the end of a line. */
static int
decode_blanks(struct buf *out, struct span in, size_t *at)
{
	size_t from = *at;

	*at = pass_blanks(in, from);
	/* Section 6.7 (3): at the end of a line it was added on the way. */
	if (*at == in.n || eol_at(in, *at) > 0)
		return 0;
	return buf_add(out, in.p + from, *at - from);
}

int
qp_decode(struct buf *out, struct span in)
{
	size_t at = 0, from;
	int rc = 0;

	while (rc == 0 && at < in.n) {
		from = at;
		while (at < in.n && in.p[at] != '=' && in.p[at] != ' ' &&
		    in.p[at] != '\t')
			at++;
		rc = buf_add(out, in.p + from, at - from);
		if (rc != 0 || at == in.n)
			break;
		rc = in.p[at] == '=' ? decode_escape(out, in, &at) :
		    decode_blanks(out, in, &at);
	}
	return rc;
}

/* May the octet at at stand for itself? */
static bool
is_literal(struct span in, size_t at)
{
	char c = in.p[at];

	if (c == ' ' || c == '\t')
		return at + 1 < in.n && !(in.n - at > 2 &&
		    in.p[at + 1] == '\r' && in.p[at + 2] == '\n');
	return c > ' ' && c <= '~' && c != '=';
}

int
qp_encode(struct buf *out, struct span in)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t column = 0, width;

	for (size_t at = 0; at < in.n; at++) {
		unsigned char octet = (unsigned char)in.p[at];

		if (eol_at(in, at) == 2) {
			buf_add_str(out, "\r\n");
			column = 0;
			at++;
			continue;
		}
		width = is_literal(in, at) ? 1 : 3;
		/* The last column is kept for the "=" of a soft break. */
		if (column + width > LINE_MAX_OCTETS - 1) {
			buf_add_str(out, "=\r\n");
			column = 0;
			/* No line of ours may be a boundary: RFC 2046 5.1.1. */
			width = octet == '-' ? 3 : width;
		}
		if (width == 1)
			buf_add_char(out, in.p[at]);
		else
			buf_add(out, (const char[]){ '=', hex[octet >> 4],
			    hex[octet & 15] }, 3);
		column += width;
		if (out->full)
			return -1;
	}
	return out->full ? -1 : 0;
}
