/* utf7: RFC 3501 section 5.1.3, its examples and what it forbids. */
#include "t.h"

#include <string.h>

#include "base/b64.h"
#include "base/utf7.h"
#include "base/utf8.h"

static void
both_ways(void **state)
{
	static const struct { const char *coded, *plain; } cases[] = {
		{ "", "" },
		{ "INBOX", "INBOX" },
		{ "a&-b", "a&b" },
		/* the examples of section 5.1.3 */
		{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
		  "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/"
		  "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
		{ "&Jjo-!", "\xe2\x98\xba!" },
		{ "&U,BTF2XlZyyKng-", "\xe5\x8f\xb0\xe5\x8c\x97"
		  "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
		{ "Entw&APw-rfe", "Entw\xc3\xbcrfe" },
		{ "&Jjo-&-", "\xe2\x98\xba&" },
		{ "&-&Jjo-", "&\xe2\x98\xba" },
		/* U+1F600 is D83D DE00 in UTF-16 */
		{ "&2D3eAA-", "\xf0\x9f\x98\x80" },
		{ "&AAEAfw-", "\x01\x7f" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].coded);
		buf_clear(&b);
		T_INT(utf7_to_utf8(&b, span_str(cases[i].coded)), 0);
		T_STR(buf_span(&b), cases[i].plain);
		buf_clear(&b);
		T_INT(utf7_from_utf8(&b, span_str(cases[i].plain)), 0);
		T_STR(buf_span(&b), cases[i].coded);
		T_TRUE(utf7_valid(span_str(cases[i].coded)));
	}
	buf_fini(&b);
}

static void
refused(void **state)
{
	static const struct { struct span in; const char *why; } cases[] = {
		{ SPAN_LIT("&Jjo!"), "5.1.3: no shift to ASCII before !" },
		{ SPAN_LIT("&U,BTFw-&ZeVnLIqe-"), "5.1.3: superfluous shift" },
		{ SPAN_LIT("&Jjo"), "does not end in ASCII" },
		{ SPAN_LIT("a&"), "does not end in ASCII" },
		{ SPAN_LIT("&AGE-"), "printable ASCII in base64" },
		{ SPAN_LIT("&ACY-"), "& in base64" },
		{ SPAN_LIT("&J-"), "not one unit" },
		{ SPAN_LIT("&A-"), "not one unit, no bits set" },
		{ SPAN_LIT("&JjoA-"), "a character too many" },
		{ SPAN_LIT("&Jjp-"), "bits left over" },
		{ SPAN_LIT("&2D0-"), "high surrogate alone" },
		{ SPAN_LIT("&3gA-"), "low surrogate alone" },
		{ SPAN_LIT("&2D0mOg-"), "high surrogate and no low one" },
		{ SPAN_LIT("&AAA-"), "U+0000" },
		{ SPAN_LIT("&U/BTFw-"), "/ is not in this alphabet" },
		{ SPAN_LIT("&Jjo=-"), "no padding" },
		{ SPAN_LIT("\xc3\xa4"), "8-bit octets" },
		{ SPAN_LIT("a\0b"), "NUL" },
		{ SPAN_LIT("a\x7f"), "a control" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_add_str(&b, "before");
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].why);
		T_INT(utf7_to_utf8(&b, t_exact(cases[i].in)), -1);
		T_STR(buf_span(&b), "before");
		T_TRUE(!utf7_valid(t_exact(cases[i].in)));
	}
	T_INT(utf7_from_utf8(&b, SPAN_LIT("a\xe4")), -1);
	T_INT(utf7_from_utf8(&b, SPAN_LIT("a\0")), -1);
	T_STR(buf_span(&b), "before");
	buf_fini(&b);
}

/*
 * Every character against the definition: UTF-16 in base64 without padding
 * and with "," for "/" (section 5.1.3).
 */
static void
all_code_points(void **state)
{
	struct buf plain, units, want, got;

	(void)state;
	buf_init(&plain, 8);
	buf_init(&units, 8);
	buf_init(&want, 16);
	buf_init(&got, 16);
	for (uint32_t code = 1; code < 0x110000; code++) {
		uint32_t low = code, top = code - 0x10000;

		buf_clear(&plain);
		if (utf8_put(&plain, code) != 0 || (code > 31 && code < 127))
			continue;
		buf_clear(&units);
		if (code > 0xffff) {
			buf_add_char(&units, (char)(0xd8 | top >> 18));
			buf_add_char(&units, (char)(top >> 10));
			low = 0xdc00 | (top & 0x3ff);
		}
		buf_add_char(&units, (char)(low >> 8));
		buf_add_char(&units, (char)low);
		buf_clear(&want);
		buf_add_char(&want, '&');
		b64_encode(&want, buf_span(&units));
		buf_cut(&want, span_chr(buf_span(&want), '='));
		buf_add_char(&want, '-');
		for (char *p = want.p; *p != '\0'; p++)
			*p = *p == '/' ? ',' : *p;
		buf_clear(&got);
		assert_int_equal(utf7_from_utf8(&got, buf_span(&plain)), 0);
		assert_true(span_eq(buf_span(&got), buf_span(&want)));
		buf_clear(&got);
		assert_int_equal(utf7_to_utf8(&got, buf_span(&want)), 0);
		assert_true(span_eq(buf_span(&got), buf_span(&plain)));
	}
	T_TRUE(utf7_valid(SPAN_LIT(" ~")));
	buf_fini(&plain);
	buf_fini(&units);
	buf_fini(&want);
	buf_fini(&got);
}

static void
caps(void **state)
{
	struct buf b;

	(void)state;
	for (size_t cap = 0; cap < 6; cap++) {
		buf_init(&b, cap);
		T_INT(utf7_from_utf8(&b, SPAN_LIT("\xe2\x98\xba!")), -1);
		T_INT(b.n, 0);
		T_INT(utf7_to_utf8(&b, SPAN_LIT("&Jjo-!")),
		    cap < 4 ? -1 : 0);
		T_INT(b.n, cap < 4 ? 0 : 4);
		buf_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(refused),
		cmocka_unit_test(all_code_points),
		cmocka_unit_test(caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
