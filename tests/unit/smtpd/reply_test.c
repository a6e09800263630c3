/*
 * The table of replies: each has a code of RFC 5321 4.2.2, 4.2.3 (or of AUTH),
 * an enhanced code of the same class (RFC 2034 4) but for 3yz, and a text of
 * printable ASCII.
 */
#include "../t.h"

#include "smtpd/reply.h"

static const unsigned codes[] = { 220, 221, 235, 250, 252, 354, 421, 450, 451,
	452, 454, 500, 501, 502, 503, 504, 530, 535, 538, 550, 552, 553, 554 };

static bool
known(unsigned code)
{
	for (size_t i = 0; i < COUNT(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

static void
table(void **state)
{
	(void)state;
	for (int i = SAY_NOTHING + 1; i < SAY_N; i++) {
		enum say what = (enum say)i;
		const char *text = say_words(what), *esc = say_esc(what);

		t_case(text);
		T_TRUE(known(say_code(what)));
		T_TRUE(strlen(text) > 1 && strlen(text) < 100);
		for (const char *p = text; *p != '\0'; p++)
			T_TRUE(*p >= ' ' && *p <= '~');
		if (say_code(what) / 100 == 3) {
			T_STR(span_str(esc), "");
			continue;
		}
		T_TRUE(strlen(esc) >= 5 && esc[1] == '.');
		T_INT(esc[0] - '0', say_code(what) / 100);
	}
}

/* The classes of the enum: what ends a session is 421, and so on. */
static void
classes(void **state)
{
	(void)state;
	for (int i = SAY_BUSY; i <= SAY_LINE_FLOOD; i++)
		T_INT(say_code((enum say)i), 421);
	for (int i = SAY_TOO_MANY_RCPT; i <= SAY_TLS_LATER; i++)
		T_INT(say_code((enum say)i) / 100, 4);
	for (int i = SAY_UNKNOWN; i < SAY_N; i++)
		T_INT(say_code((enum say)i) / 100, 5);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
