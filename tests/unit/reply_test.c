/* reply: RFC 5321 4.2, and servers that want to get into our files. */
#include "t.h"

#include <string.h>

#include "smtp/reply.h"

#define MAX_LINES	4

static const struct {
	const char *lines[MAX_LINES];
	enum reply_step end;
	unsigned code;
	const char *esc, *text;
} cases[] = {
	/* RFC 5321 4.2.1 */
	{ { "250 OK" }, REPLY_DONE, 250, "", "OK" },
	{ { "250-First line", "250-Second line", "250-234 Text",
	    "250 The last line" }, REPLY_DONE, 250, "",
	    "First line\nSecond line\n234 Text\nThe last line" },
	{ { "250" }, REPLY_DONE, 250, "", "" },
	{ { "250 " }, REPLY_DONE, 250, "", "" },
	{ { "250-", "250 x" }, REPLY_DONE, 250, "", "\nx" },
	{ { "250-x" }, REPLY_MORE, 250, "", "x" },
	/* RFC 2034 4 */
	{ { "550-5.1.1 No", "550 5.1.1 such" }, REPLY_DONE, 550, "5.1.1",
	    "No\nsuch" },
	{ { "250 2.1.0" }, REPLY_DONE, 250, "2.1.0", "" },
	{ { "550 4.1.1 other class" }, REPLY_DONE, 550, "",
	    "4.1.1 other class" },
	{ { "550 5.7.2" }, REPLY_DONE, 550, "5.7.2", "" },
	{ { "550 5.7." }, REPLY_DONE, 550, "", "5.7." },
	{ { "550 5..1 x" }, REPLY_DONE, 550, "", "5..1 x" },
	/* CVE-2020-8794: nothing ends a line for whoever keeps it */
	{ { "550 a\nb" }, REPLY_DONE, 550, "", "a?b" },
	{ { "550 a\r" }, REPLY_DONE, 550, "", "a?" },
	{ { "550 type:\x1b]0;\xff" }, REPLY_DONE, 550, "", "type:?]0;?" },
	/* no replies */
	{ { "" }, REPLY_BAD, 0, "", "" }, { { "5" }, REPLY_BAD, 0, "", "" },
	{ { "55" }, REPLY_BAD, 0, "", "" },
	{ { "150 x" }, REPLY_BAD, 0, "", "" },
	{ { "650 x" }, REPLY_BAD, 0, "", "" },
	{ { "25x x" }, REPLY_BAD, 0, "", "" },
	{ { "2500 x" }, REPLY_BAD, 0, "", "" },
	{ { "250x" }, REPLY_BAD, 0, "", "" },
	{ { " 250 x" }, REPLY_BAD, 0, "", "" },
	{ { "SSH-2.0-x" }, REPLY_BAD, 0, "", "" },
	{ { "250-x", "550 y" }, REPLY_BAD, 250, "", "x" },
	{ { "250-x", "y" }, REPLY_BAD, 250, "", "x" },
};

static void
reading(void **state)
{
	struct reply r;

	(void)state;
	reply_init(&r);
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum reply_step step = REPLY_MORE;

		t_case(cases[i].lines[0]);
		reply_clear(&r);
		for (size_t k = 0; k < MAX_LINES &&
		    cases[i].lines[k] != NULL; k++) {
			T_INT(step, REPLY_MORE);
			step = reply_feed(&r, span_str(cases[i].lines[k]));
		}
		T_INT(step, cases[i].end);
		T_INT(r.code, cases[i].code);
		T_STR(span_str(r.esc), cases[i].esc);
		T_STR(buf_span(&r.text), cases[i].text);
		if (step == REPLY_DONE)
			T_INT(reply_feed(&r, SPAN_LIT("250 x")), REPLY_BAD);
	}
	reply_fini(&r);
}

static void
bounds(void **state)
{
	static char line[20000];
	struct reply r;
	struct buf b;
	enum reply_step step = REPLY_MORE;
	size_t n = 0;

	(void)state;
	reply_init(&r);
	memset(line, 'x', sizeof(line));
	memcpy(line, "550-", 4);
	while (step == REPLY_MORE) {
		step = reply_feed(&r, span_of(line, sizeof(line)));
		n++;
	}
	T_INT(step, REPLY_BAD);
	T_INT(n, REPLY_LINES_MAX + 1);
	T_INT(r.text.n, REPLY_TEXT_MAX);
	buf_init(&b, 10000);
	reply_one_line(&r, &b);
	T_TRUE(b.n <= REPLY_SHORT_MAX);
	T_TRUE(!span_has(buf_span(&b), '\n'));
	buf_fini(&b);
	reply_fini(&r);
}

static void
why(void **state)
{
	static const struct { const char *line; enum why_kind kind;
	    const char *esc, *text; } rows[] = {
		{ "250 ok", WHY_NONE, "", "" },
		{ "354 go", WHY_NONE, "", "" },
		{ "450 4.2.1 busy", WHY_TEMP, "4.2.1", "450 4.2.1 busy" },
		{ "421 bye", WHY_TEMP, "4.0.0", "421 bye" },
		{ "550 no", WHY_PERM, "5.0.0", "550 no" },
	};
	struct reply r;
	struct why w;

	(void)state;
	reply_init(&r);
	for (size_t i = 0; i < COUNT(rows); i++) {
		t_case(rows[i].line);
		reply_clear(&r);
		T_INT(reply_feed(&r, span_str(rows[i].line)), REPLY_DONE);
		reply_why(&r, &w);
		T_INT(w.kind, rows[i].kind);
		T_STR(span_str(w.esc), rows[i].esc);
		T_STR(span_str(w.text), rows[i].text);
	}
	reply_fini(&r);
}

static void
writing(void **state)
{
	static char line[2000];
	struct buf b;

	(void)state;
	buf_init(&b, 5000);
	T_INT(reply_format(&b, 250, "2.1.0", SPAN_LIT("Ok")), 0);
	T_STR(buf_span(&b), "250 2.1.0 Ok\r\n");
	buf_clear(&b);
	T_INT(reply_format(&b, 250, NULL, SPAN_LIT("a\nSIZE 1\nDSN")), 0);
	T_STR(buf_span(&b), "250-a\r\n250-SIZE 1\r\n250 DSN\r\n");
	buf_clear(&b);
	T_INT(reply_format(&b, 501, "5.5.4", SPAN_LIT("x\ry\0\xff")), 0);
	T_STR(buf_span(&b), "501 5.5.4 x?y??\r\n");
	buf_clear(&b);
	T_INT(reply_format(&b, 354, "", SPAN_NONE), 0);
	T_STR(buf_span(&b), "354 \r\n");
	buf_clear(&b);
	memset(line, 'x', sizeof(line));
	T_INT(reply_format(&b, 550, "5.0.0", span_of(line, sizeof(line))), 0);
	T_INT(b.n, REPLY_LINE_MAX);
	buf_fini(&b);
	buf_init(&b, 10);
	T_INT(reply_format(&b, 250, "2.1.0", SPAN_LIT("Ok")), -1);
	T_INT(b.n, 0);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading), cmocka_unit_test(bounds),
		cmocka_unit_test(why), cmocka_unit_test(writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
