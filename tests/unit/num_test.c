/* num: the edges of each range, and all that only looks like a number. */
#include "t.h"

#include "base/num.h"

static void
decimal(void **state)
{
	static const struct {
		struct span in;
		uint64_t min, max;
		int rc;
		uint64_t out;
	} cases[] = {
		{ SPAN_LIT("0"),    0, 9, 0, 0 },
		{ SPAN_LIT("007"),  0, 9, 0, 7 },
		{ SPAN_LIT("10"),   0, 9, -1, 0 },
		{ SPAN_LIT("4"),    5, 9, -1, 0 },
		{ SPAN_LIT("5"),    5, 9, 0, 5 },
		{ SPAN_LIT("9"),    5, 9, 0, 9 },
		{ SPAN_LIT(""),     0, 9, -1, 0 },
		{ SPAN_LIT(" 1"),   0, 9, -1, 0 },
		{ SPAN_LIT("1 "),   0, 9, -1, 0 },
		{ SPAN_LIT("+1"),   0, 9, -1, 0 },
		{ SPAN_LIT("-1"),   0, 9, -1, 0 },
		{ SPAN_LIT("1\0"),  0, 9, -1, 0 },
		{ SPAN_LIT("0x1"),  0, 9, -1, 0 },
		{ SPAN_LIT("\xb1"), 0, 9, -1, 0 },
		{ SPAN_LIT("18446744073709551615"), 0, UINT64_MAX, 0,
		    UINT64_MAX },
		{ SPAN_LIT("18446744073709551616"), 0, UINT64_MAX, -1, 0 },
		{ SPAN_LIT("99999999999999999999"), 0, UINT64_MAX, -1, 0 },
		{ SPAN_LIT("184467440737095516150"), 0, UINT64_MAX, -1, 0 },
		{ SPAN_LIT("00000000000000000000000000001"), 0, 1, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t v = 77;

		t_case(cases[i].in.p);
		T_INT(num_parse(t_exact(cases[i].in), cases[i].min, cases[i].max, &v),
		    cases[i].rc);
		T_TRUE(v == (cases[i].rc == 0 ? cases[i].out : 77));
	}
}

static void
hexadecimal(void **state)
{
	uint64_t v = 77;

	(void)state;
	T_INT(num_parse_hex(SPAN_LIT("fF"), 255, &v), 0);
	T_INT(v, 255);
	T_INT(num_parse_hex(SPAN_LIT("ffffffffffffffff"), UINT64_MAX, &v), 0);
	T_TRUE(v == UINT64_MAX);
	v = 77;
	T_INT(num_parse_hex(SPAN_LIT("00000000000000001"), 9, &v), -1);
	T_INT(num_parse_hex(SPAN_LIT("100"), 255, &v), -1);
	T_INT(num_parse_hex(SPAN_LIT(""), 255, &v), -1);
	T_INT(num_parse_hex(SPAN_LIT("g"), 255, &v), -1);
	T_INT(num_parse_hex(SPAN_LIT("0x1"), 255, &v), -1);
	T_INT(v, 77);
}

static void
sizes(void **state)
{
	static const struct { const char *in; int rc; uint64_t out; } cases[] = {
		{ "0",    0,  0 },
		{ "50M",  0,  52428800 },
		{ "1K",   0,  1024 },
		{ "1G",   0,  1073741824 },
		{ "4G",   0,  4294967296 },
		{ "5G",   -1, 0 },		/* above the maximum below */
		{ "17179869184G", -1, 0 },	/* 2^64 */
		{ "K",    -1, 0 },
		{ "",     -1, 0 },
		{ "1KK",  -1, 0 },
		{ "1KM",  -1, 0 },
		{ "1T",   -1, 0 },
		{ "1 K",  -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t v = 77;

		t_case(cases[i].in);
		T_INT(num_parse_size(t_exact(span_str(cases[i].in)),
		    UINT64_C(4294967296), &v), cases[i].rc);
		T_TRUE(v == (cases[i].rc == 0 ? cases[i].out : 77));
	}
}

static void
sums(void **state)
{
	size_t n = 77;
	uint64_t v = 77;

	(void)state;
	T_TRUE(num_add(SIZE_MAX - 1, 1, &n) && n == SIZE_MAX);
	n = 77;
	T_TRUE(!num_add(SIZE_MAX, 1, &n) && n == 77);
	T_TRUE(num_mul(SIZE_MAX / 2, 2, &n) && n == SIZE_MAX - 1);
	n = 77;
	T_TRUE(!num_mul(SIZE_MAX / 2 + 1, 2, &n) && n == 77);
	T_TRUE(num_mul(SIZE_MAX, 0, &n) && n == 0);
	T_TRUE(num_add64(UINT64_MAX, 0, &v) && v == UINT64_MAX);
	v = 77;
	T_TRUE(!num_add64(UINT64_MAX, 1, &v) && v == 77);
	T_INT(num_min(1, 2), 1);
	T_INT(num_min(2, 1), 1);
	T_INT(num_max(1, 2), 2);
	T_INT(num_max(2, 1), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimal),
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(sizes),
		cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
