/* outcome: what an exit code means. */
#include "local-deliver/outcome.h"

#include "../t.h"

static const struct {
	int code, signal;
	uint8_t kind;
	const char *esc;
} exits[] = {
	/* sysexits(3) */
	{ 0, 0, RESULT_DONE, "2.0.0" },
	{ 64, 0, RESULT_LATER, "4.3.5" },	/* EX_USAGE: our setting */
	{ 67, 0, RESULT_NEVER, "5.1.1" },	/* EX_NOUSER */
	{ 68, 0, RESULT_NEVER, "5.1.2" },	/* EX_NOHOST */
	{ 75, 0, RESULT_LATER, "4.3.0" },	/* EX_TEMPFAIL */
	{ 77, 0, RESULT_NEVER, "5.7.0" },	/* EX_NOPERM */
	{ 78, 0, RESULT_LATER, "4.3.5" },	/* EX_CONFIG */
	/* Doubts: later. */
	{ 1, 0, RESULT_LATER, "4.3.0" }, { 127, 0, RESULT_LATER, "4.3.0" },
	{ 255, 0, RESULT_LATER, "4.3.0" }, { 79, 0, RESULT_LATER, "4.3.0" },
	{ -1, 9, RESULT_LATER, "4.3.0" }, { 0, 11, RESULT_LATER, "4.3.0" },
};

static void
test_exits(void **state)
{
	struct result r = { .index = 7 };

	(void)state;
	for (size_t i = 0; i < COUNT(exits); i++) {
		outcome_from_exit(&r, exits[i].code, exits[i].signal,
		    SPAN_NONE);
		T_INT(r.index, 7);
		T_INT(r.kind, exits[i].kind);
		T_STR(span_str(r.esc), exits[i].esc);
		T_TRUE(r.text[0] != '\0');
	}
}

static void
test_text(void **state)
{
	struct result r;
	static char big[5000];
	struct why why;

	(void)state;
	outcome_from_exit(&r, 67, 0, SPAN_LIT(" who?\n\tnobody \x1b[1m\xc3\n"));
	T_STR(span_str(r.text), "no such user: who?  nobody ?[1m?");
	memset(big, 'x', sizeof(big));
	outcome_from_exit(&r, 67, 0, span_of(big, sizeof(big)));
	T_INT(strlen(r.text), sizeof(r.text) - 1);
	why_set(&why, WHY_PERM, "5.2.2", "full");
	outcome_from_why(&r, &why);
	T_INT(r.kind, RESULT_NEVER);
	T_STR(span_str(r.esc), "5.2.2");
	why_set(&why, WHY_TEMP, "4.3.1", "no space");
	outcome_from_why(&r, &why);
	T_INT(r.kind, RESULT_LATER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exits),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
