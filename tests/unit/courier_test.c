/*
 * courier - the files that Courier-IMAP 5 leaves, as its maildirkw(1) and
 * pop3d write them.
 */
#include "store/courier.h"

#include <stdio.h>

#include "base/buf.h"
#include "t.h"

static char told[512];

static void
on_uidl(struct span base, const char *uidl, void *ctx)
{
	size_t n = strlen(told);

	(void)ctx;
	(void)snprintf(told + n, sizeof(told) - n, "%.*s=%s;", SPAN_ARG(base),
	    uidl);
}

static void
test_pop3(void **state)
{
	static const struct { const char *text, *told; } cases[] = {
		{ "/3 5 1234\na:2,S 13 1:1234:0\nb 13 0:0:0\nc 9 4:0:1\n",
		    "a=UID1-1234;b=;c=UID4;" },
		{ "/2 5 1234\nwith space 13 2:7\n", "with space=UID2-7;" },
		{ "/2 5 1\nno size 2:7\nx 1 z:1\n 1 2:3\nlast 1 2:3",
		    "no=UID2-7;last=UID2-3;" },
		{ "/1 5 1\na 13 1:1\n", NULL },
		{ "a 13\n", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].text);
		told[0] = '\0';
		T_TRUE(courier_pop3_each(span_str(cases[i].text), on_uidl,
		    NULL) == (cases[i].told != NULL));
		T_STR(span_str(told), cases[i].told == NULL ? "" :
		    cases[i].told);
	}
}

static struct span
words_of(struct hash *h, const char *base)
{
	const struct courier_words *w = hash_get(h, span_str(base));

	return w == NULL ? SPAN_LIT("-") : span_str(w->names);
}

static void
test_keywords(void **state)
{
	static const uint8_t seed[16];
	struct hash *h = hash_new(100, seed);
	size_t left = 10000;

	(void)state;
	courier_keywords_file(SPAN_LIT(".7.a"), SPAN_LIT("seven\n"), h, &left);
	courier_keywords_list(SPAN_LIT("Bar\n$Work\n\na:0\nb:1 0\nc:2 x\n"
	    ":0\nd\n"), h, &left);
	T_STR(words_of(h, "a"), "seven\n");
	T_STR(words_of(h, "b"), "$Work\nBar\n");
	T_STR(words_of(h, "c"), "");
	T_STR(words_of(h, "d"), "-");
	courier_keywords_file(SPAN_LIT(".8.a"), SPAN_LIT("eight\n"), h, &left);
	courier_keywords_file(SPAN_LIT(".6.a"), SPAN_LIT("six\n"), h, &left);
	courier_keywords_file(SPAN_LIT(".x.a"), SPAN_LIT("x\n"), h, &left);
	T_STR(words_of(h, "a"), "eight\n");
	courier_keywords_file(SPAN_LIT("a:2,S"), SPAN_LIT(""), h, &left);
	courier_keywords_file(SPAN_LIT(".9.a"), SPAN_LIT("nine\n"), h, &left);
	T_STR(words_of(h, "a"), "");
	hash_free(&h, courier_words_free);
}

/*
 * The file is its owner's: one name that a million lines mean, or one line that
 * means it a thousand times, is not a million names in memory.
 */
static void
test_memory(void **state)
{
	static const uint8_t seed[16];
	struct hash *h = hash_new(10000, seed);
	const struct courier_words *w;
	size_t left = 20000, taken = 0;
	char base[16];
	struct buf b;

	(void)state;
	buf_init(&b, 200000);
	for (int i = 0; i < 200; i++)
		(void)!buf_add_char(&b, 'x');
	(void)!buf_add_str(&b, "\nshort\n\nlong:0\nmany:");
	for (int i = 0; i < 1000; i++)
		(void)!buf_add_str(&b, "1 ");
	for (int i = 0; i < 5000; i++)
		(void)!buf_addf(&b, "\nm%d:1", i);
	courier_keywords_list(buf_span(&b), h, &left);
	T_TRUE(left < 20000);
	T_STR(words_of(h, "long"), "");		/* can be no keyword */
	T_INT(words_of(h, "many").n, 26 * strlen("short\n"));
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(base, sizeof(base), "m%d", i);
		w = hash_get(h, span_str(base));
		taken += w == NULL ? 0 : strlen(w->names) + sizeof(*w);
	}
	T_TRUE(taken > 0 && taken <= 20000);
	T_STR(words_of(h, "m0"), "short\n");
	T_STR(words_of(h, "m4999"), "-");
	/* What is replaced makes room. */
	courier_keywords_file(SPAN_LIT("many"), SPAN_LIT("one\n"), h, &left);
	T_STR(words_of(h, "many"), "one\n");
	T_TRUE(left > 26 * strlen("short\n") - 8);
	hash_free(&h, courier_words_free);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pop3),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
