/* ehlo: what a server offers, read and written. */
#include "t.h"

#include "smtp/ehlo.h"

static void
reading(void **state)
{
	static const struct { const char *line; unsigned caps, auth;
	    uint64_t size; } cases[] = {
		{ "SIZE 52428800", EHLO_SIZE, 0, 52428800 },	/* RFC 1870 4 */
		{ "size", EHLO_SIZE, 0, 0 },
		{ "SIZE 0", EHLO_SIZE, 0, 0 },
		{ "SIZE x", EHLO_SIZE, 0, 0 },
		{ "SIZE 99999999999999999999", EHLO_SIZE, 0, 0 },
		{ "8BITMIME", EHLO_8BITMIME, 0, 0 },
		{ "PIPELINING", EHLO_PIPELINING, 0, 0 },
		{ "ENHANCEDSTATUSCODES", EHLO_ENHANCED, 0, 0 },
		{ "AUTH PLAIN LOGIN CRAM-MD5", EHLO_AUTH, EHLO_AUTH_PLAIN |
		    EHLO_AUTH_LOGIN, 0 },
		{ "AUTH=login", EHLO_AUTH, EHLO_AUTH_LOGIN, 0 },
		{ "AUTH XPLAIN", EHLO_AUTH, 0, 0 },
		{ "STARTTLS", EHLO_STARTTLS, 0, 0 },
		{ "DSN", EHLO_DSN, 0, 0 }, { "CHUNKING", EHLO_CHUNKING, 0, 0 },
		{ "BINARYMIME", EHLO_BINARYMIME, 0, 0 },
		{ "SMTPUTF8", EHLO_SMTPUTF8, 0, 0 },
		{ "SIZEX 5", 0, 0, 0 }, { "", 0, 0, 0 }, { " ", 0, 0, 0 },
		{ "HELP", 0, 0, 0 },
	};
	struct ehlo e;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].line);
		ehlo_init(&e);
		ehlo_parse_line(&e, span_str(cases[i].line));
		T_INT(e.caps, cases[i].caps);
		T_INT(e.auth, cases[i].auth);
		T_TRUE(e.size == cases[i].size);
	}
	ehlo_parse_line(&e, SPAN_LIT("LIMITS RCPTMAX=100 MAILMAX=x FOO=1"));
	T_INT(e.caps, EHLO_LIMITS);
	T_INT(e.rcptmax, 100);
	T_INT(e.mailmax, 0);
	ehlo_parse(&e, SPAN_LIT("SIZE.example\nDSN\n"));
	T_INT(e.caps, EHLO_DSN);	/* the first line is a name */
	ehlo_parse(&e, SPAN_LIT("x"));
	T_INT(e.caps, 0);
}

static void
both_ways(void **state)
{
	struct ehlo e = { .caps = (1u << 10) - 1, .auth = EHLO_AUTH_PLAIN,
		.size = 12345, .rcptmax = 7, .mailmax = 9 }, back;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	T_INT(ehlo_put(&b, SPAN_LIT("mx.test"), &e), 0);
	ehlo_parse(&back, buf_span(&b));
	T_INT(back.caps, e.caps);
	T_INT(back.auth, e.auth);
	T_INT(back.size, e.size);
	T_INT(back.rcptmax, e.rcptmax);
	T_INT(back.mailmax, e.mailmax);
	buf_clear(&b);
	e = (struct ehlo){ .caps = EHLO_SIZE | EHLO_AUTH, .size = 10,
		.auth = EHLO_AUTH_PLAIN | EHLO_AUTH_LOGIN };
	T_INT(ehlo_put(&b, SPAN_LIT("mx.test"), &e), 0);
	T_STR(buf_span(&b), "mx.test\nSIZE 10\nAUTH PLAIN LOGIN");
	buf_fini(&b);
	buf_init(&b, 10);
	T_INT(ehlo_put(&b, SPAN_LIT("mx.test"), &e), -1);
	T_INT(b.n, 0);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading), cmocka_unit_test(both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
