/* addrlist: RFC 5322 appendix A, what is no list, and very long ones. */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "mail/addrlist.h"

/* "name|route|mailbox|host" per item, "-" for what is absent, {name} } */
static void
describe(struct buf *out, struct addrlist *l)
{
	struct addrlist_item it;

	while (addrlist_next(l, &it)) {
		const struct span v[] = { it.name, it.route, it.mailbox,
			it.host };

		if (it.kind == ADDRLIST_GROUP)
			buf_addf(out, "{%.*s ", SPAN_ARG(it.name));
		else if (it.kind == ADDRLIST_GROUP_END)
			buf_add_str(out, "} ");
		else {
			for (size_t i = 0; i < COUNT(v); i++) {
				buf_add_str(out, i > 0 ? "|" : "");
				if (v[i].p == NULL)
					buf_add_char(out, '-');
				else
					buf_add_span(out, v[i]);
			}
			buf_add_char(out, ' ');
		}
	}
	if (l->bad)
		buf_add_str(out, "bad");
}

static const struct { const char *in, *want; } cases[] = {
	/* RFC 5322 A.1.1, A.1.2, A.1.3 */
	{ " John Doe <jdoe@machine.example>",
	    "John Doe|-|jdoe|machine.example " },
	{ " \"Joe Q. Public\" <john.q.public@example.com>",
	    "Joe Q. Public|-|john.q.public|example.com " },
	{ " Mary Smith <mary@x.test>, jdoe@example.org, Who? "
	    "<one@y.test>", "Mary Smith|-|mary|x.test -|-|jdoe|example.org "
	    "Who?|-|one|y.test " },
	{ " <boss@nil.test>, \"Giant; \\\"Big\\\" Box\" "
	    "<sysservices@example.net>", "-|-|boss|nil.test "
	    "Giant; \"Big\" Box|-|sysservices|example.net " },
	{ " A Group:Ed Jones <c@a.test>,joe@where.test,John "
	    "<jdoe@one.test>;", "{A Group Ed Jones|-|c|a.test "
	    "-|-|joe|where.test John|-|jdoe|one.test } " },
	{ " Undisclosed recipients:;", "{Undisclosed recipients } " },
	/* A.5 white space, comments, and other oddities */
	{ " Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	    "Pete|-|pete|silly.test " },
	{ "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public"
	    ".example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test"
	    "> (my dear friend); (the end of the group)",
	    "{A Group Chris Jones|-|c|public.example -|-|joe|example.org "
	    "John|-|jdoe|one.test } " },
	{ "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
	    "{Hidden recipients } " },
	/* A.6.1 obsolete addressing */
	{ " Joe Q. Public <john.q.public@example.com>",
	    "Joe Q. Public|-|john.q.public|example.com " },
	{ " Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
	    "Mary Smith|@node.test|mary|example.net -|-|jdoe|test.example " },
	{ "<@a.test,@b.test:u@c.test>", "-|@a.test,@b.test|u|c.test " },
	{ ",,a@b.test,,", "-|-|a|b.test " },
	/* the comment as a name: old, but alive */
	{ "jdoe@example.org (John Doe)", "John Doe|-|jdoe|example.org " },
	{ "a@b.test ((deep) end)", "(deep) end|-|a|b.test " },
	/* RFC 3501 7.4.2: local part without quoting */
	{ "\"x y\"@b.test", "-|-|x y|b.test " },
	{ "a.\"b c\".d@b.test", "-|-|a.b c.d|b.test " },
	{ "a . b@b.test", "-|-|a.b|b.test " },
	{ "a@[127.0.0.1]", "-|-|a|[127.0.0.1] " },
	{ "=?utf-8?q?J=C3=BCrgen?= <j@b.test>",
	    "=?utf-8?q?J=C3=BCrgen?=|-|j|b.test " },
	{ "J\xc3\xbcrgen <j@b.test>", "J\xc3\xbcrgen|-|j|b.test " },
	{ "\"a\r\n b\" <c@d.test>", "a b|-|c|d.test " },
	{ "", "" }, { " \r\n ", "" }, { ",,,", "" },
	/* no lists */
	{ "fred", "-|-|fred|- bad" },
	{ "a@b.test; c@d.test", "-|-|a|b.test -|-|c|d.test bad" },
	{ "a@b.test c@d.test", "-|-|a|b.test bad" },
	{ "a@b@c.test", "-|-|a|b bad" },
	{ "a@", "-|-|a|- bad" },
	{ "@b.test", "-|-||b.test bad" },
	{ "x <>", "x|-||- bad" },
	{ "<a@b.test", "-|-|a|b.test bad" },
	{ "g:a@b.test", "{g -|-|a|b.test } bad" },
	{ "g:h:a@b.test;", "{g -|-|a|b.test } bad" },
	{ "(open a@b.test", "bad" },
	{ "a@x(.y", ".y|-|a|x bad" },
	{ "\"open <a@b.test>", "-|-|open <a@b.test>|- bad" },
};

static void
lists(void **state)
{
	struct addrlist l;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		buf_clear(&b);
		addrlist_init(&l, span_str(cases[i].in), 100);
		describe(&b, &l);
		T_STR(buf_span(&b), cases[i].want);
		addrlist_fini(&l);
	}
	buf_fini(&b);
}

