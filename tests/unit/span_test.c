/* span: every function at its edges: empty, whole, NUL inside, one short. */
#include "t.h"

#include <string.h>

#define S	SPAN_LIT

static void
equality(void **state)
{
	static const struct { struct span a, b; bool eq, ieq; } cases[] = {
		{ S(""),     S(""),     true,  true },
		{ { NULL, 0 }, S(""),   true,  true },
		{ S("abc"),  S("abc"),  true,  true },
		{ S("abc"),  S("ABC"),  false, true },
		{ S("abc"),  S("abcd"), false, false },
		{ S("a\0b"), S("a\0c"), false, false },
		{ S("["),    S("{"),    false, false },	/* 0x5b, 0x7b */
		{ S("@"),    S("`"),    false, false },	/* 0x40, 0x60 */
		{ S("\xc4"), S("\xe4"), false, false },	/* not ASCII */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].a.p);
		T_TRUE(span_eq(cases[i].a, cases[i].b) == cases[i].eq);
		T_TRUE(span_eq(cases[i].b, cases[i].a) == cases[i].eq);
		T_TRUE(span_ieq(cases[i].a, cases[i].b) == cases[i].ieq);
	}
	T_TRUE(span_eq_str(S("x"), "x"));
	T_TRUE(!span_eq_str(S("x"), NULL));
	T_TRUE(span_eq_str(SPAN_NONE, NULL));
	T_TRUE(span_ieq_str(S("Quit"), "QUIT"));
}

static void
order(void **state)
{
	(void)state;
	T_TRUE(span_cmp(S("a"), S("b")) < 0);
	T_TRUE(span_cmp(S("b"), S("a")) > 0);
	T_TRUE(span_cmp(S("a"), S("ab")) < 0);
	T_TRUE(span_cmp(S("ab"), S("a")) > 0);
	T_TRUE(span_cmp(SPAN_NONE, S("")) == 0);
	T_TRUE(span_cmp(S("\x7f"), S("\x80")) < 0);	/* unsigned */
}

static void
ends(void **state)
{
	(void)state;
	T_TRUE(span_starts(S("abc"), S("ab")));
	T_TRUE(span_starts(S("abc"), S("")));
	T_TRUE(!span_starts(S("a"), S("ab")));
	T_TRUE(!span_starts(S("abc"), S("AB")));
	T_TRUE(span_starts(S("abc"), S("abc")));
	T_TRUE(span_istarts(S("abc"), S("AB")));
	T_TRUE(span_istarts(S("abc"), S("ABC")));
	T_TRUE(!span_istarts(S("abc"), S("ABD")));
	T_TRUE(!span_istarts(S("ab"), S("ABD")));
	T_TRUE(span_ends(S("abc"), S("bc")));
	T_TRUE(!span_ends(S("c"), S("bc")));
	T_TRUE(span_ends(S("bc"), S("bc")));
	T_TRUE(span_iends(S("bc"), S("BC")));
	T_TRUE(!span_iends(S("c"), S("BC")));
	T_TRUE(span_iends(S("x.EML"), S(".eml")));
	T_TRUE(span_ends(SPAN_NONE, SPAN_NONE));
}

static void
searching(void **state)
{
	(void)state;
	T_INT(span_chr(S("a.b.c"), '.'), 1);
	T_INT(span_rchr(S("a.b.c"), '.'), 3);
	T_INT(span_chr(S("abc"), '.'), 3);
	T_INT(span_rchr(S("abc"), '.'), 3);
	T_INT(span_chr(SPAN_NONE, '.'), 0);
	T_INT(span_rchr(SPAN_NONE, '.'), 0);
	T_INT(span_chr(S("a\0b"), '\0'), 1);
	T_TRUE(span_has(S("abc"), 'c'));
	T_TRUE(!span_has(S("abc"), '\0'));	/* not the literal's own */
	T_INT(span_find(S("aab"), S("ab")), 1);
	T_INT(span_find(S("abc"), S("")), 0);
	T_INT(span_find(S("ab"), S("abc")), 2);
	T_INT(span_find(S("abcabd"), S("abd")), 3);
	T_INT(span_find(S("abcabd"), S("abe")), 6);
	T_INT(span_find(SPAN_NONE, SPAN_NONE), 0);
}

