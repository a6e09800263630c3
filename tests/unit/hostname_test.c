/* hostname: the labels of a domain (RFC 5321 4.1.2), and all that only looks so. */
#include "t.h"

#include "base/hostname.h"

#define TEN	"abcdefghij"
#define SIXTY	TEN TEN TEN TEN TEN TEN

static void
labels(void **state)
{
	static const struct {
		struct span in;
		size_t ascii, utf8;
	} cases[] = {
		{ SPAN_LIT("a"), 1, 1 },
		{ SPAN_LIT("mail.example"), 2, 2 },
		{ SPAN_LIT("a.b-c.d"), 3, 3 },
		{ SPAN_LIT("1.example"), 2, 2 },
		{ SPAN_LIT("example.4a"), 2, 2 },
		{ SPAN_LIT("xn--bcher-kva.example"), 2, 2 },
		{ SPAN_LIT(SIXTY "abc.x"), 2, 2 },
		{ SPAN_LIT(SIXTY "abcd.x"), 0, 0 },
		{ SPAN_LIT(""), 0, 0 },
		{ SPAN_LIT("."), 0, 0 },
		{ SPAN_LIT(".a"), 0, 0 },
		{ SPAN_LIT("a."), 0, 0 },
		{ SPAN_LIT("a..b"), 0, 0 },
		{ SPAN_LIT("-a.b"), 0, 0 },
		{ SPAN_LIT("a-.b"), 0, 0 },
		{ SPAN_LIT("a_b.c"), 0, 0 },
		{ SPAN_LIT("a b.c"), 0, 0 },
		{ SPAN_LIT("a\0.c"), 0, 0 },
		{ SPAN_LIT("127.0.0.1"), 0, 0 },
		{ SPAN_LIT("a.1"), 0, 0 },
		{ SPAN_LIT("b\xc3\xbc" "cher.example"), 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		T_TRUE(hostname_labels(cases[i].in, false) == cases[i].ascii);
		T_TRUE(hostname_labels(cases[i].in, true) == cases[i].utf8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
