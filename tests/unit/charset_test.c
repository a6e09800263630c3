/*
 * charset: known strings of the charsets that mail uses; broken input; names.
 */
#include "os/charset.h"

#include <string.h>

#include "t.h"

static const struct {
	const char *charset;
	struct span in;
	const char *out;	/* NULL: unknown charset */
} cases[] = {
	{ "utf-8", SPAN_LIT("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f" },
	{ "US-ASCII", SPAN_LIT("plain"), "plain" },
	{ "iso-8859-1", SPAN_LIT("gr\xfc\xdf"), "gr\xc3\xbc\xc3\x9f" },
	{ "latin1", SPAN_LIT("\xfc"), "\xc3\xbc" },
	{ "ISO-8859-15", SPAN_LIT("\xa4"), "\xe2\x82\xac" },	/* euro sign */
	{ "windows-1252", SPAN_LIT("\x80"), "\xe2\x82\xac" },
	{ "KOI8-R", SPAN_LIT("\xd0\xcf\xde\xd4\xc1"),
	    "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0" },
	/* RFC 1468: ESC $ B for JIS X 0208, ESC ( B back */
	{ "iso-2022-jp", SPAN_LIT("\x1b$B$3$s\x1b(B"),
	    "\xe3\x81\x93\xe3\x82\x93" },
	{ "Shift_JIS", SPAN_LIT("\x82\xb1"), "\xe3\x81\x93" },
	{ "GB2312", SPAN_LIT("\xc4\xe3"), "\xe4\xbd\xa0" },
	{ "euc-kr", SPAN_LIT("\xb0\xa1"), "\xea\xb0\x80" },
	{ "utf-16", SPAN_LIT("\xfe\xff\0a"), "a" },
	{ "utf-7", SPAN_LIT("+AOQ-"), "\xc3\xa4" },
	{ "utf-8", SPAN_LIT(""), "" },
	/* broken: each octet that fits nowhere is one U+FFFD */
	{ "utf-8", SPAN_LIT("a\xff""b"), "a\xef\xbf\xbd""b" },
	{ "utf-8", SPAN_LIT("a\xe2\x82"), "a\xef\xbf\xbd" },	/* cut off */
	{ "utf-8", SPAN_LIT("\xc0\x80"),	/* overlong NUL */
	    "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "us-ascii", SPAN_LIT("\xe4"), "\xef\xbf\xbd" },
	{ "klingon", SPAN_LIT("x"), NULL },
	{ "", SPAN_LIT("x"), NULL },
	{ "UTF-8 UTF8", SPAN_LIT("x"), NULL },	/* our row is no name */
	{ "utf-8//IGNORE", SPAN_LIT("x"), NULL },
};

static void
test_all(void **state)
{
	struct buf out;

	(void)state;
	charset_open_all();
	charset_open_all();	/* twice does no harm */
	buf_init(&out, 100);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].charset);
		buf_clear(&out);
		bool ok = charset_to_utf8(span_str(cases[i].charset),
		    cases[i].in, &out) == 0;
		T_TRUE(ok == (cases[i].out != NULL));
		if (ok)
			T_STR(buf_span(&out), cases[i].out);
	}
	buf_fini(&out);
}

/* A converter that was left in the middle of something starts anew. */
static void
test_state(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	T_TRUE(charset_to_utf8(SPAN_LIT("iso-2022-jp"), SPAN_LIT("\x1b$B$3"),
	    &out) == 0);
	buf_clear(&out);
	T_TRUE(charset_to_utf8(SPAN_LIT("iso-2022-jp"), SPAN_LIT("abc"),
	    &out) == 0);
	T_STR(buf_span(&out), "abc");
	buf_fini(&out);
}

static void
test_cap(void **state)
{
	static char in[5000];
	struct buf out;

	(void)state;
	memset(in, '\xff', sizeof(in));
	buf_init(&out, 3 * sizeof(in));
	T_TRUE(charset_to_utf8(SPAN_LIT("utf-8"), span_of(in, sizeof(in)),
	    &out) == 0 && out.n == 3 * sizeof(in));
	buf_fini(&out);
	buf_init(&out, 3 * sizeof(in) - 1);
	T_TRUE(charset_to_utf8(SPAN_LIT("utf-8"), span_of(in, sizeof(in)),
	    &out) == -1);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_cap),
	};

	return cmocka_run_group_tests_name("charset", tests, NULL, NULL);
}
