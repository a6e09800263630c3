/* foreign: what begins like HTTP or TLS, and what only looks like it. */
#include "t.h"

#include "net/foreign.h"

static void
strangers(void **state)
{
	static const char *const http[] = { "GET / HTTP/1.1", "POST /x",
		"CONNECT mx:25 HTTP/1.1", "PRI * HTTP/2.0", "HEAD" };
	static const char *const mail[] = { "EHLO x", "get", "GETX", "",
		" GET", "MAIL FROM:<GET@b.example>",
		"USER get", "a1 POST" };

	(void)state;
	for (size_t i = 0; i < COUNT(http); i++) {
		t_case(http[i]);
		T_TRUE(foreign_is_http(span_str(http[i])));
	}
	for (size_t i = 0; i < COUNT(mail); i++) {
		t_case(mail[i]);
		T_TRUE(!foreign_is_http(span_str(mail[i])));
	}
	T_TRUE(foreign_is_tls(SPAN_LIT("\x16\x03\x01")));
	T_TRUE(foreign_is_tls(SPAN_LIT("\x16")));
	T_TRUE(!foreign_is_tls(SPAN_LIT("EHLO")));
	T_TRUE(!foreign_is_tls(SPAN_NONE));
	T_TRUE(!foreign_is_tls(SPAN_LIT("\x16\x16")));
}

/* However it comes in pieces, it is judged when it can be, not before. */
static void
enough(void **state)
{
	(void)state;
	T_TRUE(!foreign_looked_at(SPAN_NONE));
	T_TRUE(!foreign_looked_at(SPAN_LIT("POST")));
	T_TRUE(!foreign_looked_at(SPAN_LIT("OPTIONS")));
	T_TRUE(foreign_looked_at(SPAN_LIT("POST ")));
	T_TRUE(foreign_looked_at(SPAN_LIT("OPTIONSX")));
	T_TRUE(foreign_looked_at(SPAN_LIT("QUIT\r\n")));
	T_TRUE(foreign_looked_at(SPAN_LIT("\x16")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers),
		cmocka_unit_test(enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

