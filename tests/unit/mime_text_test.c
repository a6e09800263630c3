/* mime_text: the examples of RFC 2047 8, charsets, broken words. */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/mime_text.h"

static const struct { const char *in, *want; } cases[] = {
	/* RFC 2047 8 */
	{ " =?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>",
	    "Keith Moore <moore@cs.utk.edu>" },
	{ "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>",
	    "Keld J\xc3\xb8rn Simonsen <keld@dkuug.dk>" },
	{ "=?ISO-8859-1?Q?Andr=E9?= Pirard", "Andr\xc3\xa9 Pirard" },
	{ "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
	    "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
	    "If you can read this yo=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSB"
	    "leGFtcGxlLg==?=" },
	{ "(=?ISO-8859-1?Q?a?=)", "(a)" },
	{ "(=?ISO-8859-1?Q?a?= b)", "(a b)" },
	{ "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)" },
	{ "(=?ISO-8859-1?Q?a?=  \r\n    =?ISO-8859-1?Q?b?=)", "(ab)" },
	{ "(=?ISO-8859-1?Q?a_b?=)", "(a b)" },
	{ "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?_b?=)", "(a b)" },
	/* RFC 2231 5: a language */
	{ "=?US-ASCII*EN?Q?Keith?=", "Keith" },
	/* charsets */
	{ "=?windows-1252?q?=80=93?=", "\xe2\x82\xac\xe2\x80\x9c" },
	{ "=?iso-8859-15?q?=A4?=", "\xe2\x82\xac" },
	{ "=?utf-8?b?4oKs?=", "\xe2\x82\xac" },
	{ "=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "\xe2\x82\xac" },
	{ "=?utf-8?q?=ff?=", "\xef\xbf\xbd" },
	{ "=?utf-8?q?=c0=80?=", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "=?us-ascii?q?=e9?=", "\xef\xbf\xbd" },
	{ "=?x-unknown?q?a?= b", "=?x-unknown?q?a?= b" },
	/* bare 8-bit */
	{ "J\xc3\xbcrgen", "J\xc3\xbcrgen" }, { "J\xfcrgen", "J\xc3\xbcrgen" },
	{ "a\xf0\x9f", "a\xc3\xb0\xc5\xb8" },
	/* no encoded words */
	{ "", "" }, { "=?", "=?" }, { "=?a?q?", "=?a?q?" },
	{ "=?a?x?b?=", "=?a?x?b?=" }, { "=?a?q?b c?=", "=?a?q?b c?=" },
	{ "=?utf-8?q?a?b?=", "=?utf-8?q?a?b?=" },
	{ "=?\?q?a?=", "=?\?q?a?=" }, { "=?utf-8?q?\?=", "" },
	{ "a =?utf-8?q?b=3?= c", "a b=3 c" },
	{ "=?utf-8?q?a?==?utf-8?q?b?=", "ab" },
	/* what would end a line or a string */
	{ "=?utf-8?q?a=0D=0ABcc:_b=00?=", "a  Bcc: b " },
	{ "a\r\n b\r\n\tc", "a b\tc" },
};

static void
words(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		buf_clear(&b);
		T_INT(mime_text_decode(span_str(cases[i].in), NULL, &b), 0);
		T_STR(buf_span(&b), cases[i].want);
		T_TRUE(utf8_valid(buf_span(&b)));
	}
	buf_fini(&b);
}

static int
shout(void *ctx, struct span charset, struct span in, struct buf *out)
{
	int *calls = ctx;

	if (!span_ieq_str(charset, "x-shout"))
		return -1;
	++*calls;
	return buf_add_span(out, in) != 0 ? -1 : buf_add_char(out, '!');
}

static void
converter(void **state)
{
	int calls = 0;
	struct mime_charset more = { shout, &calls };
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	T_INT(mime_text_decode(SPAN_LIT("=?X-Shout?q?a?= =?x-shout?b?Yg==?= "
	    "=?x-other?q?c?="), &more, &b), 0);
	T_STR(buf_span(&b), "ab!=?x-other?q?c?=");
	T_INT(calls, 1);	/* words of one charset go together */
	buf_clear(&b);
	T_INT(mime_charset_utf8(SPAN_LIT("x-shout"), SPAN_LIT("z"), &more,
	    &b), 0);
	T_STR(buf_span(&b), "z!");
	T_INT(mime_charset_utf8(SPAN_LIT("none"), SPAN_LIT("z"), NULL, &b),
	    -1);
	buf_fini(&b);
}

static void
cap(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 3);
	T_INT(mime_text_decode(SPAN_LIT("abcd"), NULL, &b), -1);
	buf_fini(&b);
}

static void
long_values(void **state)
{
	static const char *const units[] = { "=?utf-8?q?a?= ", "=?", "=?=",
		"=?a?q?", "=?utf-8?b?", "=?utf-8?q?=C3=A9?=", "?=", "=",
		"=?a*", "=?x?q?a?= ", "\xff", "=?utf-8?q?a?=b" };
	const size_t size = 5 * 1000 * 1000;
	char *text = malloc(size);
	struct buf b;

	(void)state;
	T_TRUE(text != NULL);
	buf_init(&b, 4 * size);
	for (size_t i = 0; i < COUNT(units); i++) {
		size_t unit = strlen(units[i]);

		t_case(units[i]);
		for (size_t k = 0; k < size; k++)
			text[k] = units[i][k % unit];
		buf_clear(&b);
		T_INT(mime_text_decode(span_of(text, size), NULL, &b), 0);
		T_TRUE(utf8_valid(buf_span(&b)));
	}
	buf_fini(&b);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words), cmocka_unit_test(converter),
		cmocka_unit_test(cap), cmocka_unit_test(long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
