/*
 * readdress: which octets of a header change.  The forms are those of RFC 5322
 * appendix A; what the fields hold beside the addresses has to stay.
 */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "mail/readdress.h"

static const uint8_t seed[16] = { 1 };
static unsigned asked;

/* a@old: another name; x@move: another host; fail@old: cannot tell. */
static int
ask(void *ctx, enum readdress_side side, const struct addr *from,
    struct addr *to, struct why *why)
{
	struct span domain = addr_domain(from);
	char local[ADDR_LOCAL_SIZE];

	(void)ctx;
	asked++;
	if (span_eq_str(addr_text(from), "fail@old.example")) {
		why_set(why, WHY_TEMP, "4.3.5", "map");
		return -1;
	}
	if (span_eq_str(domain, "move.example")) {
		addr_local_plain(from, local);
		return addr_make(to, span_str(local),
		    SPAN_LIT("new.example"));
	}
	if (!span_eq_str(domain, "old.example"))
		return 0;
	return addr_make(to, side == READDRESS_SENDER ?
	    SPAN_LIT("from") : SPAN_LIT("to"), domain);
}

static int
run(const char *in, bool senders, bool rcpts, size_t most, struct buf *out,
    struct readdress_count *n)
{
	const struct readdress r = { .ask = ask, .seed = seed,
		.sides = { senders, rcpts }, .questions_max = most };
	struct why why;
	int rc;

	asked = 0;
	buf_clear(out);
	rc = readdress_header(&r, span_str(in), out, n, &why);
	if (rc != 0)
		T_INT(why.kind, WHY_TEMP);
	return rc;
}

static const struct { const char *in, *want; } cases[] = {
	{ "From: a@old.example\r\n\r\n", "From: from@old.example\r\n\r\n" },
	{ "to: A@OLD.example (a)\r\n", "to: to@OLD.example (a)\r\n" },
	{ "Cc :x@move.example,,b@else.example\r\n\r\nCc: a@old.example",
	    "Cc :x@new.example,,b@else.example\r\n\r\nCc: a@old.example" },
	{ "Sender: \"Q. P\"\r\n\t<\"x y\"@move.example>\r\n",
	    "Sender: \"Q. P\"\r\n\t<\"x y\"@new.example>\r\n" },
	{ "To: =?utf-8?q?J=C3=BCr?= <a@old.example>, G : a@old.example;\r\n",
	    "To: =?utf-8?q?J=C3=BCr?= <to@old.example>, G : to@old.example;"
	    "\r\n" },
	{ "To: Pete(A nice \\) chap) <a(his account)@old.example(his host)>"
	    "\r\n",
	    "To: Pete(A nice \\) chap) <to(his account)@old.example(his "
	    "host)>\r\n" },
	{ "Resent-Reply-To: a@old.example\r\nRESENT-BCC: a@old.example\r\n",
	    "Resent-Reply-To: from@old.example\r\n"
	    "RESENT-BCC: to@old.example\r\n" },
	/* a name alone, which some program will complete */
	{ "To: root, a@old.example\r\n", "To: root, to@old.example\r\n" },
	/* an empty group, no address at all */
	{ "To: undisclosed:;\r\nFrom: \r\n", "To: undisclosed:;\r\nFrom: \r\n" },
	/* what is not all addresses, or in pieces, or by a route */
	{ "To: a@old.example, <\r\n", "To: a@old.example, <\r\n" },
	{ "To: a@old.example b@old.example\r\n",
	    "To: a@old.example b@old.example\r\n" },
	{ "To: g:a@old.example\r\n", "To: g:a@old.example\r\n" },
	{ "To: g:root\r\n", "To: g:root\r\n" },
	{ "To: <@x.example:a@old.example>, a@old . example\r\n",
	    "To: <@x.example:a@old.example>, a@old . example\r\n" },
	/* other fields, and what looks like one */
	{ "X-To: a@old.example\r\nSubject: To: a@old.example\r\n To: a@old.exa"
	    "mple\r\n", "X-To: a@old.example\r\nSubject: To: a@old.example\r\n"
	    " To: a@old.example\r\n" },
	{ "no field\r\nTo: a@old.example\r\n",
	    "no field\r\nTo: a@old.example\r\n" },
	{ "", "" },
};

static void
octets(void **state)
{
	struct readdress_count n;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		buf_init(&out, 1000);
		T_INT(run(cases[i].in, true, true, 100, &out, &n), 0);
		T_STR(buf_span(&out), cases[i].want);
		buf_fini(&out);
	}
}

static void
one_side(void **state)
{
	static const char in[] = "From: a@old.example\r\nTo: a@old.example\r\n";
	struct readdress_count n;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	T_INT(run(in, true, false, 9, &out, &n), 0);
	T_STR(buf_span(&out), "From: from@old.example\r\nTo: a@old.example\r\n");
	T_INT(n.fields, 1);
	T_INT(run(in, false, true, 9, &out, &n), 0);
	T_STR(buf_span(&out), "From: a@old.example\r\nTo: to@old.example\r\n");
	T_INT(run(in, false, false, 9, &out, &n), 0);
	T_STR(buf_span(&out), in);
	T_INT(asked, 0);
	buf_fini(&out);
}

