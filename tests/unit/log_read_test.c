/* base/log_read: reading is what writing undoes. */
#include "t.h"

#include "base/log.h"
#include "base/log_read.h"

static void
test_identity(void **state)
{
	static const struct span values[] = {
		SPAN_LIT("bare"), SPAN_LIT(""), SPAN_LIT("a b"),
		SPAN_LIT("a=b"), SPAN_LIT("\"q\\"), SPAN_LIT("\xff\n\0x"),
		SPAN_LIT(" id=forged "),
	};
	struct buf line, value;
	struct span rest, key;

	(void)state;
	buf_init(&line, LOG_LINE_MAX);
	buf_init(&value, LOG_VALUE_MAX);
	for (size_t i = 0; i < COUNT(values); i++) {
		const struct log_field fields[] = { LF_STR("event", "x"),
			LF_SPAN("id", values[i]), LF_NUM("n", 7),
			{ .key = NULL } };

		buf_clear(&line);
		assert_int_equal(buf_add_str(&line,
		    "2026-11-22T05:56:00.1Z qmgr[1] info "), 0);
		log_format(&line, fields);
		rest = buf_span(&line);
		assert_true(log_pair(&rest, &key, &value));
		assert_true(span_eq_str(key, "event"));
		assert_true(log_pair(&rest, &key, &value));
		assert_true(span_eq_str(key, "id"));
		assert_true(span_eq(buf_span(&value), values[i]));
		assert_true(log_pair(&rest, &key, &value));
		assert_true(span_eq_str(key, "n"));
		assert_string_equal(buf_cstr(&value), "7");
		assert_false(log_pair(&rest, &key, &value));
	}
	buf_fini(&line);
	buf_fini(&value);
}

static void
test_damaged(void **state)
{
	static const char *const lines[] = { "a=\"no end", "=x", "a=\"\\x4",
		"a=\"\\", "   ", "", "a=", "a=\"x\"y=z" };
	struct buf value;
	struct span key;

	(void)state;
	buf_init(&value, LOG_VALUE_MAX);
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct span rest = span_str(lines[i]);
		unsigned n = 0;

		while (log_pair(&rest, &key, &value))
			assert_true(++n < 5);
	}
	buf_fini(&value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
