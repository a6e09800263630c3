/*
 * app_password: base32 of RFC 4648 section 10, and digests by sha256sum(1).
 */
#include "t.h"

#include <string.h>

#include "trust/app_password.h"

static void
make(void **state)
{
	/* "foobar" twice and 'f': base32 of "foob", "foobar", ... */
	static const uint8_t text[] = "foobarfoobarf", ones[] =
	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	    zeros[13] = { 0 };
	char out[APP_PASSWORD_TEXT];

	(void)state;
	/* printf foobarfoobarf | base32: MZXW6YTBOJTG633CMFZGM=== */
	app_password_make(text, out);
	T_STR(span_str(out), "mzxw-6ytb-ojtg-633c-mfzg");
	app_password_make(ones, out);
	T_STR(span_str(out), "7777-7777-7777-7777-7777");
	app_password_make(zeros, out);
	T_STR(span_str(out), "aaaa-aaaa-aaaa-aaaa-aaaa");
}

static void
plain(void **state)
{
	static const struct { struct span in; bool ok; } cases[] = {
		{ SPAN_LIT("mzxw-6ytb-ojtg-633c-mfzg"), true },
		{ SPAN_LIT("MZXW 6YTB ojtg633cmfzg"), true },
		{ SPAN_LIT("mzxw6ytbojtg633cmfzg"), true },
		{ SPAN_LIT("mzxw6ytbojtg633cmfz"), false },
		{ SPAN_LIT("mzxw6ytbojtg633cmfzga"), false },
		{ SPAN_LIT("mzxw6ytbojtg633cmfz1"), false },
		{ SPAN_LIT("mzxw6ytbojtg633cmfz\0"), false },
		{ SPAN_LIT("mzxw6ytbojtg633cmf\xc3\xa4"), false },
		{ SPAN_LIT(""), false },
	};
	char out[APP_PASSWORD_CHARS + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in.p);
		T_TRUE(app_password_plain(cases[i].in, out) == cases[i].ok);
		if (cases[i].ok)
			T_STR(span_str(out), "mzxw6ytbojtg633cmfzg");
	}
}

/* printf mzxw6ytbojtg633cmfzgsaltsalt | sha256sum, and "saltsalt". */
#define KNOWN	"3ZIxyqnRSmlAhBKsfOujaMbay0TdSKhEiwFQvBZc3C9zYWx0c2FsdA=="

static void
hash(void **state)
{
	static const uint8_t salt[] = "saltsalt";
	struct buf out;

	(void)state;
	buf_init(&out, APP_PASSWORD_HASH);
	T_INT(app_password_hash("mzxw6ytbojtg633cmfzg", salt, &out), 0);
	T_STR(buf_span(&out), KNOWN);
	T_INT(out.n, APP_PASSWORD_HASH);
	T_TRUE(app_password_fits(buf_span(&out), "mzxw6ytbojtg633cmfzg"));
	T_TRUE(!app_password_fits(buf_span(&out), "mzxw6ytbojtg633cmfza"));
	T_TRUE(!app_password_fits(SPAN_LIT(""), "mzxw6ytbojtg633cmfzg"));
	T_TRUE(!app_password_fits(SPAN_LIT("AAAA"), "mzxw6ytbojtg633cmfzg"));
	T_TRUE(!app_password_fits(SPAN_LIT("no base64"),
	    "mzxw6ytbojtg633cmfzg"));
	T_TRUE(!app_password_fits(span_head(buf_span(&out), 44),
	    "mzxw6ytbojtg633cmfzg"));
	T_INT(app_password_hash("mzxw6ytbojtg633cmfzg", salt, &out), -1);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(make),
		cmocka_unit_test(plain),
		cmocka_unit_test(hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
