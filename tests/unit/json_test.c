/* JSON strings as RFC 8259 section 7 wants them. */
#include "t.h"

#include "base/json.h"

static void
test_strings(void **state)
{
	static const struct { struct span in; const char *want; } cases[] = {
		{ SPAN_LIT("plain"), "\"plain\"" },
		{ SPAN_LIT(""), "\"\"" },
		{ SPAN_LIT("a\"b\\c"), "\"a\\\"b\\\\c\"" },
		{ SPAN_LIT("a\n\0b"), "\"a\\u000a\\u0000b\"" },
		{ SPAN_LIT("\xc3\xa9"), "\"\xc3\xa9\"" },
		{ SPAN_LIT("\xff!"), "\"\xef\xbf\xbd!\"" },
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_init(&b, KIB);
		assert_int_equal(json_string(&b, cases[i].in), 0);
		assert_string_equal(buf_cstr(&b), cases[i].want);
		buf_fini(&b);
	}
}

static void
test_pairs(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, KIB);
	assert_int_equal(buf_add_char(&b, '{'), 0);
	assert_int_equal(json_pair(&b, "a", SPAN_LIT("{")), 0);
	assert_int_equal(json_pair_u64(&b, "n", 7), 0);
	assert_string_equal(buf_cstr(&b), "{\"a\":\"{\",\"n\":7");
	buf_fini(&b);
}

static void
test_full(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(json_string(&b, SPAN_LIT("abcdef")), -1);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