static void
questions(void **state)
{
	struct readdress_count n;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	/* Once for each side. */
	T_INT(run("To: a@old.example, A@old.example, a@OLD.example\r\n"
	    "Cc: a@old.example\r\nFrom: a@old.example\r\n", true, true, 100,
	    &out, &n), 0);
	T_INT(asked, 3);	/* "A" is somebody else until a map says so */
	T_INT(n.questions, 3);
	/* Beyond the budget they stay as they are. */
	T_INT(run("To: a@old.example, x@move.example, a@old.example\r\n", true,
	    true, 1, &out, &n), 0);
	T_STR(buf_span(&out),
	    "To: to@old.example, x@move.example, to@old.example\r\n");
	T_INT(asked, 1);
	T_INT(n.passed, 1);
	T_INT(run("To: a@old.example, fail@old.example\r\n", true, true, 9,
	    &out, &n), -1);
	buf_fini(&out);
}

static size_t
longest_line(struct span s)
{
	size_t most = 0;

	while (s.n > 0) {
		size_t n = span_find(s, SPAN_LIT("\r\n"));

		most = n > most ? n : most;
		s = span_from(s, n + 2);
	}
	return most;
}

/* RFC 5322 2.1.1: no line over 998 octets because of us; folds unfold. */
static void
long_lines(void **state)
{
	struct buf in, out, want, flat;
	struct readdress_count n;

	(void)state;
	for (size_t names = 40; names < 80; names++) {
		buf_init(&in, 5000);
		buf_init(&want, 5000);
		buf_init(&out, 5000);
		buf_init(&flat, 5000);
		buf_add_str(&in, "From:");
		buf_add_str(&want, "From:");
		for (size_t i = 0; i < names; i++) {
			buf_addf(&in, "%sN<a@old.example>", i > 0 ? "," : "");
			buf_addf(&want, "%sN<from@old.example>",
			    i > 0 ? "," : "");
		}
		buf_add_str(&in, "\r\n\r\n");
		buf_add_str(&want, "\r\n\r\n");
		T_INT(run(buf_cstr(&in), true, true, 9, &out, &n), 0);
		T_TRUE(longest_line(buf_span(&out)) <= 998);
		for (size_t i = 0; i < out.n; i++)
			if (out.n - i > 2 &&
			    memcmp(out.p + i, "\r\n\t", 3) == 0)
				i += 2;
			else
				buf_add_char(&flat, out.p[i]);
		T_SPAN(buf_span(&flat), buf_span(&want));
		buf_fini(&in);
		buf_fini(&want);
		buf_fini(&out);
		buf_fini(&flat);
	}
}

/* No room for more octets: the field stays, the rest is there. */
static void
bounded(void **state)
{
	static const char in[] = "From: a@old.example\r\nTo: x@move.example\r\n"
	    "\r\n";
	struct readdress_count n;
	struct buf out;

	(void)state;
	buf_init(&out, sizeof(in) - 1);
	T_INT(run(in, true, true, 9, &out, &n), 0);
	T_STR(buf_span(&out), "From: a@old.example\r\nTo: x@new.example\r\n"
	    "\r\n");
	T_INT(n.fields, 1);
	T_INT(n.too_long, 1);	/* and that is told */
	buf_fini(&out);
}

/*
 * CVE-2024-23184: a field of a megabyte of each row.  Bounded questions, and
 * what is no list of addresses keeps its octets.
 */
static void
hostile(void **state)
{
	static const struct { const char *unit; bool changes; } rows[] = {
		{ "a@old.example,", true }, { "N<a@old.example>,", true },
		{ "g:a@old.example;", true }, { "(", false }, { "()", false },
		{ "\"", false }, { "\\", false }, { "<", false },
		{ "<>", false }, { "<@a,", false }, { "a:", false },
		{ "a@old.example(", false }, { "a@[", false },
		{ "\r\n ,", false }, { ",", false },
	};
	const size_t size = 1000 * 1000;
	struct readdress_count n;
	struct buf in, out;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		t_case(rows[i].unit);
		buf_init(&in, size + 100);
		buf_init(&out, 2 * size);
		buf_add_str(&in, "To:");
		while (in.n < size)
			buf_add_str(&in, rows[i].unit);
		buf_add_str(&in, "\r\n\r\n");
		T_INT(run(buf_cstr(&in), true, true, 100, &out, &n), 0);
		T_TRUE(asked <= 1);
		T_INT(n.fields, rows[i].changes);
		T_TRUE(rows[i].changes ? longest_line(buf_span(&out)) <= 998 :
		    span_eq(buf_span(&in), buf_span(&out)));
		buf_fini(&in);
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets), cmocka_unit_test(one_side),
		cmocka_unit_test(questions), cmocka_unit_test(long_lines),
		cmocka_unit_test(bounded), cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
