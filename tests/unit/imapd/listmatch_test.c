/* listmatch: RFC 3501 6.3.8; and the patterns that are meant to be dear. */
#include "../t.h"

#include <time.h>

#include "base/bug.h"
#include "imapd/listmatch.h"

static const struct { const char *pattern, *name; bool inbox, want; } cases[] = {
	{ "*", "a/b/c", false, true },
	{ "%", "a", false, true },
	{ "%", "a/b", false, false },
	{ "%/%", "a/b", false, true },
	{ "%/%", "a/b/c", false, false },
	{ "a/%", "a/b", false, true },
	{ "a/%", "a", false, false },
	{ "a*", "a", false, true },
	{ "a*c", "a/b/c", false, true },
	{ "a%c", "abc", false, true },
	{ "a%c", "a/c", false, false },
	{ "%a%b", "xaab", false, true },
	{ "%a%b", "xa/ab", false, false },
	{ "*a%b", "xa/ab", false, true },
	{ "*%*%*%", "a/b/c/d", false, true },
	{ "", "", false, true },
	{ "", "a", false, false },
	{ "INBOX", "INBOX", true, true },
	{ "inbox", "INBOX", true, true },
	{ "iNb%", "INBOX", true, true },
	{ "inbox/a", "INBOX/a", true, true },
	{ "inbox/A", "INBOX/a", true, false },
	{ "inbox", "INBOX", false, false },
	/* RFC 3501 6.3.9 */
	{ "#news.comp.mail.%", "#news.comp.mail.mime", false, true },
	{ "#news.%", "#news.comp.mail", false, true },
};

static bool
try(const char *pattern, const char *name, bool inbox)
{
	struct listmatch *m = xmalloc(sizeof(*m));
	bool got;

	listmatch_init(m, t_exact(span_str(pattern)), '/');
	got = listmatch(m, span_str(name), inbox);
	free(m);
	return got;
}

static void
patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].pattern);
		T_TRUE(try(cases[i].pattern, cases[i].name, cases[i].inbox) ==
		    cases[i].want);
	}
}

/* The plain way, exponential, as the judge for all short texts. */
static bool
slow(const char *p, const char *s)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p == '*' || *p == '%')
		return slow(p + 1, s) || (*s != '\0' &&
		    (*p == '*' || *s != '/') && slow(p, s + 1));
	return *p == *s && slow(p + 1, s + 1);
}

static void
make_text(char out[8], unsigned code, const char *letters, unsigned n)
{
	size_t i = 0;

	for (; code > 0; code /= n + 1)
		if (code % (n + 1) > 0)
			out[i++] = letters[code % (n + 1) - 1];
	out[i] = '\0';
}

static void
all_short_ones(void **state)
{
	char pattern[8], name[8];

	(void)state;
	for (unsigned p = 0; p < 625; p++) {
		make_text(pattern, p, "a/*%", 4);
		for (unsigned n = 0; n < 243; n++) {
			make_text(name, n, "a/", 2);
			t_case(pattern);
			T_TRUE(try(pattern, name, false) ==
			    slow(pattern, name));
		}
	}
}

/* Many wildcards against a long name that nearly matches: no going back. */
static void
dear_patterns(void **state)
{
	char pattern[1024], name[201];
	clock_t begin = clock();

	(void)state;
	for (size_t i = 0; i + 4 < sizeof(pattern); i += 4)
		memcpy(pattern + i, "*a%a", 5);
	memset(name, 'a', 200);
	name[200] = '\0';
	for (int i = 0; i < 1000; i++)
		T_TRUE(!try(pattern, name, false));
	memcpy(pattern, "*%*%*%*%*%*%*%*%*%*%*%*%*b", 27);
	for (int i = 0; i < 1000; i++)
		T_TRUE(!try(pattern, name, false));
	T_TRUE(clock() - begin < 2 * CLOCKS_PER_SEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(all_short_ones),
		cmocka_unit_test(dear_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
