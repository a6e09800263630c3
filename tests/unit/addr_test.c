/* addr: one spelling per mailbox, and what is none. */
#include "t.h"

#include <string.h>

#include "mail/addr.h"

#define X16	"aaaaaaaaaaaaaaaa"
#define X63	X16 X16 X16 "aaaaaaaaaaaaaaa"
#define X64	X16 X16 X16 X16

/* want NULL: refused */
static const struct { const char *in, *want; } mailboxes[] = {
	/* RFC 5321 4.1.2 */
	{ "a@b.example", "a@b.example" },
	{ "Joe.Q.Public@Example.COM", "Joe.Q.Public@example.com" },
	{ "!#$%&'*+-/=?^_`{|}~@b.example", "!#$%&'*+-/=?^_`{|}~@b.example" },
	{ "\"Joe\\,Smith\"@b.example", "\"Joe,Smith\"@b.example" },
	{ "\"joe\"@b.example", "joe@b.example" },	/* least quoting */
	{ "\"j\\o\\e\"@b.example", "joe@b.example" },
	{ "\"a.b\"@b.example", "a.b@b.example" },
	{ "\"a..b\"@b.example", "\"a..b\"@b.example" },
	{ "\".a\"@b.example", "\".a\"@b.example" },
	{ "\"x y\"@b.example", "\"x y\"@b.example" },
	{ "\"\\\"\\\\\"@b.example", "\"\\\"\\\\\"@b.example" },
	{ "\"a\\@b\"@b.example", "\"a@b\"@b.example" },
	{ "\"user@other\"@us.example", "\"user@other\"@us.example" },
	{ "a@b", "a@b" },
	{ "a@1.example", "a@1.example" },
	{ "a@a--b.example", "a@a--b.example" },
	{ "a@xn--bcher-kva.example", "a@xn--bcher-kva.example" },
	{ "", NULL }, { "a", NULL }, { "@", NULL }, { "a@", NULL },
	{ "@b.example", NULL }, { ".a@b.example", NULL },
	{ "a.@b.example", NULL }, { "a..b@b.example", NULL },
	{ "a b@b.example", NULL }, { "a@b.example ", NULL },
	{ " a@b.example", NULL }, { "a@b@c.example", NULL },
	{ "a@b.example.", NULL }, { "a@.b.example", NULL },
	{ "a@b..example", NULL }, { "a@-b.example", NULL },
	{ "a@b-.example", NULL }, { "a@b_c.example", NULL },
	{ "a@b,c.example", NULL }, { "a,b@c.example", NULL },
	{ "a(c)@b.example", NULL }, { "<a@b.example>", NULL },
	{ "a@b.example>", NULL },
	{ "a@127.0.0.1", NULL }, { "a@1", NULL },
	/* CVE-2020-7247: no domain, and a shell in the local part */
	{ ";id", NULL }, { ";id;@\n", NULL },
	{ ";touch${IFS}/tmp/x;@", NULL }, { "a|b@", NULL },
	/* CVE-2020-10967: empty quoted local part */
	{ "\"\"", NULL }, { "\"\"@l.example", NULL },
	{ "\"\" @l.example", NULL }, { "\"", NULL }, { "\"a", NULL },
	{ "\"a\\", NULL }, { "\"a\"b@l.example", NULL },
	{ "a\"b\"@l.example", NULL }, { "\"a\nb\"@l.example", NULL },
	/* RFC 6531 3.3: atext and qtextSMTP */
	{ "\xc3\xa9@b.example", "\xc3\xa9@b.example" },
	{ "\"\xc3\xa9\"@b.example", "\xc3\xa9@b.example" },
	{ "\"\xc3\xa9 x\"@b.example", "\"\xc3\xa9 x\"@b.example" },
	{ "\xe7\x94\xa8\xe6\x88\xb7@b.example",
	    "\xe7\x94\xa8\xe6\x88\xb7@b.example" },
	{ "\xf0\x9f\x93\xa7@b.example", "\xf0\x9f\x93\xa7@b.example" },
	/* another octet sequence is another local part (RFC 5321 2.3.11) */
	{ "e\xcc\x81@b.example", "e\xcc\x81@b.example" },
	/* U-labels are A-labels; the example of RFC 5890's terms */
	{ "a@b\xc3\xbc" "cher.example", "a@xn--bcher-kva.example" },
	{ "a@B\xc3\x9c" "CHER.Example", "a@xn--bcher-kva.example" },
	{ "a@bu\xcc\x88" "cher.example", "a@xn--bcher-kva.example" },
	{ "a@xn--BCHER-kva.example", "a@xn--bcher-kva.example" },
	/* IDEOGRAPHIC FULL STOP is a dot, full width letters are letters */
	{ "a@b\xc3\xbc" "cher\xe3\x80\x82" "example",
	    "a@xn--bcher-kva.example" },
	{ "a@\xef\xbd\x82.example", "a@b.example" },
	/* RFC 5890 2.3.1: LDH; RFC 5893 2: one direction; RFC 5892 A.1 */
	{ "a@\xc3\xbc_x.example", NULL },
	{ "a@\xc3\xbc\xef\xbc\xbfx.example", NULL },
	{ "a@-\xc3\xbc.example", NULL }, { "a@\xc3\xbc-.example", NULL },
	{ "a@\xd7\x90" "a.example", NULL },
	{ "a@\xd7\x90\xd7\x91.example", "a@xn--4dbc.example" },
	{ "a@a\xe2\x80\x8d" "b.example", NULL },
	{ "a@\xe2\x98\x83.example", NULL },	/* a snowman */
	{ "a@x\xef\xbc\xa0y.example", NULL },	/* FULLWIDTH @ */
	{ "a@\xc3\xbc..example", NULL }, { "a@\xc3\xbc.example.", NULL },
	/* no UTF-8, at every place */
	{ "\xff@b.example", NULL }, { "\xc0\x80@b.example", NULL },
	{ "\xed\xa0\x80@b.example", NULL }, { "\xf0\x9f@b.example", NULL },
	{ "a\xc3@b.example", NULL }, { "\"\xc3\"@b.example", NULL },
	{ "a@\xff.example", NULL }, { "a@b.\xf0\x9f", NULL },
	{ "a@b.\xc3", NULL }, { "\xf4\x90\x80\x80@b.example", NULL },
	/* C1, bidi controls, what nobody sees */
	{ "a\xc2\x85@b.example", NULL }, { "a\xc2\xa0@b.example", NULL },
	{ "a\xe2\x80\xae@b.example", NULL },
	{ "a\xe2\x81\xa6@b.example", NULL },
	{ "a\xe2\x80\x8b@b.example", NULL },
	{ "a\xc2\xad@b.example", NULL }, { "a\xef\xbb\xbf@b.example", NULL },
	{ "a\xe2\x80\xa8@b.example", NULL },
	{ "a\xf3\xa0\x80\xa0@b.example", NULL },
	{ "a\xef\xb8\x8f@b.example", NULL },
	{ "\"a\xe2\x80\xae\"@b.example", NULL },
	{ "a@b\xc2\xad.example", NULL }, { "a@b\xe2\x80\xae.example", NULL },
	/* a Persian word needs U+200C */
	{ "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae@b.example",
	    "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae@b.example" },
	/* limits are in octets */
	{ X16 X16 X16 "aaaaaaaaaaaaaa\xc3\xa9@b.example",
	    X16 X16 X16 "aaaaaaaaaaaaaa\xc3\xa9@b.example" },
	{ X16 X16 X16 "aaaaaaaaaaaaaaa\xc3\xa9@b.example", NULL },
	{ "a@" X16 X16 X16 "aaaaaaa\xc3\xa9.example",
	    "a@xn--" X16 X16 X16 "aaaaaaa-u3e.example" },
	{ "a@" X63 "\xc3\xa9.example", NULL },
	/* RFC 5321 4.1.3 */
	{ "a@[127.0.0.1]", "a@[127.0.0.1]" },
	{ "a@[IPv6:::1]", "a@[IPv6:::1]" },
	{ "a@[ipv6:0:0:0:0:0:0:0:1]", "a@[IPv6:::1]" },
	{ "a@[IPv6:2001:DB8:0:0:1::9]", "a@[IPv6:2001:db8::1:0:0:9]" },
	{ "a@[IPv6:::ffff:127.0.0.1]", "a@[127.0.0.1]" },
	{ "a@[IPv6:::FFFF:7f00:1]", "a@[127.0.0.1]" },
	{ "a@[]", NULL }, { "a@[127.0.0.1", NULL }, { "a@[127.1]", NULL },
	{ "a@[256.0.0.1]", NULL }, { "a@[010.0.0.1]", NULL },
	{ "a@[0x7f.0.0.1]", NULL }, { "a@[::1]", NULL },
	{ "a@[IPv6:1.2.3.4]", NULL }, { "a@[IPv6:]", NULL },
	{ "a@[IPv6:::1%lo]", NULL }, { "a@[x400:c=us]", NULL },
	{ "a@[127.0.0.1]x", NULL }, { "a@x[127.0.0.1]", NULL },
	/* 4.5.3.1.1, and labels of 63 octets */
	{ X64 "@b.example", X64 "@b.example" },
	{ X64 "a@b.example", NULL },
	{ "\"" X16 X16 X16 "aaaaaaaaaaaaaa\"@b.example",
	    X16 X16 X16 "aaaaaaaaaaaaaa@b.example" },
	{ "\"" X64 "\"@b.example", NULL },
	{ "a@" X63 ".example", "a@" X63 ".example" },
	{ "a@" X64 ".example", NULL },
	/* 4.5.3.1.3: 256 octets with <> */
	{ "a@" X63 "." X63 "." X63 "." X16 X16 X16 "aaaa.example",
	    "a@" X63 "." X63 "." X63 "." X16 X16 X16 "aaaa.example" },
	{ "ab@" X63 "." X63 "." X63 "." X16 X16 X16 "aaaa.example", NULL },
};

