/*
 * international: is there UTF-8 in a header, at any level (RFC 6531 3.2)?  In a
 * body it is no reason.
 */
#include "../t.h"

#include "smtp-out/international.h"

#define TYPE	"Content-Type: multipart/mixed; boundary=b\r\n"

static const struct {
	const char *in;
	bool want;
} cases[] = {
	{ "Subject: a\r\n\r\nb\r\n", false },
	{ "Subject: a\r\n\r\n\xc3\xa9\r\n", false },
	{ "Subject: \xc3\xa9\r\n\r\nb\r\n", true },
	{ "Subject: =?utf-8?Q?=C3=A9?=\r\n\r\n\xc3\xa9\r\n", false },
	{ TYPE "\r\n\xc3\xa9\r\n--b\r\n\r\n\xc3\xa9\r\n--b--\r\n", false },
	{ TYPE "\r\n--b\r\nContent-Description: \xc3\xa9\r\n\r\nx\r\n--b--\r\n",
	    true },
	{ "Content-Type: message/rfc822\r\n\r\nSubject: \xc3\xa9\r\n\r\nx\r\n",
	    true },
	{ "Content-Type: message/global\r\n\r\nSubject: \xc3\xa9\r\n\r\nx\r\n",
	    true },
	{ "Content-Type: message/global\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nWDogw6kK\r\n", false },
	{ "", false },
};

static void
headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		T_TRUE(international_header(span_str(cases[i].in)) ==
		    cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(headers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