static void
parts(void **state)
{
	(void)state;
	T_STR(span_head(S("abc"), 2), "ab");
	T_STR(span_head(S("abc"), 9), "abc");
	T_STR(span_from(S("abc"), 2), "c");
	T_STR(span_from(S("abc"), 9), "");
	T_STR(span_from(SPAN_NONE, 9), "");
	T_STR(span_trim(S(" \ta b\t ")), "a b");
	T_STR(span_trim(S("\r\na\r\n")), "\r\na\r\n");
	T_STR(span_trim_ws(S("\r\n a \r\n")), "a");
	T_STR(span_trim_ws(S(" \r\n ")), "");
	T_STR(span_trim(SPAN_NONE), "");
}

static void
cutting(void **state)
{
	struct span rest = S("a,,b,");

	(void)state;
	T_STR(span_cut(&rest, ','), "a");
	T_STR(span_cut(&rest, ','), "");
	T_STR(span_cut(&rest, ','), "b");
	T_TRUE(rest.p != NULL);		/* an empty last item stands here */
	T_STR(span_cut(&rest, ','), "");
	T_TRUE(rest.p == NULL && rest.n == 0);
	T_STR(span_cut(&rest, ','), "");
	T_TRUE(rest.p == NULL);

	rest = S("  MAIL\tFROM:  ");
	T_STR(span_word(&rest), "MAIL");
	T_STR(span_word(&rest), "FROM:");
	T_STR(span_word(&rest), "");
	T_INT(rest.n, 0);
	rest = SPAN_NONE;
	T_STR(span_word(&rest), "");
}

static void
copying(void **state)
{
	char out[4] = "zzz";

	(void)state;
	T_INT(span_copy(S("abc"), out, sizeof(out)), 0);
	T_TRUE(strcmp(out, "abc") == 0);
	T_INT(span_copy(S("abcd"), out, sizeof(out)), -1);
	T_TRUE(strcmp(out, "") == 0);
	out[0] = 'z';
	T_INT(span_copy(S("a\0b"), out, sizeof(out)), -1);
	T_TRUE(strcmp(out, "") == 0);
	T_INT(span_copy(SPAN_NONE, out, sizeof(out)), 0);
	T_INT(span_copy(S(""), out, 0), -1);
	span_copy_cut(S("abcd"), out, sizeof(out));
	T_TRUE(strcmp(out, "abc") == 0);
	span_copy_cut(S("a\0b"), out, sizeof(out));
	T_TRUE(strcmp(out, "a?b") == 0);
	span_copy_cut(span_head(S("abc"), 1), out, sizeof(out));
	T_TRUE(strcmp(out, "a") == 0);
	span_copy_cut(S("a"), NULL, 0);
}

/* Against the ranges of US-ASCII, for every octet. */
static void
classes(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool upper = i >= 65 && i <= 90, lower = i >= 97 && i <= 122;
		bool digit = i >= 48 && i <= 57;

		T_TRUE(ascii_isalpha(c) == (upper || lower));
		T_TRUE(ascii_isdigit(c) == digit);
		T_TRUE(ascii_isalnum(c) == (upper || lower || digit));
		T_TRUE(ascii_isspace(c) == (i == 32 || (i >= 9 && i <= 13)));
		T_TRUE(ascii_iscntrl(c) == (i < 32 || i == 127));
		T_TRUE(ascii_isxdigit(c) == (digit || (i >= 65 && i <= 70) ||
		    (i >= 97 && i <= 102)));
		T_INT(ascii_lower(c), upper ? i + 32 : c);
		T_INT(ascii_upper(c), lower ? i - 32 : c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality),
		cmocka_unit_test(order),
		cmocka_unit_test(ends),
		cmocka_unit_test(searching),
		cmocka_unit_test(parts),
		cmocka_unit_test(cutting),
		cmocka_unit_test(copying),
		cmocka_unit_test(classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
