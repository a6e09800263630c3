/* b64: the vectors of RFC 4648 section 10, and all that is not canonical. */
#include "t.h"

#include <string.h>

#include "base/b64.h"

static void
both_ways(void **state)
{
	static const struct { struct span plain; const char *coded; } cases[] = {
		{ SPAN_LIT(""),       "" },		/* RFC 4648 10 */
		{ SPAN_LIT("f"),      "Zg==" },
		{ SPAN_LIT("fo"),     "Zm8=" },
		{ SPAN_LIT("foo"),    "Zm9v" },
		{ SPAN_LIT("foob"),   "Zm9vYg==" },
		{ SPAN_LIT("fooba"),  "Zm9vYmE=" },
		{ SPAN_LIT("foobar"), "Zm9vYmFy" },
		{ SPAN_LIT("\x14\xfb\x9c\x03\xd9\x7e"), "FPucA9l+" },	/* 9 */
		{ SPAN_LIT("\0user\0pw"), "AHVzZXIAcHc=" },
		{ SPAN_LIT("\xff\xff\xff"), "////" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].coded);
		buf_clear(&b);
		T_INT(b64_encode(&b, t_exact(cases[i].plain)), 0);
		T_STR(buf_span(&b), cases[i].coded);
		buf_clear(&b);
		T_INT(b64_decode(&b, span_str(cases[i].coded)), 0);
		T_SPAN(buf_span(&b), cases[i].plain);
		buf_clear(&b);
		T_INT(b64_decode_mime(&b, span_str(cases[i].coded)), 0);
		T_SPAN(buf_span(&b), cases[i].plain);
	}
	buf_fini(&b);
}

static void
refused(void **state)
{
	static const struct { struct span in; const char *why; } cases[] = {
		{ SPAN_LIT("Z"),        "no whole quantum" },
		{ SPAN_LIT("Zg"),       "no padding" },
		{ SPAN_LIT("Zg="),      "half of the padding" },
		{ SPAN_LIT("Zg==="),    "too much padding" },
		{ SPAN_LIT("Z==="),     "too much padding" },
		{ SPAN_LIT("===="),     "nothing but padding" },
		{ SPAN_LIT("Zh=="),     "RFC 4648 3.5: bits set" },
		{ SPAN_LIT("Zm9="),     "RFC 4648 3.5: bits set" },
		{ SPAN_LIT("Zg==Zg=="), "RFC 4648 3.3: padding inside" },
		{ SPAN_LIT("Zm8=Zm9v"), "RFC 4648 3.3: padding inside" },
		{ SPAN_LIT("Zm9v\r\n"), "RFC 4648 3.3: line end" },
		{ SPAN_LIT("Zm9 "),     "RFC 4648 3.3: space" },
		{ SPAN_LIT("Zm\0v"),    "NUL" },
		{ SPAN_LIT("Zm9\xf6"),  "8-bit octet" },
		{ SPAN_LIT("Zm9\x80"),  "8-bit octet" },
		{ SPAN_LIT("Zm-_"),     "RFC 4648 5: another alphabet" },
		{ SPAN_LIT("=Zm9"),     "padding first" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_add_str(&b, "before");
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].why);
		T_INT(b64_decode(&b, t_exact(cases[i].in)), -1);
		T_STR(buf_span(&b), "before");
	}
	buf_fini(&b);
}

/* RFC 2045 section 6.8. */
static void
mime(void **state)
{
	static const struct { struct span in; const char *want; } cases[] = {
		{ SPAN_LIT("Zm9v\r\nYmFy\r\n"), "foobar" },
		{ SPAN_LIT("Z m!9\0v-"),        "foo" },
		{ SPAN_LIT("Zm9vYg==Zm9v"),     "foob" },  /* "=" is the end */
		{ SPAN_LIT("Zm9vYg"),           "foob" },
		{ SPAN_LIT("Zm9vYm"),           "foob" },
		{ SPAN_LIT("Zm9vY"),            "foo" },
		{ SPAN_LIT("="),                "" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].want);
		buf_clear(&b);
		T_INT(b64_decode_mime(&b, t_exact(cases[i].in)), 0);
		T_STR(buf_span(&b), cases[i].want);
	}
	buf_fini(&b);
}

static void
caps(void **state)
{
	struct buf b;

	(void)state;
	for (size_t cap = 0; cap < 8; cap++) {
		buf_init(&b, cap);
		T_INT(b64_encode(&b, SPAN_LIT("fooba")), cap < 8 ? -1 : 0);
		T_INT(b.n, 0);
		T_INT(b64_decode(&b, SPAN_LIT("Zm9vYmE=")), cap < 5 ? -1 : 0);
		T_INT(b.n, cap < 5 ? 0 : 5);
		buf_clear(&b);
		T_INT(b64_decode_mime(&b, SPAN_LIT("Zm9vYmE=")),
		    cap < 5 ? -1 : 0);
		T_SPAN(buf_span(&b), span_head(SPAN_LIT("fooba"), cap));
		buf_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(refused),
		cmocka_unit_test(mime),
		cmocka_unit_test(caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
