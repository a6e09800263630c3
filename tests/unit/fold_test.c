/*
 * fold: spellings of one name.  Composed forms are those of the Unicode
 * Character Database, A-labels those of RFC 3492's algorithm.
 */
#include "t.h"

#include "map/fold.h"

#define JORG	"j\xc3\xb6rg@xn--bcher-kva.example"
#define BUECHER	"b\xc3\xbc" "cher.example"

static const struct {
	const char *in, *want;	/* NULL: refused */
} names[] = {
	{ "Alice@Example.ORG", "alice@example.org" },
	{ "alice", "alice" }, { "", "" }, { "@Example.ORG", "@example.org" },
	{ "j\xc3\xb6rg@" BUECHER, JORG },
	{ "J\xc3\x96RG@B\xc3\x9c" "CHER.Example", JORG },
	{ "Jo\xcc\x88rg@bu\xcc\x88" "cher.example", JORG },
	/* the last '@' parts: a quoted local part may hold another */
	{ "a@\xc3\xb6@" BUECHER, "a@\xc3\xb6@xn--bcher-kva.example" },
	/* GREEK: a capital SIGMA is small in the middle form */
	{ "\xce\xa3", "\xcf\x83" },
	/* sharp s stays; dotted capital I and KELVIN SIGN */
	{ "\xc3\x9f", "\xc3\x9f" }, { "\xc4\xb0", "\xc4\xb0" },
	{ "\xe2\x84\xaa", "k" },	/* canonically equivalent to K */
	{ "\xc3", NULL }, { "a\xc2\x85", NULL }, { "a\xe2\x80\xae", NULL },
	{ "a@\xe2\x98\x83.example", NULL },
};

static void
folded(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 300);
	for (size_t i = 0; i < COUNT(names); i++) {
		t_case(names[i].in);
		buf_clear(&out);
		T_TRUE((fold_name(span_str(names[i].in), &out) == 0) ==
		    (names[i].want != NULL));
		if (names[i].want != NULL)
			T_STR(buf_span(&out), names[i].want);
	}
	buf_fini(&out);
}

static void
keys(void **state)
{
	static const struct { const char *key; bool is; } cases[] = {
		{ "alice@example.org", true }, { "@example.org", true },
		{ "alice", true }, { "alice+x", true }, { "a b", true },
		{ "a b@example.org", true }, { JORG, true },
		{ "", false }, { "@", false }, { "alice@", false },
		/* RFC 5321 4.1.2: no dot at the end of a Domain */
		{ "alice@example.org.", false }, { "@example.org.", false },
		{ "@*.example.org", false }, { "@exa mple.org", false },
		/* not folded */
		{ "Alice@example.org", false }, { "alice@Example.org", false },
		/* 4.1.3: "IPv6:", as which no folded key begins */
		{ "a@[192.0.2.1]", true }, { "a@[ipv6:2001:db8::1]", false },
		{ "12345678901234567890123456789012"
		    "345678901234567890123456789012345", false }, /* 65 */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].key);
		T_INT(fold_is_key(span_str(cases[i].key)), cases[i].is);
	}
}

static void
routes(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "*", "*" }, { ".Example.ORG", ".example.org" },
		{ BUECHER, "xn--bcher-kva.example" },
		{ "." BUECHER, ".xn--bcher-kva.example" },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 300);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		buf_clear(&out);
		T_INT(fold_domain(span_str(cases[i].in), &out), 0);
		T_STR(buf_span(&out), cases[i].want);
	}
	T_INT(fold_domain(SPAN_LIT("\xe2\x98\x83.example"), &out), -1);
	buf_fini(&out);
}

/* What counts failures must not take one name for many. */
static void
claimed(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "Alice", "alice" }, { "Jo\xcc\x88rg@" BUECHER, JORG },
		{ "J\xc3\x96RG@xn--bcher-kva.example", JORG },
		{ "A\xff", "a\xff" }, { "A \n", "a \n" },
	};
	char out[64];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		n = fold_claimed(span_str(cases[i].in), out, sizeof(out));
		T_STR(span_of(out, n), cases[i].want);
	}
	T_INT(fold_claimed(SPAN_LIT("abcdef"), out, 3), 3);
	T_STR(span_of(out, 3), "abc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folded), cmocka_unit_test(keys), cmocka_unit_test(routes),
		cmocka_unit_test(claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
