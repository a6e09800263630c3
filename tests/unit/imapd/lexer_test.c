/* lexer: tokens of RFC 3501 section 9, and the budgets of a line. */
#include "../t.h"

#include "base/bug.h"
#include "imapd/lexer.h"
#include "imapd/limits.h"

static const struct {
	const char *line;
	enum lexer_verdict want;
	unsigned long long octets;
	bool sync;
} lines[] = {
	{ "a NOOP", LEXER_DONE, 0, false },
	{ "", LEXER_DONE, 0, false },
	/* RFC 3501 6.2.3, 4.3: a literal is the last thing on its line */
	{ "A001 LOGIN {11}", LEXER_LITERAL, 11, true },
	{ "A001 LOGIN {11+}", LEXER_LITERAL, 11, false },
	{ "a {0}", LEXER_LITERAL, 0, true },
	{ "a {18446744073709551615}", LEXER_LITERAL, 18446744073709551615ULL,
	    true },
	{ "a {18446744073709551616}", LEXER_BAD, 0, false },
	{ "a {-1}", LEXER_BAD, 0, false },
	{ "a {}", LEXER_BAD, 0, false },
	{ "a {+}", LEXER_BAD, 0, false },
	{ "a {1-}", LEXER_BAD, 0, false },
	{ "a {1} b", LEXER_BAD, 0, false },
	{ "a {1", LEXER_BAD, 0, false },
	/* no literal within quotes */
	{ "a \"{11}\"", LEXER_DONE, 0, false },
	{ "a \"x {11}", LEXER_BAD, 0, false },
	{ "a \"x\\\"", LEXER_BAD, 0, false },
	{ "a \"x\\\\\"", LEXER_DONE, 0, false },
	{ "a \"x\\y\"", LEXER_BAD, 0, false },
	{ "a \"\"", LEXER_DONE, 0, false },
	{ "a (b (c)) \"()((\"", LEXER_DONE, 0, false },
	{ "a \x01", LEXER_BAD, 0, false },
	{ "a \x7f", LEXER_BAD, 0, false },
	{ "a \xc3\xa4", LEXER_BAD, 0, false },
	{ "a \"\xc3\xa4\"", LEXER_DONE, 0, false },	/* RFC 6855 3 */
	{ "a \"\xc3\"", LEXER_BAD, 0, false },
	{ "a \"\xed\xa0\x80\"", LEXER_BAD, 0, false },	/* a surrogate */
	{ "a\tb", LEXER_BAD, 0, false },
};

static void
verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct lexer l;
		struct lexer_literal lit = { .octets = 0 };
		const char *why = NULL;

		t_case(lines[i].line);
		lexer_init(&l);
		T_INT(lexer_line(&l, t_exact(span_str(lines[i].line)), &lit,
		    &why), lines[i].want);
		T_TRUE(lines[i].want != LEXER_BAD || why != NULL);
		if (lines[i].want != LEXER_LITERAL)
			continue;
		T_TRUE(lit.octets == lines[i].octets);
		T_TRUE(lit.sync == lines[i].sync);
		T_TRUE(lines[i].line[lit.at] == '{');
	}
}

/* NUL and all other octets that are no CHAR, wherever they stand. */
static void
every_octet(void **state)
{
	char line[16];

	(void)state;
	for (unsigned octet = 0; octet < 256; octet++) {
		for (size_t at = 0; at < 6; at++) {
			struct lexer l;
			struct lexer_literal lit;
			const char *why;
			bool bad;

			memcpy(line, "a \"xy\"", 6);
			line[at] = (char)octet;
			lexer_init(&l);
			bad = octet == 0 || octet > 0x7f ||
			    octet == '\r' || octet == '\n';
			enum lexer_verdict v = lexer_line(&l, t_exact(
			    span_of(line, 6)), &lit, &why);

			T_TRUE(!bad || v == LEXER_BAD);
		}
	}
}

static enum lexer_verdict
judge(const char *unit, size_t times, size_t line_n)
{
	size_t n = strlen(unit);
	char *text = xmalloc(n * times + 1);
	struct lexer l;
	struct lexer_literal lit;
	const char *why;
	enum lexer_verdict v = LEXER_DONE;

	for (size_t i = 0; i < times; i++)
		memcpy(text + i * n, unit, n);
	lexer_init(&l);
	for (size_t at = 0; at < n * times && v != LEXER_BAD; at += line_n) {
		size_t left = n * times - at;

		v = lexer_line(&l, span_of(text + at, left < line_n ? left :
		    line_n), &lit, &why);
		if (v == LEXER_LITERAL && !lexer_keep(&l, lit.octets))
			v = LEXER_BAD;
	}
	free(text);
	return v;
}

