/* conf/retry_rule: what is written in retry_rules (paquebot.conf(5)). */
#include "tests/unit/t.h"

#include "conf/retry_rule.h"

static void
good(void **state)
{
	static const struct {
		const char *text;
		enum retry_place place;
		const char *transport, *name;
		enum retry_kind kind;
		size_t steps;
		int64_t first, last, most, expire;
		unsigned growth;
	} cases[] = {
		{ "* any 5m", RETRY_EVERYWHERE, "", "", RETRY_ANY, 1, 300, 300,
		    300, 0, 100 },
		{ "a.example greylist 1m,5m,1h 2d", RETRY_DOMAIN, "",
		    "a.example", RETRY_GREYLIST, 3, 60, 3600, 3600, 172800,
		    100 },
		{ ".a.example 421 30s,5m*1.5..4h -", RETRY_BENEATH, "",
		    "a.example", RETRY_CODE, 2, 30, 300, 14400, 0, 150 },
		{ "lmtp:store quota 1h*2.25..1d", RETRY_ROUTE, "lmtp", "store",
		    RETRY_QUOTA, 1, 3600, 3600, 86400, 0, 225 },
		{ "local: local 1h*10..7d 30d", RETRY_ROUTE, "local", "",
		    RETRY_LOCAL, 1, 3600, 3600, 604800, 2592000, 1000 },
		{ "smtp:[2001:db8::1] 4xx 1s", RETRY_ROUTE, "smtp",
		    "[2001:db8::1]", RETRY_CODE, 1, 1, 1, 1, 0, 100 },
		{ "* reply 1,2,3,4,5,6,7,8", RETRY_EVERYWHERE, "", "",
		    RETRY_REPLY, 8, 1, 8, 8, 0, 100 },
	};
	struct retry_rule r;
	const char *wrong;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].text);
		T_INT(retry_rule_parse(cases[i].text, &r, &wrong), 0);
		T_INT(r.place, cases[i].place);
		T_STR(span_str(r.transport), cases[i].transport);
		T_STR(span_str(r.name), cases[i].name);
		T_INT(r.kind, cases[i].kind);
		T_INT(r.steps_n, cases[i].steps);
		T_INT(r.steps[0], cases[i].first);
		T_INT(r.steps[r.steps_n - 1], cases[i].last);
		T_INT(r.max_s, cases[i].most);
		T_INT(r.expire_s, cases[i].expire);
		T_INT(r.growth, cases[i].growth);
	}
}

static void
bad(void **state)
{
	static const struct { const char *text, *about; } cases[] = {
		{ "", "begins" }, { "carrier:x any 5m", "begins" },
		{ "** any 5m", "begins" }, { "*.example any 5m", "begins" },
		{ "smtp:* any 5m", "begins" }, { "a,b any 5m", "begins" },
		{ "bob@a.example any 5m", "begins" },
		{ ".  any 5m", "begins" }, { "..a any 5m", "begins" },
		{ "*", "error" }, { "* sometimes 5m", "error" },
		{ "* 550 5m", "error" }, { "* 4x1 5m", "error" },
		{ "* 4501 5m", "error" }, { "* any", "schedule" },
		{ "* any 0", "schedule" }, { "* any 8d", "schedule" },
		{ "* any 5m,", "schedule" }, { "* any 1h,5m", "schedule" },
		{ "* any 5m*2", "schedule" }, { "* any 5m*1..1h", "schedule" },
		{ "* any 5m*11..1h", "schedule" },
		{ "* any 5m*1.001..1h", "schedule" },
		{ "* any 5m*2..1m", "schedule" },
		{ "* any 5m*2..1h,2h", "schedule" },
		{ "* any 1,2,3,4,5,6,7,8,9", "schedule" },
		{ "* any 5m soon", "expiry" }, { "* any 5m 31d", "expiry" },
		{ "* any 5m 0", "expiry" }, { "* any 5m 1d 2d", "behind" },
	};
	struct retry_rule r;
	const char *wrong;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].text);
		T_INT(retry_rule_parse(cases[i].text, &r, &wrong), -1);
		T_TRUE(span_find(span_str(wrong), span_str(cases[i].about)) <
		    strlen(wrong));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
