/*
 * authors: which addresses From and Sender name, and which forms are no clear
 * answer.  RFC 5322 3.4, 3.6.2; the tricks are those by which two
 * readers were made to see two authors ("Composition kills", 2020).
 */
#include "../t.h"

#include "smtpd/authors.h"

static void
look(struct authors *a, struct span header, enum header_end *end)
{
	struct header_walk w;
	struct header_field f;

	*a = (struct authors){ .n = 0 };
	header_walk_init(&w, header, 100);
	while (header_next(&w, &f))
		authors_take(a, &f);
	*end = w.why_end;
}

static void
clear(void **state)
{
	static const struct { const char *in, *first; size_t n; } cases[] = {
		{ "From: a@x.example\r\n\r\n", "a@x.example", 1 },
		{ "from : a@x.example\r\n\r\n", "a@x.example", 1 },
		{ "FROM:\r\n a@x.example\r\n\r\n", "a@x.example", 1 },
		{ "From: \"b@y.example\" <a@x.example>\r\n\r\n",
		    "a@x.example", 1 },
		{ "From: =?utf-8?q?b=40y?= <a@X.example> (b@y.example)\r\n",
		    "a@x.example", 1 },
		{ "From: \"a b\"@x.example\r\n\r\n", "\"a b\"@x.example", 1 },
		{ "From: a@x.example, B <b@y.example>\r\n"
		    "Sender: a@x.example\r\n\r\n", "a@x.example", 2 },
		{ "From: a@x.example\r\nSender: c@z.example\r\n\r\n",
		    "a@x.example", 2 },
		{ "Subject: none\r\n\r\n", NULL, 0 },
		{ "Subject: x\r\n From: b@y.example\r\n\r\n", NULL, 0 },
		{ "X-From: b@y.example\r\nFromm: c@z.example\r\n\r\n",
		    NULL, 0 },
	};
	struct authors a;
	enum header_end end;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		look(&a, span_str(cases[i].in), &end);
		T_TRUE(authors_clear(&a, end));
		T_TRUE(a.n == cases[i].n);
		if (a.n > 0)
			T_STR(addr_text(&a.list[0]), cases[i].first);
	}
}

static void
unclear(void **state)
{
	static const char *const cases[] = {
		"From: a@x.example\r\nFrom: b@y.example\r\n\r\n",
		"From: a@x.example\r\nfrom : a@x.example\r\n\r\n",
		"Sender: a@x.example\r\nSender: a@x.example\r\n\r\n",
		"Sender: a@x.example, b@y.example\r\n\r\n",
		"From:\r\n\r\n", "From: ,\r\n\r\n", "From: a\r\n\r\n",
		"From: <>\r\n\r\n", "From: a@x.example b@y.example\r\n\r\n",
		"From: <b@y.example> <a@x.example>\r\n\r\n",
		"From: a@x.example <b@y.example\r\n\r\n",
		"From: a@x.example(b@y.example\r\n\r\n",
		"From: \"a@x.example\r\n\r\n",
		"From: <@b.example:a@x.example>\r\n\r\n",
		"From: friends: a@x.example;\r\n\r\n",
		"From: nobody:;\r\n\r\n", "From: :a@x.example\r\n\r\n",
		"From: =?utf-8?q?b=40y.example?=@x.example\r\n\r\n",
		"From: a@x.example@y.example\r\n\r\n",
		"From: a@=?utf-8?q?y?=.example\r\n\r\n",
		"From: a@x..example\r\n\r\n", "From: \xe4@x.example\r\n\r\n",
		/* a line that ends the header for some, and not for others */
		"From: a@x.example\r\nno field\r\nFrom: b@y.example\r\n\r\n",
		"From b Mon Jan 1\r\nFrom: b@y.example\r\n\r\n",
		/* more than are asked about */
		"From: a@x.example, b@x.example, c@x.example, d@x.example, "
		    "e@x.example, f@x.example, g@x.example, h@x.example, "
		    "i@x.example, j@x.example, k@x.example\r\n\r\n",
	};
	struct authors a;
	enum header_end end;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i]);
		look(&a, span_str(cases[i]), &end);
		T_TRUE(!authors_clear(&a, end));
	}
	/* A NUL stands for itself, wherever it is: RFC 5322 4 has none. */
	look(&a, SPAN_LIT("From: a@x.example,\0b@y.example\r\n\r\n"), &end);
	T_TRUE(!authors_clear(&a, end));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clear),
		cmocka_unit_test(unclear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
