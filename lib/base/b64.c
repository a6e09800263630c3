/*
 * b64 - see b64.h.
 * Two decoders, because two rules hold.  What we read in SASL exchanges and
 * keys must be the one canonical form, or the same secret could be written
 * in many ways (RFC 4648 section 3.5).  What stands in message bodies has
 * been through many hands: octets outside the alphabet "must be ignored by
 * decoding software" (RFC 2045 section 6.8).
 */
#include "base/b64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define NO	64	/* value of what is not in the alphabet */

static const uint8_t values[128] = {
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
	NO,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
	NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
};

static uint32_t
value_of(char c)
{
	unsigned char octet = (unsigned char)c;

	return octet < sizeof(values) ? values[octet] : NO;
}

int
b64_encode(struct buf *out, struct span in)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t whole = in.n / 3, rest = in.n % 3;
	size_t quanta = whole + (rest > 0);
	char *to;
	uint32_t w;

	to = quanta <= SIZE_MAX / 4 ? buf_room(out, 4 * quanta) : NULL;
	if (to == NULL) {
		out->full = true;
		return -1;
	}
	for (; whole > 0; whole--, p += 3, to += 4) {
		w = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		to[0] = alphabet[w >> 18];
		to[1] = alphabet[w >> 12 & 63];
		to[2] = alphabet[w >> 6 & 63];
		to[3] = alphabet[w & 63];
	}
	if (rest > 0) {
		w = (uint32_t)p[0] << 16;
		if (rest == 2)
			w |= (uint32_t)p[1] << 8;
		to[0] = alphabet[w >> 18];
		to[1] = alphabet[w >> 12 & 63];
		to[2] = rest == 2 ? alphabet[w >> 6 & 63] : '=';
		to[3] = '=';
	}
	buf_grown(out, 4 * quanta);
	return 0;
}

/*
 * One quantum of four characters to three octets; pads of its characters are
 * padding.  false: not in the alphabet, or bits set that nobody sees.
 */
static bool
quantum(const char *from, size_t pads, char to[3])
{
	uint32_t w = 0;

	for (size_t i = 0; i < 4; i++) {
		uint32_t v = i < 4 - pads ? value_of(from[i]) : 0;

		if (v == NO)
			return false;
		w = w << 6 | v;
	}
	to[0] = (char)(w >> 16);
	to[1] = (char)(w >> 8);
	to[2] = (char)w;
	/* RFC 4648 section 3.5: pad bits are zero, decoders may insist. */
	return (pads < 1 || to[2] == 0) && (pads < 2 || to[1] == 0);
}

int
b64_decode(struct buf *out, struct span in)
{
	size_t pads = 0, begin = out->n;
	char to[3];

	if (in.n % 4 != 0)
		return -1;
	while (pads < 2 && pads < in.n && in.p[in.n - 1 - pads] == '=')
		pads++;
	for (size_t at = 0; at < in.n; at += 4) {
		size_t mine = at + 4 == in.n ? pads : 0;

		if (!quantum(in.p + at, mine, to) ||
		    buf_add(out, to, 3 - mine) != 0) {
			buf_cut(out, begin);
			return -1;
		}
	}
	return 0;
}

int
b64_decode_mime(struct buf *out, struct span in)
{
	uint32_t w = 0, v;
	unsigned bits = 0;

	/* The first "=" is the end of the data (RFC 2045 section 6.8). */
	for (size_t i = 0; i < in.n && in.p[i] != '='; i++) {
		v = value_of(in.p[i]);
		if (v == NO)
			continue;
		w = w << 6 | v;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (buf_add_char(out, (char)(w >> bits)) != 0)
			return -1;
	}
	return 0;
}