/* Every kind of token is counted: a million of each is refused. */
static void
budgets(void **state)
{
	(void)state;
	T_INT(judge("(", IMAP_DEPTH_MAX, 65536), LEXER_DONE);
	T_INT(judge("(", IMAP_DEPTH_MAX + 1, 65536), LEXER_BAD);
	T_INT(judge("()", IMAP_ITEMS_MAX, 65536), LEXER_BAD);
	T_INT(judge("a ", IMAP_ITEMS_MAX, 65536), LEXER_DONE);
	T_INT(judge("a ", IMAP_ITEMS_MAX + 1, 65536), LEXER_BAD);
	T_INT(judge("\"\" ", IMAP_ITEMS_MAX + 1, 65536), LEXER_BAD);
	T_INT(judge("{1+}", IMAP_ITEMS_MAX, 4), LEXER_DONE + 1);
	T_INT(judge("{1+}", IMAP_ITEMS_MAX + 1, 4), LEXER_BAD);
	T_INT(judge("xxxxxxxxxxxxxxxx", IMAP_COMMAND_MAX / 16, 1024),
	    LEXER_BAD);
}

static void
tokens(void **state)
{
	struct arena *mem = arena_new(KIB);
	struct cur c;
	struct span s;
	uint32_t n;

	(void)state;
	t_case("quoted");
	cur_init(&c, SPAN_LIT("\"a\\\"b\\\\\" rest"), 0, 0);
	T_TRUE(lexer_astring(&c, mem, &s));
	T_STR(s, "a\"b\\");
	T_TRUE(lexer_sp(&c));
	T_TRUE(lexer_astring(&c, mem, &s));
	T_STR(s, "rest");
	t_case("literal");
	cur_init(&c, SPAN_LIT("{5}\r\na\r\nb) x"), 0, 0);
	T_TRUE(lexer_string(&c, mem, &s));
	T_STR(s, "a\r\nb)");
	t_case("literal longer than the text");
	cur_init(&c, SPAN_LIT("{6}\r\nabcde"), 0, 0);
	T_TRUE(!lexer_string(&c, mem, &s));
	t_case("NUL in a literal");
	cur_init(&c, SPAN_LIT("{3+}\r\na\0b"), 0, 0);
	T_TRUE(!lexer_string(&c, mem, &s));
	t_case("nstring");
	cur_init(&c, SPAN_LIT("nil"), 0, 0);
	T_TRUE(lexer_nstring(&c, mem, &s) && s.p == NULL);
	t_case("an astring may hold a ]");
	cur_init(&c, SPAN_LIT("a]b"), 0, 0);
	T_TRUE(lexer_astring(&c, mem, &s) && s.n == 3);
	cur_init(&c, SPAN_LIT("a]b"), 0, 0);
	T_TRUE(lexer_atom(&c, &s) && s.n == 1);
	t_case("wildcards");
	cur_init(&c, SPAN_LIT("a%b*"), 0, 0);
	T_TRUE(lexer_pattern(&c, mem, &s) && s.n == 4);
	cur_init(&c, SPAN_LIT("%b"), 0, 0);
	T_TRUE(!lexer_astring(&c, mem, &s));
	t_case("tags");
	cur_init(&c, SPAN_LIT("a+b"), 0, 0);
	T_TRUE(lexer_tag(&c, &s) && s.n == 1);
	cur_init(&c, SPAN_LIT("+"), 0, 0);
	T_TRUE(!lexer_tag(&c, &s));
	t_case("numbers");
	cur_init(&c, SPAN_LIT("4294967295"), 0, 0);
	T_TRUE(lexer_number(&c, &n) && n == UINT32_MAX);
	cur_init(&c, SPAN_LIT("4294967296"), 0, 0);
	T_TRUE(!lexer_number(&c, &n));
	cur_init(&c, SPAN_LIT("0"), 0, 0);
	T_TRUE(!lexer_nz_number(&c, &n));
	t_case("flags");
	cur_init(&c, SPAN_LIT("\\Seen)"), 0, 0);
	T_TRUE(lexer_flag(&c, &s));
	T_STR(s, "\\Seen");
	cur_init(&c, SPAN_LIT("\\"), 0, 0);
	T_TRUE(!lexer_flag(&c, &s));
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(every_octet),
		cmocka_unit_test(budgets),
		cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