static void
nul_is_bad(void **state)
{
	struct addrlist l;
	struct addrlist_item it;

	(void)state;
	addrlist_init(&l, SPAN_LIT("a@x.test,\0b@y.test"), 10);
	T_TRUE(addrlist_next(&l, &it));
	T_STR(it.host, "x.test");
	T_TRUE(addrlist_next(&l, &it));
	T_STR(it.host, "y.test");
	T_TRUE(l.bad);
	addrlist_fini(&l);
}

/* "[local_at][host_at]" of each mailbox, "-" for what is not in one piece. */
static void
places(void **state)
{
	static const struct { const char *in, *want; } rows[] = {
		{ " John Doe <jdoe@machine.example>",
		    "<[jdoe][machine.example]" },
		{ "jdoe@example.org (John Doe), \"a b\"@b.test",
		    "j[jdoe][example.org]\"[\"a b\"][b.test]" },
		/* RFC 5322 A.5: comments between the pieces */
		{ " Pete(A nice \\) chap) <pete(his account)@silly.test(his "
		    "host)>", "<[pete][silly.test]" },
		{ "<c@(Chris's host.)public.example>",
		    "<[c][public.example]" },
		{ "g:a.\"b\".c@[127.0.0.1],x<\r\n y@z.test >;",
		    "a[a.\"b\".c][[127.0.0.1]]<[y][z.test]" },
		/* RFC 5322 A.6.1, 4.4: in pieces, or not all of it */
		{ "jdoe@test  . example", "j[jdoe]-" },
		{ "a (x). b@test.example", "a-[test.example]" },
		{ "<a . b@test.example>", "<-[test.example]" },
		{ ".a@b.test", "a-[b.test]" },
		{ "x <@node.test:mary@example.net>",
		    "<[mary][example.net]" },
		{ "fred", "f[fred]-" }, { "x <>", "<--" },
		{ "one two@b.test", "t[two][b.test]" },
	};
	struct addrlist_item it;
	struct addrlist l;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(rows); i++) {
		t_case(rows[i].in);
		buf_clear(&b);
		addrlist_init(&l, span_str(rows[i].in), 100);
		while (addrlist_next(&l, &it)) {
			const struct span v[] = { it.local_at, it.host_at };

			if (it.kind != ADDRLIST_MAILBOX)
				continue;
			buf_add_char(&b, *it.begin);
			for (size_t k = 0; k < COUNT(v); k++)
				buf_addf(&b, v[k].p == NULL ? "-" : "[%.*s]",
				    SPAN_ARG(v[k]));
		}
		T_STR(buf_span(&b), rows[i].want);
		addrlist_fini(&l);
	}
	buf_fini(&b);
}

/*
 * CVE-2024-23184: 5 MB of each row.  The budget of items holds, and memory
 * stays with the caps; a list walked again for each address would not end.
 */
static void
long_lists(void **state)
{
	static const struct { const char *unit; size_t most; } rows[] = {
		{ "a@b.test,", 1000 }, { "a@b,", SIZE_MAX }, { ",", 0 },
		{ "(", 0 }, { "()", 0 }, { "\"", 1 }, { "\\", 0 },
		{ "<", SIZE_MAX }, { ">", 0 }, { "<>", SIZE_MAX },
		{ "<@a,", SIZE_MAX }, { "a:", SIZE_MAX }, { ";", 0 },
		{ "a ", SIZE_MAX }, { "a.", SIZE_MAX }, { "@", SIZE_MAX },
		{ "(a)a", SIZE_MAX }, { "\xff", SIZE_MAX },
		{ "a:;", SIZE_MAX }, { "[", 0 }, { "a@[", SIZE_MAX },
	};
	const size_t size = 5 * 1000 * 1000;
	char *text = malloc(size);
	struct addrlist l;
	struct addrlist_item it;

	(void)state;
	T_TRUE(text != NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = 0, unit = strlen(rows[i].unit);

		t_case(rows[i].unit);
		for (size_t k = 0; k < size; k++)
			text[k] = rows[i].unit[k % unit];
		addrlist_init(&l, span_of(text, size),
		    rows[i].most == 1000 ? 1000 : UINT32_MAX);
		while (addrlist_next(&l, &it)) {
			n++;
			T_TRUE(it.name.n <= ADDRLIST_PART_MAX);
			T_TRUE(it.mailbox.n <= ADDRLIST_PART_MAX);
			T_TRUE(it.host.n <= ADDRLIST_PART_MAX);
			T_TRUE(it.route.n <= ADDRLIST_PART_MAX);
		}
		T_TRUE(n <= rows[i].most && n <= size);
		T_TRUE(l.cut == (rows[i].most == 1000));
		addrlist_fini(&l);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists), cmocka_unit_test(nul_is_bad),
		cmocka_unit_test(places),
		cmocka_unit_test(long_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
