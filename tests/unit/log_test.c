/* log: what strangers write stays inside its quotes and inside the line. */
#include "t.h"

#include <string.h>

#include "base/log.h"
#include "base/num.h"

static struct {
	int calls;
	enum log_level level;
	char line[LOG_LINE_MAX + 1];
} got;

static void
keep(enum log_level level, struct span line)
{
	got.calls++;
	got.level = level;
	T_INT(span_copy(line, got.line, sizeof(got.line)), 0);
}

/* The rule at the head of log.h. */
static void
quoting(void **state)
{
	static const struct { struct span in; const char *want; } cases[] = {
		{ SPAN_LIT("a@b.example"), "a@b.example" },
		{ SPAN_LIT("!<>~"),        "!<>~" },
		{ SPAN_LIT("~ !"),         "\"~ !\"" },
		{ SPAN_LIT(""),            "\"\"" },
		{ SPAN_LIT("a b"),         "\"a b\"" },
		{ SPAN_LIT("a=b"),         "\"a=b\"" },
		{ SPAN_LIT("a\"b"),        "\"a\\\"b\"" },
		{ SPAN_LIT("a\\b"),        "\"a\\\\b\"" },
		{ SPAN_LIT("a\nid=x"),     "\"a\\x0aid=x\"" },
		{ SPAN_LIT("a\0b"),        "\"a\\x00b\"" },
		{ SPAN_LIT("\x1b[2J"),     "\"\\x1b[2J\"" },
		{ SPAN_LIT("\x7f"),        "\"\\x7f\"" },
		{ SPAN_LIT("\xc3\xa4"),    "\"\\xc3\\xa4\"" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].want);
		buf_clear(&b);
		log_quote(&b, cases[i].in);
		T_STR(buf_span(&b), cases[i].want);
	}
	buf_fini(&b);
}

/* All lengths around the limit, for bare, quoted and escaped octets. */
static void
values_are_cut(void **state)
{
	static const char fill[] = { 'x', ' ', '"', '\n' };
	char in[LOG_VALUE_MAX + 10];
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t k = 0; k < COUNT(fill); k++) {
		memset(in, fill[k], sizeof(in));
		for (size_t n = 100; n <= sizeof(in); n++) {
			buf_clear(&b);
			log_quote(&b, span_of(in, n));
			T_TRUE(b.n <= LOG_VALUE_MAX);
			T_TRUE(k != 1 || b.n == num_min(n + 2,
			    LOG_VALUE_MAX));
			T_TRUE(b.n >= (n < LOG_VALUE_MAX - 6 ? n :
			    LOG_VALUE_MAX - 6));
			T_TRUE(k == 0 || (b.p[0] == '"' &&
			    b.p[b.n - 1] == '"'));
		}
	}
	buf_fini(&b);
}

static void
lines(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	log_format(&b, (const struct log_field[]){
	    LF_STR("event", "accepted"), LF_STR("left_out", NULL),
	    LF_SPAN("from", SPAN_LIT("a b")), LF_NUM("size", UINT64_MAX),
	    LF_INT("zone", INT64_MIN), { .key = NULL } });
	T_STR(buf_span(&b), "event=accepted from=\"a b\" "
	    "size=18446744073709551615 zone=-9223372036854775808");
	buf_clear(&b);
	log_format(&b, (const struct log_field[]){ { .key = NULL } });
	T_STR(buf_span(&b), "");
	buf_fini(&b);
}

/* A pair too many is left out whole; a short one behind it still comes. */
static void
long_lines(void **state)
{
	char text[LOG_VALUE_MAX + 1];
	struct buf b;

	(void)state;
	memset(text, ' ', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	buf_init(&b, 8192);
	log_format(&b, (const struct log_field[]){
	    LF_STR("a", text), LF_STR("b", text), LF_STR("c", text),
	    LF_STR("d", text), LF_STR("id", "x"), { .key = NULL } });
	T_TRUE(b.n <= LOG_LINE_MAX);
	T_TRUE(span_find(buf_span(&b), SPAN_LIT(" c=\"")) < b.n);
	T_TRUE(span_find(buf_span(&b), SPAN_LIT(" d=")) == b.n);
	T_TRUE(span_ends(buf_span(&b), SPAN_LIT("\" id=x")));
	buf_fini(&b);
}

/* A line of exactly the limit is whole; a full buffer says that it is. */
static void
limits(void **state)
{
	char text[LOG_VALUE_MAX + 1], rest[LOG_VALUE_MAX + 1];
	struct buf b;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	/* Three of "k=" + 512 with two spaces, and " d=" before the last. */
	memset(rest, 'x', sizeof(rest));
	rest[LOG_LINE_MAX - (3 * (LOG_VALUE_MAX + 2) + 2) - 3] = '\0';
	buf_init(&b, 8192);
	log_format(&b, (const struct log_field[]){ LF_STR("a", text),
	    LF_STR("b", text), LF_STR("c", text), LF_STR("d", rest),
	    { .key = NULL } });
	T_INT(b.n, LOG_LINE_MAX);
	T_TRUE(!b.full);
	buf_fini(&b);
	buf_init(&b, 8);
	log_format(&b, (const struct log_field[]){ LF_STR("a", "1"),
	    LF_STR("b", text), LF_STR("c", "2"), { .key = NULL } });
	T_STR(buf_span(&b), "a=1 c=2");
	T_TRUE(b.full);
	buf_fini(&b);
}

static void
sink_and_level(void **state)
{
	(void)state;
	log_set_sink(keep);
	log_warn(LF_STR("event", "x"));
	T_INT(got.calls, 1);
	T_INT(got.level, LOG_LEVEL_WARN);
	T_STR(span_str(got.line), "event=x");
	log_debug(LF_STR("event", "y"));
	T_INT(got.calls, 1);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug(LF_STR("event", "y"));
	T_INT(got.calls, 2);
	log_set_level(LOG_LEVEL_ERROR);
	log_warn(LF_STR("event", "z"));
	T_INT(got.calls, 2);
	log_error(LF_STR("event", "z"));
	T_INT(got.calls, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoting),
		cmocka_unit_test(values_are_cut),
		cmocka_unit_test(lines),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(limits),
		cmocka_unit_test(sink_and_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
