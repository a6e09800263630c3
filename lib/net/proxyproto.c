/*
 * proxyproto - see proxyproto.h.
 * Both versions begin with twelve octets that nothing else begins with, and no
 * header is shorter.  Version 1 is one line of text, taken octet by octet to
 * its end; version 2 says how long it is.
 */
#include "net/proxyproto.h"

#include <string.h>

#include "base/num.h"

#define V1_MAX		107	/* octets with CRLF */
#define FIRST		12	/* the shortest header has 15 */
#define V2_FIXED	16
#define V2_IPV4		12	/* two addresses and two ports */
#define V2_IPV6		36

static const char v1_begin[] = "PROXY ";
static const char v2_begin[] = "\r\n\r\n\0\r\nQUIT\n";

static enum proxyproto_got
more(struct proxyproto *out, size_t n)
{
	out->want = n;
	return PROXYPROTO_MORE;
}

static bool
take_ip(struct span text, uint8_t family, struct sock_addr *a)
{
	bool six = span_has(text, ':');

	return sock_parse_ip(text, a) == 0 && six == (family == 6);
}

/* "TCP4 source destination port port", one space between. */
static enum proxyproto_got
parse_line(struct span line, struct proxyproto *out)
{
	struct span kind = span_cut(&line, ' '), source, port;
	struct sock_addr to;
	uint64_t from_port, to_port;
	uint8_t family;

	if (span_eq_str(kind, "UNKNOWN"))
		return PROXYPROTO_DONE;
	if (!span_eq_str(kind, "TCP4") && !span_eq_str(kind, "TCP6"))
		return PROXYPROTO_BAD;
	family = span_eq_str(kind, "TCP4") ? 4 : 6;
	source = span_cut(&line, ' ');
	if (!take_ip(source, family, &out->client) ||
	    !take_ip(span_cut(&line, ' '), family, &to))
		return PROXYPROTO_BAD;
	port = span_cut(&line, ' ');
	if (num_parse(port, 0, UINT16_MAX, &from_port) != 0 ||
	    num_parse(line, 0, UINT16_MAX, &to_port) != 0)
		return PROXYPROTO_BAD;
	out->client.port = (uint16_t)from_port;
	out->known = true;
	return PROXYPROTO_DONE;
}

static enum proxyproto_got
parse_v1(struct span head, struct proxyproto *out)
{
	if (head.p[head.n - 1] != '\n')
		return head.n < V1_MAX ? more(out, 1) : PROXYPROTO_BAD;
	if (head.p[head.n - 2] != '\r')
		return PROXYPROTO_BAD;
	return parse_line(span_of(head.p + strlen(v1_begin),
	    head.n - strlen(v1_begin) - 2), out);
}

/* An IPv4-mapped address is the IPv4 one, as everywhere in os/sock. */
static void
take_octets(struct span head, bool six, struct sock_addr *a)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xff, 0xff };
	const uint8_t *p = (const uint8_t *)head.p + V2_FIXED;
	const uint8_t *port = p + (six ? 32 : 8);

	*a = (struct sock_addr){ .family = six ? 6 : 4,
		.port = (uint16_t)(port[0] << 8 | port[1]) };
	if (six && memcmp(p, mapped, sizeof(mapped)) == 0) {
		a->family = 4;
		memcpy(a->ip, p + sizeof(mapped), 4);
	} else {
		memcpy(a->ip, p, six ? 16 : 4);
	}
}

static enum proxyproto_got
parse_v2(struct span head, struct proxyproto *out)
{
	const uint8_t *p = (const uint8_t *)head.p;
	size_t length;

	if (head.n < V2_FIXED)
		return more(out, V2_FIXED - head.n);
	length = (size_t)(p[14] << 8 | p[15]);
	if (length > PROXYPROTO_MAX - V2_FIXED)
		return PROXYPROTO_BAD;
	if (head.n < V2_FIXED + length)
		return more(out, V2_FIXED + length - head.n);
	if (p[12] == 0x20)		/* LOCAL: a check of the proxy's */
		return PROXYPROTO_DONE;
	if (p[12] != 0x21)		/* version 2, PROXY */
		return PROXYPROTO_BAD;
	if (p[13] == 0x00)		/* of a kind that cannot be told */
		return PROXYPROTO_DONE;
	if (!(p[13] == 0x11 && length >= V2_IPV4) &&
	    !(p[13] == 0x21 && length >= V2_IPV6))
		return PROXYPROTO_BAD;
	take_octets(head, p[13] == 0x21, &out->client);
	out->known = true;
	return PROXYPROTO_DONE;
}

enum proxyproto_got
proxyproto_parse(struct span head, struct proxyproto *out)
{
	*out = (struct proxyproto){ .known = false };
	if (head.n > PROXYPROTO_MAX)
		return PROXYPROTO_BAD;
	if (head.n < FIRST)
		return more(out, FIRST - head.n);
	if (memcmp(head.p, v2_begin, FIRST) == 0)
		return parse_v2(head, out);
	if (memcmp(head.p, v1_begin, strlen(v1_begin)) == 0)
		return parse_v1(head, out);
	return PROXYPROTO_BAD;
}
