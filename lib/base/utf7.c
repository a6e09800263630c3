/*
 * utf7 - see utf7.h.
 * RFC 3501 section 5.1.3.  A name has one form only, and everything else is
 * refused, so that two names that decode to the same text are the same
 * folder.  Refused are: printable ASCII inside base64, "-&" that goes on in
 * base64, unfinished or null shifts, bits left over, surrogates without
 * their other half, and U+0000, which no file name can hold.
 */
#include "base/utf7.h"

#include "base/cur.h"
#include "base/utf8.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool
is_printable(int32_t code)
{
	return code >= 0x20 && code <= 0x7e;
}

static int
value_of(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == ',' ? 63 : -1;
}

/* out may be NULL: then the name is only judged. */
static bool
put(struct buf *out, uint32_t code)
{
	return out == NULL || utf8_put(out, code) == 0;
}

/*
 * One UTF-16 unit.  *high: the surrogate that waits for its other half, or 0.
 */
static bool
put_unit(struct buf *out, uint32_t unit, uint32_t *high)
{
	bool is_high = unit >= 0xd800 && unit <= 0xdbff;
	bool is_low = unit >= 0xdc00 && unit <= 0xdfff;
	uint32_t code;

	if (is_low != (*high != 0))
		return false;
	if (is_low) {
		code = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
		*high = 0;
		return put(out, code);
	}
	if (is_high) {
		*high = unit;
		return true;
	}
	if (unit == 0 || is_printable((int32_t)unit))
		return false;
	return put(out, unit);
}

/* modified BASE64 with its "-"; the "&" is behind us. */
static bool
decode_shifted(struct buf *out, struct cur *c)
{
	uint32_t bits = 0, high = 0;
	unsigned n = 0;
	int v, octet = cur_next(c);

	for (; octet != '-'; octet = cur_next(c)) {
		v = value_of(octet);
		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		n += 6;
		if (n < 16)
			continue;
		n -= 16;
		if (!put_unit(out, bits >> n & 0xffff, &high))
			return false;
		bits &= (UINT32_C(1) << n) - 1;
	}
	/* A character too many has six bits or more left over. */
	if (high != 0 || n >= 6 || bits != 0)
		return false;
	/* A second shift at once is superfluous; "&-" is an ampersand. */
	return cur_peek(c) != '&' || cur_peek_at(c, 1) == '-';
}

static bool
decode(struct buf *out, struct span in)
{
	struct cur c;
	int octet;

	cur_init(&c, in, 0, 0);
	while ((octet = cur_next(&c)) >= 0) {
		if (!is_printable(octet))
			return false;
		if (octet == '&' && !cur_take(&c, '-')) {
			if (!decode_shifted(out, &c))
				return false;
		} else if (!put(out, (uint32_t)octet))
			return false;
	}
	return true;
}

int
utf7_to_utf8(struct buf *out, struct span in)
{
	size_t begin = out->n;

	if (decode(out, in))
		return 0;
	buf_cut(out, begin);
	return -1;
}

bool
utf7_valid(struct span in)
{
	return decode(NULL, in);
}

/* Bits on their way to base64 characters. */
struct shift {
	uint32_t bits;
	unsigned n;
	bool	 on;	/* between "&" and "-" */
};

static void
add_unit(struct buf *out, struct shift *s, uint32_t unit)
{
	s->bits = s->bits << 16 | unit;
	s->n += 16;
	while (s->n >= 6) {
		s->n -= 6;
		buf_add_char(out, alphabet[s->bits >> s->n & 63]);
	}
	s->bits &= (UINT32_C(1) << s->n) - 1;
}

static void
shift_in(struct buf *out, struct shift *s)
{
	if (!s->on)
		buf_add_char(out, '&');
	s->on = true;
}

static void
shift_out(struct buf *out, struct shift *s)
{
	if (!s->on)
		return;
	if (s->n > 0)
		buf_add_char(out, alphabet[s->bits << (6 - s->n) & 63]);
	buf_add_char(out, '-');
	*s = (struct shift){ .on = false };
}

int
utf7_from_utf8(struct buf *out, struct span in)
{
	struct shift s = { .on = false };
	size_t begin = out->n;
	bool was_full = out->full;
	uint32_t code;

	if (!utf8_valid(in) || span_has(in, '\0'))
		return -1;
	out->full = false;
	while (in.n > 0 && !out->full) {
		code = (uint32_t)utf8_next(&in);
		if (is_printable((int32_t)code)) {
			shift_out(out, &s);
			buf_add_char(out, (char)code);
			if (code == '&')
				buf_add_char(out, '-');
			continue;
		}
		shift_in(out, &s);
		if (code >= 0x10000) {
			add_unit(out, &s, 0xd800 + ((code - 0x10000) >> 10));
			code = 0xdc00 + ((code - 0x10000) & 0x3ff);
		}
		add_unit(out, &s, code);
	}
	shift_out(out, &s);
	if (out->full) {
		buf_cut(out, begin);
		return -1;
	}
	out->full = was_full;
	return 0;
}
