/*
 * routes and lists of members as administrators write them: the forms of
 * Postfix's transport(5), aliases(5) of sendmail and Postfix.
 */
#include "t.h"

#include <string.h>

#include "map/members.h"
#include "map/route.h"

static void
routes(void **state)
{
	static const struct {
		const char *in; int rc; enum route_kind kind; unsigned port;
		const char *nexthop, *esc; enum demand tls;
	} cases[] = {
		{ "smtp:[mail.example]:2525", 0, ROUTE_SMTP, 2525,
		    "[mail.example]", "", 0 },
		{ "smtp:relay.example", 0, ROUTE_SMTP, 0, "relay.example", "", 0 },
		{ "lmtp:[127.0.0.1]:24", 0, ROUTE_LMTP, 24, "[127.0.0.1]", "", 0 },
		{ "smtp:[2001:db8::1]:25", 0, ROUTE_SMTP, 25, "[2001:db8::1]",
		    "", 0 },
		{ "smtp::2525", 0, ROUTE_SMTP, 2525, "", "", 0 },
		{ "smtp:", 0, ROUTE_SMTP, 0, "", "", 0 },
		{ ":", 0, ROUTE_SMTP, 0, "", "", 0 },
		{ "smtp: tls=require", 0, ROUTE_SMTP, 0, "", "",
		    DEMAND_REQUIRE },
		{ "smtp:[a.example]:587  TLS=verify ", 0, ROUTE_SMTP, 587,
		    "[a.example]", "", DEMAND_VERIFY },
		{ "smtp:a.example\ttls=dane-only", 0, ROUTE_SMTP, 0,
		    "a.example", "", DEMAND_DANE_ONLY },
		{ "lmtp:[127.0.0.1]:24 tls=none", 0, ROUTE_LMTP, 24,
		    "[127.0.0.1]", "", DEMAND_NONE },
		{ "smtp:a.example tls=opportunistic", 0, ROUTE_SMTP, 0,
		    "a.example", "", DEMAND_OPPORTUNISTIC },
		{ "smtp:a.example tls=dane", 0, ROUTE_SMTP, 0,
		    "a.example", "", DEMAND_DANE },
		/* What is not understood must not mean "no demand". */
		{ "smtp:a.example tls=", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example tls=verfy", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example tls=verify x", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example tls=none tls=none", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example source=", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example source=a.example", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example source=0.0.0.0", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example source=192.0.2.1,192.0.2.2", -1, 0, 0, "",
		    "", 0 },
		{ "smtp:a.example source=192.0.2.1,", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example source=192.0.2.1,2001:db8::1,2001:db8::2",
		    -1, 0, 0, "", "", 0 },
		{ "smtp:a.example source=192.0.2.1 source=2001:db8::1", -1, 0,
		    0, "", "", 0 },
		{ "smtp:a.example source=192.0.2.1 tls=verify", 0, ROUTE_SMTP,
		    0, "a.example", "", DEMAND_VERIFY },
		{ "smtp: source=192.0.2.1", 0, ROUTE_SMTP, 0, "", "", 0 },
		{ "smtp:a.example verify", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example=tls", -1, 0, 0, "", "", 0 },
		{ "smtp:tls=verify", 0, ROUTE_SMTP, 0, "", "",
		    DEMAND_VERIFY },
		{ "error:5.1.2 gone", 0, ROUTE_ERROR, 0, "", "5.1.2", 0 },
		{ "error:4.7.1 later", 0, ROUTE_ERROR, 0, "", "4.7.1", 0 },
		{ "error:gone", 0, ROUTE_ERROR, 0, "", "5.1.2", 0 },
		{ "relay.example", -1, 0, 0, "", "", 0 },
		{ "uucp:x", -1, 0, 0, "", "", 0 },
		{ "smtp:[mail.example", -1, 0, 0, "", "", 0 },
		{ "smtp:[]:25", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example:0", -1, 0, 0, "", "", 0 },
		{ "smtp:a.example:65536", -1, 0, 0, "", "", 0 },
		{ "smtp:a b", -1, 0, 0, "", "", 0 },
		{ "smtp:[a.example]x", -1, 0, 0, "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct route r;
		struct why why;
		int rc = route_parse(span_str(cases[i].in), &r, &why);

		t_case(cases[i].in);
		T_TRUE(rc == cases[i].rc);
		T_TRUE(rc == 0 || why.kind == WHY_TEMP);
		if (rc != 0)
			continue;
		T_TRUE(r.kind == cases[i].kind);
		T_TRUE(r.port == cases[i].port);
		T_TRUE(r.tls == cases[i].tls);
		T_TRUE(strcmp(r.nexthop, cases[i].nexthop) == 0);
		T_TRUE(strcmp(r.esc, cases[i].esc) == 0);
		T_TRUE(r.permanent == (r.esc[0] == '5'));
	}
}

static void
members(void **state)
{
	static const struct {
		const char *in;
		struct { enum member_kind kind; const char *text; } out[4];
	} cases[] = {
		{ "", { { 0, NULL } } },
		{ " , ,", { { 0, NULL } } },
		{ "# all comment", { { 0, NULL } } },
		{ "a", { { MEMBER_ADDRESS, "a" } } },
		{ "a@x.example,b", { { MEMBER_ADDRESS, "a@x.example" },
		    { MEMBER_ADDRESS, "b" } } },
		{ "<a@x.example>\n# no\n b ", {
		    { MEMBER_ADDRESS, "a@x.example" },
		    { MEMBER_ADDRESS, "b" } } },
		{ "\\a, b", { { MEMBER_ACCOUNT, "a" },
		    { MEMBER_ADDRESS, "b" } } },
		{ "\"x, y\"@x.example,b", {
		    { MEMBER_ADDRESS, "\"x, y\"@x.example" },
		    { MEMBER_ADDRESS, "b" } } },
		{ ":include:lists/f", { { MEMBER_INCLUDE, "lists/f" } } },
		{ ":INCLUDE: /etc/f", { { MEMBER_INCLUDE, "/etc/f" } } },
		{ "|archive", { { MEMBER_PIPE, "archive" } } },
		{ "\"|archive\",b", { { MEMBER_PIPE, "archive" },
		    { MEMBER_ADDRESS, "b" } } },
		{ "/var/mail/x", { { MEMBER_FILE, "/var/mail/x" } } },
		{ "\"/var/mail/x\"", { { MEMBER_FILE, "/var/mail/x" } } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span list = span_str(cases[i].in);
		struct member m;
		size_t n = 0;

		t_case(cases[i].in);
		while (members_next(&list, &m)) {
			T_TRUE(n < COUNT(cases[i].out) &&
			    cases[i].out[n].text != NULL);
			T_TRUE(m.kind == cases[i].out[n].kind);
			T_TRUE(span_eq_str(m.text, cases[i].out[n].text));
			n++;
		}
		T_TRUE(n == COUNT(cases[i].out) ||
		    cases[i].out[n].text == NULL);
	}
}

static void
sources(void **state)
{
	struct route r;
	struct why why;

	(void)state;
	T_INT(route_parse(SPAN_LIT("smtp: source=2001:DB8:0::7,192.0.2.7"), &r,
	    &why), 0);
	T_STR(span_str(r.source), "2001:db8::7,192.0.2.7");
	T_INT(route_parse(SPAN_LIT("smtp:a.example tls=none"), &r, &why), 0);
	T_STR(span_str(r.source), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes),
		cmocka_unit_test(sources),
		cmocka_unit_test(members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