static void
mailbox(void **state)
{
	struct addr a, b;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(mailboxes); i++) {
		bool ok;

		t_case(mailboxes[i].in);
		why_clear(&why);
		ok = addr_parse(span_str(mailboxes[i].in), &a, &why) == 0;
		T_TRUE(ok == (mailboxes[i].want != NULL));
		if (!ok) {
			T_TRUE(why.kind == WHY_PERM);
			T_TRUE(strcmp(why.esc, "5.1.3") == 0);
			continue;
		}
		T_STR(addr_text(&a), mailboxes[i].want);
		T_TRUE(strlen(a.text) == a.text_n);
		T_TRUE(addr_parse(addr_text(&a), &b, NULL) == 0);
		T_TRUE(addr_eq(&a, &b));
	}
}

static const struct {
	const char *in;
	enum addr_side side;
	const char *want;	/* NULL: refused */
	enum addr_kind kind;
} paths[] = {
	{ "<>", ADDR_REVERSE, "", ADDR_NULL },		/* 4.1.2 */
	{ "<>", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "<Postmaster>", ADDR_FORWARD, "postmaster", ADDR_POSTMASTER },
	{ "<POSTMASTER>", ADDR_FORWARD, "postmaster", ADDR_POSTMASTER },
	{ "<postmaster>", ADDR_REVERSE, NULL, ADDR_NULL },
	{ "<postmaster@B>", ADDR_FORWARD, "postmaster@b", ADDR_MAILBOX },
	{ "<a@b.example>", ADDR_REVERSE, "a@b.example", ADDR_MAILBOX },
	{ "<\"a>b\"@c.example>", ADDR_FORWARD, "\"a>b\"@c.example",
	    ADDR_MAILBOX },
	{ "a@b.example", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "<a@b.example", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "<a@b.example>>", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "<<a@b.example>>", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "< a@b.example>", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "<a@b.example >", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "<@a.example:u@b.example>", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "<@a,@us:user@other>", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "<;id>", ADDR_REVERSE, NULL, ADDR_NULL },	/* CVE-2020-7247 */
	{ "<\"\">", ADDR_FORWARD, NULL, ADDR_NULL },	/* CVE-2020-10967 */
	{ "<", ADDR_FORWARD, NULL, ADDR_NULL },
	{ "", ADDR_REVERSE, NULL, ADDR_NULL },
};

