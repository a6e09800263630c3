/*
 * proxyproto: headers as "The PROXY protocol" (haproxy, 2.1 and 2.2) has them,
 * and what is none.
 */
#include "t.h"

#include <string.h>

#include "net/proxyproto.h"

#define V2	"\r\n\r\n\0\r\nQUIT\n"
#define BOTH4	"\xc0\0\x02\x07\xc6\x33\x64\x01"	/* 192.0.2.7 */
#define PORTS	"\x12\x67\0\x19"			/* 4711, 25 */
#define DB8	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define MAPPED	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x07"

static const struct {
	struct span in;
	const char *ip;		/* NULL: refused; "": not known */
	uint16_t port;
} cases[] = {
	{ SPAN_LIT("PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\n"),
	    "192.0.2.7", 4711 },
	{ SPAN_LIT("PROXY TCP6 2001:db8::1 ::1 4711 25\r\n"),
	    "2001:db8::1", 4711 },
	{ SPAN_LIT("PROXY UNKNOWN\r\n"), "", 0 },
	{ SPAN_LIT("PROXY UNKNOWN ffff::1 ffff::1 65535 65535\r\n"), "", 0 },
	{ SPAN_LIT("PROXY TCP4 2001:db8::1 ::1 1 25\r\n"), NULL, 0 },
	{ SPAN_LIT("PROXY TCP6 192.0.2.7 192.0.2.8 1 25\r\n"), NULL, 0 },
	{ SPAN_LIT("PROXY TCP4 192.0.2.7 192.0.2.8 65536 25\r\n"), NULL, 0 },
	{ SPAN_LIT("PROXY TCP4 192.0.2.7 192.0.2.8 1 \r\n"), NULL, 0 },
	{ SPAN_LIT("PROXY TCP4 192.0.2.7 192.0.2.8 1 25 9\r\n"), NULL, 0 },
	{ SPAN_LIT("PROXY TCP4  192.0.2.7 192.0.2.8 1 25\r\n"), NULL, 0 },
	{ SPAN_LIT("PROXY TCP4 192.0.2.7 192.0.2.8 1 25\n"), NULL, 0 },
	{ SPAN_LIT("PROXY TCP4\r\n\r\n\r\n"), NULL, 0 },
	{ SPAN_LIT("PROXY UDP4 192.0.2.7 192.0.2.8 1 25\r\n"), NULL, 0 },
	{ SPAN_LIT("proxy UNKNOWN\r\n"), NULL, 0 },
	{ SPAN_LIT("EHLO client.example.net\r\n"), NULL, 0 },
	{ SPAN_LIT(V2 "\x21\x11\0\x0c" BOTH4 PORTS), "192.0.2.7", 4711 },
	{ SPAN_LIT(V2 "\x21\x11\0\x10" BOTH4 PORTS "\x04\0\x01x"),
	    "192.0.2.7", 4711 },
	{ SPAN_LIT(V2 "\x21\x21\0\x24" DB8 DB8 PORTS), "2001:db8::1", 4711 },
	{ SPAN_LIT(V2 "\x21\x21\0\x24" MAPPED MAPPED PORTS), "192.0.2.7",
	    4711 },
	{ SPAN_LIT(V2 "\x20\0\0\0"), "", 0 },
	{ SPAN_LIT(V2 "\x21\0\0\0"), "", 0 },
	{ SPAN_LIT(V2 "\x21\x11\0\x0b" BOTH4 "\x12\x67\0"), NULL, 0 },
	{ SPAN_LIT(V2 "\x21\x21\0\x0c" BOTH4 PORTS), NULL, 0 },
	{ SPAN_LIT(V2 "\x21\x31\0\0"), NULL, 0 },	/* a local socket */
	{ SPAN_LIT(V2 "\x22\x11\0\x0c" BOTH4 PORTS), NULL, 0 },
	{ SPAN_LIT(V2 "\x11\x11\0\x0c" BOTH4 PORTS), NULL, 0 },
	{ SPAN_LIT(V2 "\x21\x11\xff\xff" BOTH4 PORTS), NULL, 0 },
};

/* Asked as a reader does, with the rest of the input out of sight. */
static void
headers(void **state)
{
	char ip[SOCK_IP_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum proxyproto_got got;
		struct proxyproto h;
		size_t n = 0;

		t_case(cases[i].in.p);
		while ((got = proxyproto_parse(span_head(cases[i].in, n),
		    &h)) == PROXYPROTO_MORE && n + h.want <= cases[i].in.n)
			n += h.want;
		if (cases[i].ip == NULL) {
			T_TRUE(got == PROXYPROTO_BAD);
			continue;
		}
		T_TRUE(got == PROXYPROTO_DONE && n == cases[i].in.n);
		T_TRUE(h.known == (cases[i].ip[0] != '\0'));
		if (!h.known)
			continue;
		sock_format_ip(&h.client, ip);
		T_STR(span_str(ip), cases[i].ip);
		T_INT(h.client.port, cases[i].port);
	}
}

static void
a_line_without_end(void **state)
{
	char line[120];
	struct proxyproto h;
	size_t n = 12;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "PROXY ", 6);
	while (proxyproto_parse(span_of(line, n), &h) == PROXYPROTO_MORE)
		n += h.want;
	T_INT(n, 107);		/* 2.1: the longest line */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(a_line_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
