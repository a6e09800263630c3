/*
 * casemap: i;unicode-casemap, by properties of UnicodeData.txt (fields 5, the
 * decomposition, and 14, the title case).
 */
#include "../t.h"

#include "base/buf.h"
#include "imapd/casemap.h"

static const struct { const char *what, *in, *out; } cases[] = {
	{ "ASCII", "Hello, World 1", "HELLO, WORLD 1" },
	{ "01C4;LATIN CAPITAL LETTER DZ WITH CARON", "\xc7\x84",
	    "Dz\xcc\x8c" },
	{ "01C6: its small letter", "\xc7\x86", "Dz\xcc\x8c" },
	{ "00E4: A and 0308", "\xc3\xa4", "A\xcc\x88" },
	{ "the same, decomposed already", "a\xcc\x88", "A\xcc\x88" },
	{ "212B;ANGSTROM SIGN: 00C5", "\xe2\x84\xab", "A\xcc\x8a" },
	{ "FB01: <compat> 0066 0069, no title case", "\xef\xac\x81", "fi" },
	{ "FF21: <wide> 0041", "\xef\xbc\xa1", "A" },
	{ "00DF: neither", "\xc3\x9f", "\xc3\x9f" },
	{ "0432: 0412", "\xd0\xb2", "\xd0\x92" },
	{ "03C2: 03A3", "\xcf\x82", "\xce\xa3" },
	{ "AC00: a range without properties", "\xea\xb0\x80",
	    "\xea\xb0\x80" },
	{ "D7A3: its end", "\xed\x9e\xa3", "\xed\x9e\xa3" },
	{ "no UTF-8", "a\xff", "A\xef\xbf\xbd" },
};

static void
fold(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, KIB);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].what);
		buf_clear(&out);
		T_INT(casemap_fold(&out, span_str(cases[i].in)), 0);
		T_STR(buf_span(&out), cases[i].out);
	}
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
