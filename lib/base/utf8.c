/*
 * utf8 - see utf8.h.
 * The Unicode Standard, table 3-7: only the second octet has ranges that
 * depend on the first one (they exclude overlong forms, surrogates and what
 * lies above 10FFFF); all others are 80..BF.
 */
#include "base/utf8.h"

#include <string.h>

#define BAD	0xfffd		/* REPLACEMENT CHARACTER */

/* Row of table 3-7 for a first octet; length 0: cannot come first. */
struct form {
	size_t	      length;
	unsigned char low, high;	/* bounds of the second octet */
};

static struct form
form_of(unsigned char first)
{
	if (first < 0x80)
		return (struct form){ 1, 0, 0 };
	if (first < 0xc2)
		return (struct form){ 0, 0, 0 };
	if (first < 0xe0)
		return (struct form){ 2, 0x80, 0xbf };
	if (first < 0xf0)
		return (struct form){ 3, first == 0xe0 ? 0xa0 : 0x80,
			first == 0xed ? 0x9f : 0xbf };
	if (first < 0xf5)
		return (struct form){ 4, first == 0xf0 ? 0x90 : 0x80,
			first == 0xf4 ? 0x8f : 0xbf };
	return (struct form){ 0, 0, 0 };
}

/* The length of the sequence at the front of s (not empty); 0: bad. */
static size_t
sequence(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	struct form f = form_of(p[0]);

	if (f.length > s.n)
		return 0;
	if (f.length > 1 && (p[1] < f.low || p[1] > f.high))
		return 0;
	for (size_t i = 2; i < f.length; i++) {
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	}
	return f.length;
}

/* Most text is ASCII: eight octets at once. */
size_t
utf8_ascii(struct span s)
{
	uint64_t eight;
	size_t n = 0;

	for (; s.n - n >= sizeof(eight); n += sizeof(eight)) {
		memcpy(&eight, s.p + n, sizeof(eight));
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (n < s.n && (s.p[n] & 0x80) == 0)
		n++;
	return n;
}

bool
utf8_valid(struct span s)
{
	size_t n;

	for (;;) {
		s = span_from(s, utf8_ascii(s));
		if (s.n == 0)
			break;
		n = sequence(s);
		if (n == 0)
			return false;
		s = span_from(s, n);
	}
	return true;
}

int32_t
utf8_next(struct span *s)
{
	/* The bits of the first octet that belong to the code point. */
	static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	int32_t code;
	size_t n;

	if (s->n == 0)
		return -1;
	n = sequence(*s);
	if (n == 0) {
		*s = span_from(*s, 1);
		return BAD;
	}
	code = (unsigned char)s->p[0] & masks[n];
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)s->p[i] & 0x3f);
	*s = span_from(*s, n);
	return code;
}

int
utf8_put(struct buf *out, uint32_t code_point)
{
	char p[4];
	size_t n = 1;

	if (code_point > 0x10ffff ||
	    (code_point >= 0xd800 && code_point <= 0xdfff))
		return -1;
	if (code_point >= 0x80)
		n = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--) {
		p[i] = (char)(0x80 | (code_point & 0x3f));
		code_point >>= 6;
	}
	/* Leading bits by length: 0, 110, 1110, 11110. */
	p[0] = (char)(n == 1 ? code_point : ((0xf00U >> n & 0xff) | code_point));
	return buf_add(out, p, n);
}
