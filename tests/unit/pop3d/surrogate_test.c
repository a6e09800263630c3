/*
 * surrogate: what a client that has not said UTF8 gets is ASCII (RFC 6856 2.1), each
 * field by its own grammar.
 */
#include "pop3d/surrogate.h"

#include "../t.h"

#define U	"\xc3\xbc"		/* u with diaeresis */

static const struct { const char *in, *out; } cases[] = {
	/* RFC 2047 5 (1) */
	{ "Subject: " U "ber\r\n", "Subject: =?utf-8?Q?=C3=BCber?=\r\n" },
	{ "X-Thing: a\r\n " U "\r\n", "X-Thing: =?utf-8?Q?a_=C3=BC?=\r\n" },
	/* RFC 2047 5 (3): a display name */
	{ "From: J" U "rg <j@b.example>\r\n",
	    "From: =?utf-8?Q?J=C3=BCrg?= <j@b.example>\r\n" },
	{ "To: \"a, b\" <a@b.example>, " U " <c@d.example>\r\n",
	    "To: \"a, b\" <a@b.example>, =?utf-8?Q?=C3=BC?= <c@d.example>\r\n" },
	/* RFC 5890 2.3.2.1: a domain has A-labels, too */
	{ "To: a@b" U "cher.example\r\n", "To: <a@xn--bcher-kva.example>\r\n" },
	/* RFC 5322 3.4: a group without members */
	{ "From: " U "@b.example\r\n",
	    "From: =?utf-8?Q?=3C=C3=BC=40b=2Eexample=3E?=:;\r\n" },
	{ "Cc: g: " U "@b.example, x@y.example;, z@y.example\r\n",
	    "Cc: g: <x@y.example>;, <z@y.example>\r\n" },
	{ "To: \"x \\\" y\"@b" U "cher.example\r\n",
	    "To: <\"x \\\" y\"@xn--bcher-kva.example>\r\n" },
	/* RFC 2231 4 */
	{ "Content-Type: text/plain; charset=utf-8; name=\"" U " 1.txt\"\r\n",
	    "Content-Type: text/plain; charset=\"utf-8\";"
	    " name*=utf-8''%C3%BC%201.txt\r\n" },
	{ "Content-Disposition: attachment; filename=" U "\r\n",
	    "Content-Disposition: attachment; filename*=utf-8''%C3%BC\r\n" },
	/* fields with a grammar of their own */
	{ "Message-ID: <" U U "@b.example>\r\n",
	    "Message-ID: <?\?@b.example>\r\n" },
	{ "Received: from x by y\r\n for <" U "@b.example>; now\r\n",
	    "Received: from x by y\r\n for <?@b.example>; now\r\n" },
	{ U ": x\r\nSubject: " U "\r\n", NULL },	/* no field */
	/* the others stay as they are */
	{ "Subject: plain\nX: \xfc\nTo: <" U "@b.example>\n\nbody",
	    "Subject: plain\nX: \xfc\n"
	    "To: =?utf-8?Q?=3C=C3=BC=40b=2Eexample=3E?=:;\r\n\nbody" },
};

static void
test_fields(void **state)
{
	struct buf out;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span in = span_str(cases[i].in);

		t_case(cases[i].in);
		if (cases[i].out == NULL) {
			T_TRUE(!surrogate_needed(in));
			continue;
		}
		T_TRUE(surrogate_needed(in));
		buf_init(&out, in.n * SURROGATE_GROWTH + SURROGATE_MORE);
		T_INT(surrogate_make(&out, in), 0);
		T_STR(buf_span(&out), cases[i].out);
		buf_fini(&out);
	}
}

static void
test_not_needed(void **state)
{
	(void)state;
	T_TRUE(!surrogate_needed(SPAN_LIT("Subject: x\r\n\r\n")));
	T_TRUE(!surrogate_needed(SPAN_LIT("Subject: \xfc\r\n\r\n")));
	T_TRUE(!surrogate_needed(SPAN_LIT("")));
	T_TRUE(!surrogate_needed(SPAN_LIT("\r\n" U "\r\n")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_not_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
