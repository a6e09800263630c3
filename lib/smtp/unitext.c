/*
 * unitext - see unitext.h.
 * Of ASCII only what cannot stand in ORCPT has an escaped form; whatever else
 * is escaped must be beyond ASCII and have no leading zeros, so that a decoded
 * text is encoded to one form alone.  The reader is somewhat wider than that:
 * small letters are digits too.
 */
#include "smtp/unitext.h"

#include "base/num.h"
#include "base/utf8.h"
#include "mail/intl.h"

#define HEX_MOST	6	/* digits: 10FFFF */

/* RFC 6533 3 QCHAR */
static bool
is_qchar(char c)
{
	return c > ' ' && c <= '~' && c != '\\' && c != '+' && c != '=';
}

bool
unitext_is(struct span typed)
{
	return span_istarts(typed, SPAN_LIT("utf-8;"));
}

/* EmbeddedUnicodeChar at the front of *s, which is moved behind it. */
static int
take_escape(struct span *s, struct buf *out)
{
	struct span digits;
	uint64_t code;
	size_t n;

	if (!span_starts(*s, SPAN_LIT("\\x{")))
		return -1;
	*s = span_from(*s, 3);
	n = span_chr(*s, '}');
	digits = span_head(*s, n);
	if (n == s->n || n < 2 || n > HEX_MOST ||
	    num_parse_hex(digits, 0x10ffff, &code) != 0 ||
	    (n > 2 && digits.p[0] == '0') ||
	    (code < 0x80 && is_qchar((char)code)))
		return -1;
	*s = span_from(*s, n + 1);
	return utf8_put(out, (uint32_t)code);
}

static int
decode(struct buf *out, struct span s)
{
	while (s.n > 0) {
		if (s.p[0] == '\\') {
			if (take_escape(&s, out) != 0)
				return -1;
			continue;
		}
		if (!is_qchar(s.p[0]) && (unsigned char)s.p[0] < 0x80)
			return -1;
		if (buf_add_char(out, s.p[0]) != 0)
			return -1;
		s = span_from(s, 1);
	}
	return 0;
}

int
unitext_decode(struct buf *out, struct span s)
{
	size_t was = out->n;

	if (s.n > 0 && decode(out, s) == 0 &&
	    intl_text_ok(span_from(buf_span(out), was)))
		return 0;
	buf_cut(out, was);
	return -1;
}

bool
unitext_valid(struct span s)
{
	struct buf plain;
	bool ok;

	buf_init(&plain, UNITEXT_MAX);
	ok = unitext_decode(&plain, s) == 0;
	buf_fini(&plain);
	return ok;
}

int
unitext_encode(struct buf *out, struct span utf8, bool eight)
{
	size_t was = out->n;
	int32_t c;

	if (!utf8_valid(utf8))
		return -1;
	while ((c = utf8_next(&utf8)) >= 0)
		if (c < 0x80 && is_qchar((char)c))
			buf_add_char(out, (char)c);
		else if (c >= 0x80 && eight)
			(void)!utf8_put(out, (uint32_t)c);
		else
			buf_addf(out, "\\x{%02X}", (unsigned)c);
	if (!out->full)
		return 0;
	buf_cut(out, was);
	return -1;
}
