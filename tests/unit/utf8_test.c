/* utf8: the corners of table 3-7 of the Unicode Standard. */
#include "t.h"

#include <string.h>

#include "base/utf8.h"

static void
validity(void **state)
{
	static const struct { struct span in; bool ok; } cases[] = {
		{ SPAN_LIT(""), true },
		{ SPAN_LIT("a\0\x7f"), true },
		{ SPAN_LIT("\x80"), false },
		{ SPAN_LIT("\xbf"), false },
		{ SPAN_LIT("\xc0\x80"), false },	/* overlong NUL */
		{ SPAN_LIT("\xc1\xbf"), false },
		{ SPAN_LIT("\xc2\x80"), true },
		{ SPAN_LIT("\xc2"), false },
		{ SPAN_LIT("\xc2\x7f"), false },
		{ SPAN_LIT("\xc2\xc0"), false },
		{ SPAN_LIT("\xdf\xbf"), true },
		{ SPAN_LIT("\xe0\x9f\xbf"), false },	/* overlong */
		{ SPAN_LIT("\xe0\xa0\x80"), true },
		{ SPAN_LIT("\xe0\xa0"), false },
		{ SPAN_LIT("\xed\x9f\xbf"), true },
		{ SPAN_LIT("\xed\xa0\x80"), false },	/* D800 */
		{ SPAN_LIT("\xed\xbf\xbf"), false },	/* DFFF */
		{ SPAN_LIT("\xee\x80\x80"), true },
		{ SPAN_LIT("\xef\xbf\xbf"), true },
		{ SPAN_LIT("\xef\xbf\x7f"), false },
		{ SPAN_LIT("\xf0\x8f\xbf\xbf"), false },	/* overlong */
		{ SPAN_LIT("\xf0\x90\x80\x80"), true },
		{ SPAN_LIT("\xf0\x90\x80"), false },
		{ SPAN_LIT("\xf0\x90\x80\xc0"), false },
		{ SPAN_LIT("\xf4\x8f\xbf\xbf"), true },
		{ SPAN_LIT("\xf4\x90\x80\x80"), false },	/* 110000 */
		{ SPAN_LIT("\xf5\x80\x80\x80"), false },
		{ SPAN_LIT("\xff"), false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in.p);
		T_TRUE(utf8_valid(t_exact(cases[i].in)) == cases[i].ok);
	}
}

/* A high octet at each place of texts of each length. */
static void
ascii_front(void **state)
{
	char text[20];

	(void)state;
	for (size_t n = 0; n <= sizeof(text); n++)
		for (size_t at = 0; at <= n; at++) {
			memset(text, 0x7f, sizeof(text));
			if (at < n)
				text[at] = (char)0x80;
			T_INT(utf8_ascii(t_exact(span_of(text, n))), at);
		}
	T_INT(utf8_ascii(SPAN_NONE), 0);
}

/* Every scalar value there and back; the values between are refused. */
static void
all_code_points(void **state)
{
	char room[5];
	struct buf b = { .p = room, .size = sizeof(room), .cap = 4 };
	struct span s;

	(void)state;
	for (uint32_t code = 0; code <= 0x110000; code++) {
		bool scalar = code < 0xd800 ||
		    (code > 0xdfff && code < 0x110000);

		buf_clear(&b);
		assert_int_equal(utf8_put(&b, code), scalar ? 0 : -1);
		if (!scalar)
			continue;
		s = buf_span(&b);
		assert_true(utf8_valid(s));
		assert_int_equal(utf8_next(&s), code);
		assert_int_equal(s.n, 0);
	}
	T_INT(utf8_put(&b, UINT32_MAX), -1);
}

static void
one_at_a_time(void **state)
{
	struct span s = SPAN_LIT("A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");

	(void)state;
	T_INT(utf8_next(&s), 'A');
	T_INT(utf8_next(&s), 0xe4);
	T_INT(utf8_next(&s), 0x20ac);
	T_INT(utf8_next(&s), 0x1f600);
	T_INT(utf8_next(&s), -1);
	T_INT(utf8_next(&s), -1);
	s = SPAN_LIT("\xe2\x82" "B");
	T_INT(utf8_next(&s), 0xfffd);
	T_INT(utf8_next(&s), 0xfffd);
	T_INT(utf8_next(&s), 'B');
	s = SPAN_NONE;
	T_INT(utf8_next(&s), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(validity),
		cmocka_unit_test(ascii_front),
		cmocka_unit_test(all_code_points),
		cmocka_unit_test(one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
