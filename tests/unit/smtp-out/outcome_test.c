/* outcome: RFC 5321 4.2.1, first digit; hostile replies stay one line. */
#include "../t.h"

#include <string.h>

#include "smtp-out/outcome.h"

static void
replies(void **state)
{
	static const struct { const char *line; unsigned kind;
	    const char *esc; } cases[] = {
		{ "250 2.1.5 fine", RESULT_DONE, "2.1.5" },
		{ "250 fine", RESULT_DONE, "2.0.0" },
		{ "450 4.2.2 full", RESULT_LATER, "4.2.2" },
		{ "421 going", RESULT_LATER, "4.0.0" },
		{ "550 5.1.1 no", RESULT_NEVER, "5.1.1" },
		{ "554 no", RESULT_NEVER, "5.0.0" },
		{ "354 go on", RESULT_LATER, "4.0.0" },
		{ "550 5.7.", RESULT_NEVER, "5.0.0" },	/* CVE-2026-43964 */
		{ "550 2.0.0 liar", RESULT_NEVER, "5.0.0" },
		{ "550 a\x01" "b\x7f\x80 type:mda", RESULT_NEVER, "5.0.0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct result out = { 0 };
		struct reply r;

		t_case(cases[i].line);
		reply_init(&r);
		T_TRUE(reply_feed(&r, span_str(cases[i].line)) == REPLY_DONE);
		outcome_from_reply(&out, &r, "mx[192.0.2.1]:25");
		T_INT(out.kind, cases[i].kind);
		T_STR(span_str(out.esc), cases[i].esc);
		T_STR(span_str(out.remote), "mx[192.0.2.1]:25");
		for (const char *p = out.text; *p != '\0'; p++)
			T_TRUE(*p >= ' ' && *p <= '~');
		reply_fini(&r);
	}
}

static void
long_reply_is_cut(void **state)
{
	struct result out = { 0 };
	struct reply r;
	char line[500];
	int i;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "550-", 4);
	reply_init(&r);
	for (i = 0; i < 100000; i++)
		if (reply_feed(&r, span_of(line, sizeof(line))) != REPLY_MORE)
			break;
	T_TRUE(i < 100000);		/* a server that never ends is cut off */
	outcome_from_reply(&out, &r, "");
	T_TRUE(strlen(out.text) < sizeof(out.text));
	reply_fini(&r);
}

static void
reasons(void **state)
{
	struct result out = { 0 };
	struct why why;

	(void)state;
	why_set(&why, WHY_PERM, "5.4.6", "loop");
	outcome_from_why(&out, &why, "r");
	T_INT(out.kind, RESULT_NEVER);
	T_STR(span_str(out.esc), "5.4.6");
	why_set(&why, WHY_TEMP, "4.4.1", "down");
	outcome_from_why(&out, &why, "r");
	T_INT(out.kind, RESULT_LATER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies),
		cmocka_unit_test(long_reply_is_cut),
		cmocka_unit_test(reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