static void
path(void **state)
{
	struct addr a;
	struct why why;
	struct buf b;

	(void)state;
	buf_init(&b, 300);
	for (size_t i = 0; i < COUNT(paths); i++) {
		bool ok;

		t_case(paths[i].in);
		why_clear(&why);
		ok = addr_parse_path(span_str(paths[i].in), paths[i].side, &a,
		    &why) == 0;
		T_TRUE(ok == (paths[i].want != NULL));
		if (!ok) {
			/* RFC 3463: bad sender, bad recipient syntax */
			T_TRUE(strcmp(why.esc, paths[i].side == ADDR_REVERSE ?
			    "5.1.7" : "5.1.3") == 0);
			continue;
		}
		T_STR(addr_text(&a), paths[i].want);
		T_TRUE(a.kind == paths[i].kind);
		buf_clear(&b);
		T_INT(addr_put_path(&b, &a), 0);
		T_INT(b.n, a.text_n + 2);
	}
	buf_fini(&b);
}

static void
every_octet(void **state)
{
	char in[] = "<a?b@c.example>", dom[] = "<a@c?d.example>";
	struct addr a;

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool ok, atext = (c < 128 && ascii_isalnum((char)c)) ||
		    (c != 0 && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);

		in[2] = (char)c;
		ok = addr_parse_path(span_of(in, sizeof(in) - 1),
		    ADDR_FORWARD, &a, NULL) == 0;
		t_case(in);
		T_TRUE(ok == atext);
		dom[4] = (char)c;
		t_case(dom);
		ok = addr_parse_path(span_of(dom, sizeof(dom) - 1),
		    ADDR_FORWARD, &a, NULL) == 0;
		T_TRUE(ok == ((c < 128 && ascii_isalnum((char)c)) ||
		    c == '-' || c == '.'));
	}
}

