/*
 * sock_addr - the part of sock that turns addresses and networks from and into
 * text.  No system call, no name look-up.  An IPv4-mapped IPv6 address
 * (::ffff:192.0.2.1) becomes the IPv4 address that it means: no rule about
 * the one can be got round by writing the other.
 */
#include "os/sock.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "base/num.h"

static const uint8_t mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

static void
unmap(struct sock_addr *a)
{
	if (a->family == 6 && memcmp(a->ip, mapped, sizeof(mapped)) == 0) {
		memmove(a->ip, a->ip + 12, 4);
		memset(a->ip + 4, 0, 12);
		a->family = 4;
		a->scope = 0;
	}
}

int
sock_parse_ip(struct span text, struct sock_addr *a)
{
	char ip[SOCK_IP_SIZE];
	struct sock_addr out = { .family = 0 };
	struct span scope = text;
	uint64_t v = 0;

	text = span_cut(&scope, '%');
	if (span_copy(text, ip, sizeof(ip)) != 0)
		return -1;
	if (scope.p != NULL && num_parse(scope, 1, UINT32_MAX, &v) != 0)
		return -1;
	if (v == 0 && inet_pton(AF_INET, ip, out.ip) == 1)
		out.family = 4;
	else if (inet_pton(AF_INET6, ip, out.ip) == 1)
		out.family = 6;
	else
		return -1;
	out.scope = (uint32_t)v;
	unmap(&out);
	*a = out;
	return 0;
}

int
sock_parse_hostport(struct span text, struct sock_addr *a)
{
	struct sock_addr out = { .family = 4 };
	size_t colon = span_rchr(text, ':');
	struct span host = span_head(text, colon);
	uint64_t port;

	if (colon == text.n || host.n == 0 ||
	    num_parse(span_from(text, colon + 1), 0, UINT16_MAX, &port) != 0)
		return -1;
	if (host.p[0] == '[') {
		if (host.p[host.n - 1] != ']' || host.n < 3)
			return -1;
		host = span_of(host.p + 1, host.n - 2);
		if (!span_has(host, ':') || sock_parse_ip(host, &out) != 0)
			return -1;
	} else if (!span_eq_str(host, "*")) {
		if (span_has(host, ':') || sock_parse_ip(host, &out) != 0)
			return -1;
	}
	out.port = (uint16_t)port;
	*a = out;
	return 0;
}

void
sock_format_ip(const struct sock_addr *a, char out[SOCK_IP_SIZE])
{
	size_t n;

	if (a->family == 0)
		(void)snprintf(out, SOCK_IP_SIZE, "local");
	else if (inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, out,
	    SOCK_IP_SIZE) == NULL)
		out[0] = '\0';
	n = strlen(out);
	if (a->family == 6 && a->scope != 0)	/* cut rather than too long */
		(void)snprintf(out + n, SOCK_IP_SIZE - n, "%%%u", a->scope);
}

bool
sock_ip_eq(const struct sock_addr *a, const struct sock_addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == 4)
		return memcmp(a->ip, b->ip, 4) == 0;
	if (a->family == 6)
		return memcmp(a->ip, b->ip, 16) == 0 && a->scope == b->scope;
	return true;
}

void
sock_network_of(const struct sock_addr *a, struct sock_network *n)
{
	*n = (struct sock_network){ .octets = { a->family } };
	if (a->family == 4)
		memcpy(n->octets + 1, a->ip, SOCK_NETWORK_IPV4);
	else if (a->family == 6)
		memcpy(n->octets + 1, a->ip, SOCK_NETWORK_IPV6);
}

void
sock_source_of(const struct sock_addr *a, struct sock_source *s)
{
	*s = (struct sock_source){ .octets = { a->family } };
	memcpy(s->octets + 1, a->ip, a->family == 4 ? 4 : 8);
}

bool
sock_is_loopback(const struct sock_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == 4)
		return a->ip[0] == 127;
	return a->family == 6 && memcmp(a->ip, one, 16) == 0;
}

bool
sock_is_unusable(const struct sock_addr *a)
{
	static const uint8_t zero[16], all[4] = { 255, 255, 255, 255 };

	if (a->family == 4)	/* 0.0.0.0/8, 224.0.0.0/4 */
		return a->ip[0] == 0 || (a->ip[0] >> 4) == 14 ||
		    memcmp(a->ip, all, 4) == 0;
	if (a->family == 6)	/* ::, ff00::/8 */
		return memcmp(a->ip, zero, 16) == 0 || a->ip[0] == 0xff;
	return true;
}

/* The first bits of a, the others 0; true: they were 0 before. */
static bool
mask(struct sock_addr *a, unsigned bits)
{
	size_t n = a->family == 4 ? 4 : 16;
	bool clean = true;
	uint8_t keep;

	for (size_t i = 0; i < n; i++) {
		if (bits >= 8)
			keep = 0xff;
		else
			keep = (uint8_t)(0xff00u >> bits);
		bits = bits >= 8 ? bits - 8 : 0;
		if ((a->ip[i] & ~keep) != 0)
			clean = false;
		a->ip[i] &= keep;
	}
	return clean;
}

int
sock_parse_net(struct span text, struct sock_net *n)
{
	struct span bits = text, ip = span_cut(&bits, '/');
	struct sock_net out = { .bits = 0 };
	uint64_t most, v;
	bool six = span_has(ip, ':');

	if (sock_parse_ip(ip, &out.base) != 0 || out.base.scope != 0)
		return -1;
	most = six ? 128 : 32;
	v = most;
	if (bits.p != NULL && num_parse(bits, 0, most, &v) != 0)
		return -1;
	if (six && out.base.family == 4) {	/* ::ffff:0:0/96 and below */
		if (v < 96)
			return -1;
		v -= 96;
	}
	out.bits = (uint8_t)v;
	if (!mask(&out.base, out.bits))
		return -1;	/* 192.0.2.1/24: which of the two is meant? */
	*n = out;
	return 0;
}

bool
sock_net_has(const struct sock_net *n, const struct sock_addr *a)
{
	struct sock_addr copy = *a;

	unmap(&copy);
	if (copy.family == 0 || copy.family != n->base.family)
		return false;
	copy.scope = 0;
	(void)mask(&copy, n->bits);
	return sock_ip_eq(&copy, &n->base);
}

bool
sock_is_private(const struct sock_addr *a)
{
	static const struct sock_net nets[] = {
		{ .base = { .family = 4, .ip = { 10 } }, .bits = 8 },
		{ .base = { .family = 4, .ip = { 100, 64 } }, .bits = 10 },
		{ .base = { .family = 4, .ip = { 169, 254 } }, .bits = 16 },
		{ .base = { .family = 4, .ip = { 172, 16 } }, .bits = 12 },
		{ .base = { .family = 4, .ip = { 192, 168 } }, .bits = 16 },
		{ .base = { .family = 6, .ip = { 0xfc } }, .bits = 7 },
		{ .base = { .family = 6, .ip = { 0xfe, 0x80 } }, .bits = 10 },
	};

	for (size_t i = 0; i < COUNT(nets); i++)
		if (sock_net_has(&nets[i], a))
			return true;
	return false;
}
