/*
 * logins: the lines of authd's file, both ways.
 */
#include "t.h"

#include "map/logins.h"

static void
lines(void **state)
{
	static const struct { const char *in; bool ok; } cases[] = {
		{ "use 1800000000 imap 192.0.2.0/24 a@b.example -", true },
		{ "use 1800000000 smtp 2001:db8:1::/48 a phone", true },
		{ "known 1800000000 192.0.2.0/24 a@b.example", true },
		{ "known 0 local a", true },
		{ "use 1800000000 imap 192.0.2.0/24 a@b.example", false },
		{ "use 1800000000 imap 192.0.2.0/24 a@b.example - x", false },
		{ "use -1 imap 192.0.2.0/24 a@b.example -", false },
		{ "use x imap 192.0.2.0/24 a@b.example -", false },
		{ "use 1 imap  a -", false },
		{ "use 1 imap n a ", false },
		{ "known 1 192.0.2.0/24 a b", false },
		{ "known 1 192.0.2.0/24", false },
		{ "known 1 192.0.2.0/24 ", false },
		{ "known 1 192.0.2.0/24 a\tb", false },
		{ "other 1 192.0.2.0/24 a", false },
		{ "", false }, { "use", false }, { "known 1", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct login_line l;
		struct buf out;

		t_case(cases[i].in);
		T_TRUE((logins_parse(span_str(cases[i].in), &l) == 0) ==
		    cases[i].ok);
		if (!cases[i].ok)
			continue;
		buf_init(&out, 1000);
		T_INT(logins_write(&out, &l), 0);
		T_STR(span_head(buf_span(&out), out.n - 1), cases[i].in);
		T_TRUE(out.p[out.n - 1] == '\n');
		buf_fini(&out);
	}
}

static void
what_could_not_be_read(void **state)
{
	struct login_line l = { .kind = LOGIN_USE, .at_s = 1,
		.service = SPAN_LIT("imap"), .network = SPAN_LIT("local"),
		.user = SPAN_LIT("a\nknown 1 x y"), .app = SPAN_LIT("-") };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	T_INT(logins_write(&out, &l), -1);
	l.user = SPAN_LIT("a b");
	T_INT(logins_write(&out, &l), -1);
	l.user = SPAN_LIT("");
	T_INT(logins_write(&out, &l), -1);
	T_INT(out.n, 0);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(what_could_not_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