/* CVE-2003-0161, CVE-2002-1337: rows of brackets and of 0xff */
static void
rows(void **state)
{
	static const char set[] = "<>()\"\\@.,;:[]\xff\x00";
	static char in[100000];
	struct addr a;
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof(set); i++) {
		memset(in, set[i], sizeof(in));
		T_INT(addr_parse_path(span_of(in, sizeof(in)), ADDR_REVERSE,
		    &a, &why), -1);
		in[0] = '<';
		T_INT(addr_parse_path(span_of(in, sizeof(in)), ADDR_FORWARD,
		    &a, &why), -1);
	}
}

static void
parts(void **state)
{
	struct addr a, b;
	char plain[ADDR_LOCAL_SIZE];

	(void)state;
	T_INT(addr_make(&a, SPAN_LIT("x y"), SPAN_LIT("B.Example")), 0);
	T_STR(addr_text(&a), "\"x y\"@b.example");
	T_STR(addr_local(&a), "\"x y\"");
	T_STR(addr_domain(&a), "b.example");
	addr_local_plain(&a, plain);
	T_STR(span_str(plain), "x y");
	T_INT(addr_make(&a, SPAN_LIT("a\"\\"), SPAN_LIT("b")), 0);
	addr_local_plain(&a, plain);
	T_STR(span_str(plain), "a\"\\");
	T_INT(addr_make(&a, SPAN_LIT(""), SPAN_LIT("b")), -1);
	T_INT(addr_make(&a, SPAN_LIT("a\nb"), SPAN_LIT("b")), -1);
	T_INT(addr_make(&a, SPAN_LIT("a"), SPAN_LIT("")), -1);
	T_INT(addr_make(&a, SPAN_LIT(" " X63), SPAN_LIT("b")), -1);
	/* RFC 5321 2.4: the local part's case counts */
	T_INT(addr_parse(SPAN_LIT("A@b"), &a, NULL), 0);
	T_INT(addr_parse(SPAN_LIT("a@B"), &b, NULL), 0);
	T_TRUE(!addr_eq(&a, &b));
	T_INT(addr_parse(SPAN_LIT("A@[1.2.3.4]"), &a, NULL), 0);
	T_TRUE(a.literal);
}

static void
routes(void **state)
{
	static const struct { const char *in; bool routes; } cases[] = {
		{ "user%other@us.example", true },	/* RFC 5321 app. C */
		{ "other!user@us.example", true },
		{ "\"user@other\"@us.example", true },
		{ "user@us.example", false },
		{ "u+x=y@us.example", false },
	};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		T_INT(addr_parse(span_str(cases[i].in), &a, NULL), 0);
		T_TRUE(addr_local_routes(&a) == cases[i].routes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mailbox), cmocka_unit_test(path),
		cmocka_unit_test(every_octet), cmocka_unit_test(rows),
		cmocka_unit_test(parts), cmocka_unit_test(routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
