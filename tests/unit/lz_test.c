/* lz: the form that lz.h describes, by hand; and what is no such text. */
#include "t.h"

#include "base/lz.h"
#include "base/num.h"

/* before: what stands before the text. */
static const struct {
	struct span before, packed, text;
} forms[] = {
	{ SPAN_LIT(""), SPAN_LIT(""), SPAN_LIT("") },
	{ SPAN_LIT(""), SPAN_LIT("\x30" "abc"), SPAN_LIT("abc") },
	/* Four of what stands five before, and "e" and the end. */
	{ SPAN_LIT(""), SPAN_LIT("\x50" "abcd,\x05\x10" "e"),
	  SPAN_LIT("abcd,abcde") },
	/* It reaches into itself. */
	{ SPAN_LIT(""), SPAN_LIT("\x14" "a\x01"), SPAN_LIT("aaaaaaaaa") },
	/* Over 15 octets: 4 + 15 + 3. */
	{ SPAN_LIT(""), SPAN_LIT("\x1f\x03" "a\x01"),
	  SPAN_LIT("aaaaaaaaaaaaaaaaaaaaaaa") },
	{ SPAN_LIT(""), SPAN_LIT("\xf0\x01" "0123456789ABCDEF"),
	  SPAN_LIT("0123456789ABCDEF") },
	{ SPAN_LIT("Subject"), SPAN_LIT("\x03\x07"), SPAN_LIT("Subject") },
	{ SPAN_LIT("Subject"), SPAN_LIT("\x00\x04\x10!"), SPAN_LIT("ject!") },
};

static void
packing(void **state)
{
	struct lz_words words;
	struct buf all, out;

	(void)state;
	buf_init(&all, 1000);
	buf_init(&out, 1000);
	for (size_t i = 0; i < COUNT(forms); i++) {
		t_case(forms[i].text.p);
		buf_clear(&all);
		buf_clear(&out);
		T_INT(buf_add_span(&all, forms[i].before), 0);
		T_INT(buf_add_span(&all, forms[i].text), 0);
		T_INT(lz_pack(&out, t_exact(buf_span(&all)),
		    forms[i].before.n, NULL), 0);
		T_SPAN(buf_span(&out), forms[i].packed);
		/* What is known of the words changes nothing. */
		lz_learn(&words, forms[i].before);
		buf_clear(&out);
		T_INT(lz_pack(&out, t_exact(buf_span(&all)),
		    forms[i].before.n, &words), 0);
		T_SPAN(buf_span(&out), forms[i].packed);
	}
	buf_fini(&all);
	buf_fini(&out);
}

/* As much of the text as is wanted, or more, of the same. */
static void
beginnings(struct buf *out, size_t i)
{
	struct span text = forms[i].text, got;

	for (size_t n = 0; n < text.n; n++) {
		buf_cut(out, forms[i].before.n);
		T_INT(lz_unpack(out, t_exact(forms[i].packed), text.n, n), 0);
		got = span_from(buf_span(out), forms[i].before.n);
		T_TRUE(got.n >= n);
		T_TRUE(span_starts(text, got));
	}
}

static void
unpacking(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < COUNT(forms); i++) {
		t_case(forms[i].text.p);
		buf_clear(&out);
		T_INT(buf_add_span(&out, forms[i].before), 0);
		T_INT(lz_unpack(&out, t_exact(forms[i].packed),
		    forms[i].text.n, SIZE_MAX), 0);
		T_SPAN(span_from(buf_span(&out), forms[i].before.n),
		    forms[i].text);
		beginnings(&out, i);
	}
	buf_fini(&out);
}

static void
refusing(void **state)
{
	static const struct {
		const char *what;
		struct span packed;
		size_t octets;
	} cases[] = {
		{ "nothing for something", SPAN_LIT(""), 1 },
		{ "something for nothing", SPAN_LIT("\x00"), 0 },
		{ "literals cut off",	SPAN_LIT("\x30" "ab"), 3 },
		{ "more literals than octets", SPAN_LIT("\x30" "abc"), 2 },
		{ "fewer octets",	SPAN_LIT("\x30" "abc"), 4 },
		{ "something behind it", SPAN_LIT("\x30" "abcd"), 3 },
		{ "distance 0",		SPAN_LIT("\x10" "a\x00"), 5 },
		{ "before all",		SPAN_LIT("\x10" "a\x04"), 5 },
		{ "more than octets",	SPAN_LIT("\x11" "a\x01"), 5 },
		{ "no distance",	SPAN_LIT("\x10" "a"), 5 },
		{ "no end of a length",	SPAN_LIT("\xf0\x80\x80\x80\x80\x80\x01"
		    "abc"), 100 },
		{ "a length of 2^28",	SPAN_LIT("\x1f\xff\xff\xff\x7f" "a\x01"),
		    100 },
		{ "no room",		SPAN_LIT("\x1f\xff\x7f" "a\x01"),
		    16403 },
		{ "far over any cap",	SPAN_LIT("\x10" "a"), SIZE_MAX },
	};
	struct buf out;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].what);
		buf_init(&out, 1000);
		T_INT(buf_add_str(&out, "xy"), 0);
		T_INT(lz_unpack(&out, t_exact(cases[i].packed),
		    cases[i].octets, SIZE_MAX), -1);
		T_STR(buf_span(&out), "xy");
		buf_fini(&out);
	}
}

/* Octets that never come again grow by no more than lz.h says. */
static void
growing(void **state)
{
	uint8_t text[65536];
	struct buf out, back;
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (uint8_t)(x >> 24);
	}
	buf_init(&out, 2 * sizeof(text));
	buf_init(&back, sizeof(text));
	T_INT(lz_pack(&out, span_of(text, sizeof(text)), 0, NULL), 0);
	T_TRUE(out.n <= sizeof(text) + sizeof(text) / 32 + 8);
	T_INT(lz_unpack(&back, buf_span(&out), sizeof(text),
	    SIZE_MAX), 0);
	T_TRUE(span_eq(buf_span(&back), span_of(text, sizeof(text))));
	buf_clear(&out);
	out.cap = 100;
	T_INT(lz_pack(&out, span_of(text, sizeof(text)), 0, NULL), -1);
	T_INT(lz_pack(&out, span_of(text, 10), 11, NULL), -1);
	buf_fini(&out);
	buf_fini(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packing), cmocka_unit_test(unpacking),
		cmocka_unit_test(refusing), cmocka_unit_test(growing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
