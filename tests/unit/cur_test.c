/* cur: never past the end, never further than the budgets. */
#include "t.h"

#include "base/cur.h"

static void
walking(void **state)
{
	struct cur c;
	const char *from;

	(void)state;
	cur_init(&c, SPAN_LIT("ab\0\xff"), 0, 0);
	T_INT(cur_left(&c), 4);
	T_INT(cur_peek(&c), 'a');
	T_INT(cur_peek_at(&c, 3), 255);
	T_INT(cur_peek_at(&c, 4), -1);
	T_INT(cur_peek_at(&c, SIZE_MAX), -1);
	T_TRUE(!cur_take(&c, 'b'));
	T_TRUE(cur_take(&c, 'a'));
	from = c.p;
	T_INT(cur_next(&c), 'b');
	T_STR(cur_since(&c, from), "b");
	T_INT(cur_next(&c), 0);
	T_INT(cur_offset(&c), 3);
	T_TRUE(cur_take(&c, '\xff'));
	T_TRUE(cur_end(&c));
	T_INT(cur_next(&c), -1);
	T_TRUE(!cur_take(&c, '\xff'));	/* -1 is not octet 255 */
	T_TRUE(cur_end(&c));
}

static void
words(void **state)
{
	struct cur c;

	(void)state;
	cur_init(&c, SPAN_LIT("FLAGS flags x"), 0, 0);
	T_TRUE(!cur_take_str(&c, "flags"));
	T_TRUE(!cur_take_str(&c, "FLAGS flags xy"));
	T_TRUE(cur_take_str(&c, "FLAGS "));
	T_TRUE(cur_take_istr(&c, "FLAGS"));
	T_TRUE(cur_take_str(&c, ""));
	T_STR(cur_rest(&c), " x");
	T_INT(cur_while(&c, ascii_isalpha).n, 0);
	T_TRUE(cur_take(&c, ' '));
	T_STR(cur_while(&c, ascii_isalpha), "x");
	T_TRUE(cur_end(&c));

	cur_init(&c, SPAN_NONE, 0, 0);
	T_TRUE(cur_end(&c));
	T_INT(cur_peek(&c), -1);
	T_INT(cur_rest(&c).n, 0);
	T_TRUE(!cur_take_str(&c, "a"));
}

static void
budgets(void **state)
{
	struct cur c;

	(void)state;
	cur_init(&c, SPAN_NONE, 2, 3);
	T_TRUE(cur_item(&c) && cur_item(&c) && cur_item(&c));
	T_TRUE(!cur_item(&c));
	T_TRUE(!cur_item(&c));
	T_TRUE(cur_enter(&c) && cur_enter(&c));
	T_TRUE(!cur_enter(&c));
	cur_leave(&c);
	T_TRUE(cur_enter(&c));
	T_TRUE(!cur_enter(&c));
}

static void
numbers(void **state)
{
	static const struct {
		const char *in;
		uint64_t max;
		bool ok;
		uint64_t value;
		size_t left;
	} cases[] = {
		{ "0",     9,          true,  0,  0 },
		{ "12x",   12,         true,  12, 1 },
		{ "13x",   12,         false, 0,  3 },
		{ "",      9,          false, 0,  0 },
		{ "x1",    9,          false, 0,  2 },
		{ "-1",    9,          false, 0,  2 },
		{ "4294967295", UINT32_MAX, true, UINT32_MAX, 0 },
		{ "4294967296", UINT32_MAX, false, 0, 10 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX, 0 },
		{ "18446744073709551616", UINT64_MAX, false, 0, 20 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cur c;
		uint64_t v = 77;

		t_case(cases[i].in);
		cur_init(&c, t_exact(span_str(cases[i].in)), 0, 0);
		T_TRUE(cur_u64(&c, cases[i].max, &v) == cases[i].ok);
		T_TRUE(v == (cases[i].ok ? cases[i].value : 77));
		T_INT(cur_left(&c), cases[i].left);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walking),
		cmocka_unit_test(words),
		cmocka_unit_test(budgets),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
