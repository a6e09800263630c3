/* rules: the owner's forward file. */
#include "local-deliver/rules.h"

#include "../t.h"

/* "keep" as '+', then the addresses, then ignored as '!n'. */
static const struct { const char *in, *want; } cases[] = {
	{ "", "+" },
	{ "\n# nothing\n  # more\n", "+" },
	{ "bob@b.example\n", "bob@b.example" },
	{ "bob@b.example", "bob@b.example" },
	{ "bob@B.Example\r\n", "bob@b.example" },
	{ "<bob@b.example>", "bob@b.example" },
	{ "a@b.example, c@d.example\ne@f.example",
	  "a@b.example c@d.example e@f.example" },
	{ "a@b.example,,\n,a@b.example", "a@b.example" },
	{ "carol", "carol@a.example" },		/* our own domain */
	/* A copy for oneself, in three ways. */
	{ "\\alice, bob@b.example", "+ bob@b.example" },
	{ "alice\nbob@b.example", "+ bob@b.example" },
	{ "alice@a.example,bob@b.example", "+ bob@b.example" },
	{ "\\alice@a.example", "+" },
	{ "\\bob", "+ !1" },
	/* Quotes hold a comma and a '#' together. */
	{ "\"x,y\"@b.example", "\"x,y\"@b.example" },
	{ "\"a#b\"@b.example", "a#b@b.example" },	/* RFC 5322 3.2.3 */
	{ "\"bob@b.example\"", "bob@b.example" },
	{ "\"a\\\"b,c\"@b.example", "\"a\\\"b,c\"@b.example" },
	/* Never programs, files or includes; then mail stays here. */
	{ "|/bin/sh", "+ !1" },
	{ "\"|exec /bin/sh -c 'x'\"", "+ !1" },
	{ "|\"/usr/bin/vacation alice\"", "+ !1" },
	{ "\"|vacation -t 1, -a x\", bob@b.example", "bob@b.example !1" },
	{ "/var/mail/x", "+ !1" },
	{ "\"/etc/passwd\"", "+ !1" },
	{ ":include:/etc/shadow", "+ !1" },
	{ ":fail: no", "+ !1" },
	{ "not an address\n", "+ !1" },
	{ "a@b@c\n", "+ !1" },
	{ "\xe9@b.example", "+ !1" },
	{ "\xc3\xa9@b\xc3\xbc" "cher.example",	/* RFC 6531 3.3 */
	    "\xc3\xa9@xn--bcher-kva.example" },
	{ "bob@b.example\nx y\n", "bob@b.example !1" },
	{ "\"unfinished", "+ !1" },
	{ "\"", "+ !1" }, { "\\", "+ !1" }, { "<>", "+" },
};

static void
test_cases(void **state)
{
	static struct rules r;
	struct addr self;
	struct buf got;

	(void)state;
	T_TRUE(addr_parse(SPAN_LIT("alice@a.example"), &self, NULL) == 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		rules_parse(t_exact(span_str(cases[i].in)), &self, &r);
		buf_init(&got, 4096);
		if (r.keep)
			(void)buf_add_char(&got, '+');
		for (size_t k = 0; k < r.n; k++)
			(void)buf_addf(&got, "%s%.*s", got.n > 0 ? " " : "",
			    SPAN_ARG(addr_text(&r.to[k])));
		if (r.ignored > 0)
			(void)buf_addf(&got, "%s!%zu", got.n > 0 ? " " : "",
			    r.ignored);
		T_STR(buf_span(&got), cases[i].want);
		buf_fini(&got);
	}
}

/* One too many: nothing of it counts, and mail stays here. */
static void
test_limits(void **state)
{
	static struct rules r;
	struct addr self;
	struct buf text;

	(void)state;
	T_TRUE(addr_parse(SPAN_LIT("alice@a.example"), &self, NULL) == 0);
	buf_init(&text, MIB);
	for (int i = 0; i < FORWARD_MAX; i++)
		(void)buf_addf(&text, "u%d@b.example\n", i);
	rules_parse(buf_span(&text), &self, &r);
	T_INT(r.n, FORWARD_MAX);
	T_TRUE(!r.keep);
	(void)buf_addf(&text, "more@b.example\n");
	rules_parse(buf_span(&text), &self, &r);
	T_INT(r.n, 0);
	T_TRUE(r.keep && r.ignored > 0);
	buf_clear(&text);
	for (int i = 0; i < 1001; i++)
		(void)buf_addf(&text, "|x\n");
	(void)buf_addf(&text, "bob@b.example\n");
	rules_parse(buf_span(&text), &self, &r);
	T_TRUE(r.n == 0 && r.keep);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
