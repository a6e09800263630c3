/* mime_walk: the trees of RFC 2046, sizes, limits, hostile nesting. */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "mail/mime_walk.h"

/*
 * A tree as text: L "body", M for multipart, R for rfc822, children in ().
 */
static void
describe(struct buf *b, const struct mime_tree *t, uint32_t i,
    struct span msg)
{
	const struct mime_part *p = &t->v[i];

	if (p->kind == MIME_LEAF) {
		buf_addf(b, "'%.*s'", SPAN_ARG(mime_part_body(p, msg)));
		return;
	}
	buf_add_char(b, p->kind == MIME_MULTIPART ? 'M' : 'R');
	buf_add_char(b, '(');
	for (uint32_t c = p->first_child; c != MIME_NONE; c = t->v[c].next) {
		if (c != p->first_child)
			buf_add_char(b, ',');
		describe(b, t, c, msg);
	}
	buf_add_char(b, ')');
}

/* What holds for every tree. */
static void
check(const struct mime_tree *t, struct span msg)
{
	uint32_t children = 0;

	T_TRUE(t->n >= 1);
	T_INT(t->v[0].header_at, 0);
	T_TRUE(t->v[0].parent == MIME_NONE);
	for (uint32_t i = 0; i < t->n; i++) {
		const struct mime_part *p = &t->v[i];
		struct span body = mime_part_body(p, msg);
		size_t bare = 0, lines = 0;

		T_TRUE(p->header_at <= p->body_at);
		T_TRUE(p->body_at <= p->body_end);
		T_TRUE(p->body_end <= msg.n);
		T_TRUE((p->kind == MIME_LEAF) == (p->children == 0));
		children += p->children;
		if (i > 0) {
			T_TRUE(p->parent < i);
			T_TRUE(p->header_at >= t->v[p->parent].body_at);
			T_TRUE(p->body_end <= t->v[p->parent].body_end);
		}
		for (size_t k = 0; k < body.n; k++)
			if (body.p[k] == '\n') {
				lines++;
				bare += msg.p + p->body_at + k == msg.p ||
				    msg.p[p->body_at + k - 1] != '\r';
			}
		if (body.n > 0 && body.p[body.n - 1] != '\n')
			lines++;
		T_INT(p->body_lines, lines);
		T_INT(p->body_bare, bare);
		T_INT(mime_body_wire(p), body.n + bare);
	}
	T_INT(children, t->n - 1);
}

#define MULTI(b)	"Content-Type: multipart/mixed; boundary=\"" b "\"\n\n"

static const struct { const char *in, *want; } cases[] = {
	{ "", "''" }, { "\n", "''" }, { "A: b\n", "''" },
	{ "A: b\n\nbody\n", "'body\n'" },
	{ "no header\n", "'no header\n'" },
	/* RFC 2046 5.1.1 */
	{ "From: Nathaniel Borenstein <nsb@bellcore.com>\n"
	    "MIME-Version: 1.0\n"
	    "Content-type: multipart/mixed; boundary=\"simple boundary\"\n\n"
	    "This is the preamble.\n\n"
	    "--simple boundary\n\n"
	    "This is implicitly typed.\nIt does NOT end with a linebreak.\n"
	    "--simple boundary\n"
	    "Content-type: text/plain; charset=us-ascii\n\n"
	    "This is explicitly typed.\nIt DOES end with a linebreak.\n\n"
	    "--simple boundary--\n\n"
	    "This is the epilogue.  It is also to be ignored.\n",
	    "M('This is implicitly typed.\nIt does NOT end with a linebreak.'"
	    ",'This is explicitly typed.\nIt DOES end with a linebreak.\n')" },
	{ MULTI("b") "--b\n\nx\n--b--\n", "M('x')" },
	{ MULTI("b") "--b  \t\n\nx\n--b-- \n--b\n\ny\n", "M('x')" },
	{ MULTI("b") "--b\nx\n", "M('x\n')" },		/* never closes */
	{ MULTI("b") "--b\n\n--b\n\n--b--", "M('','')" },
	{ MULTI("b") "--b\n--b\n--b--", "M('')" },	/* in a row */
	{ MULTI("b") "--b\n--b\nA: c\n\nx\n--b\n--b--", "M('x','')" },
	{ MULTI("b") "--b\nA: c\n--b--", "M('')" },
	{ MULTI("b") "--bc\n\n--b\n\nx\n --b\n--b--", "M('x\n --b')" },
	{ MULTI("b") "nothing here\n", "M('')" },
	{ MULTI("b"), "M('')" },
	{ "Content-Type: multipart/mixed; boundary=b", "M('')" },
	{ MULTI("b--") "--b--\n\nx\n--b----\n", "M('x')" },
	{ "Content-Type: multipart/mixed\n\n--b\n\nx\n", "'--b\n\nx\n'" },
	{ "Content-Type: multipart/mixed; boundary=\"b \"\n\n--b\n\nx\n--b--",
	    "M('x')" },
	{ "Content-Type: multipart/mixed;\n boundary*0=b; boundary*1=c\n\n"
	    "--bc\n\nx\n--bc--", "M('x')" },
	/* an outer delimiter ends what is open within */
	{ MULTI("o") "--o\n" MULTI("i") "--i\n\nx\n--o\n\ny\n--o--\n",
	    "M(M('x'),'y')" },
	{ MULTI("o") "--o\n" MULTI("o") "--o\n\nx\n--o--\n--o\n\ny\n--o--\n",
	    "M(M('x'),'y')" },		/* the same one twice */
	{ MULTI("o") "--o\n" MULTI("i") "--i\n\nx\n--i--\n\n--o--\n",
	    "M(M('x'))" },
	/* 5.2.1 */
	{ "Content-Type: message/rfc822\n\nSubject: a\n\nb\n", "R('b\n')" },
	{ MULTI("b") "--b\nContent-Type: message/rfc822\n\nSubject: a\n"
	    "--b\nContent-Type: MESSAGE/RFC822\n\nS: t\n\nu\n--b--\n",
	    "M(R(''),R('u'))" },
	{ MULTI("b") "--b\nContent-Type: message/rfc822\n\n" MULTI("c")
	    "--c\n\nx\n--c--\n\n--b\n\ny\n--b--\n", "M(R(M('x')),'y')" },
	{ MULTI("b") "--b\nContent-Type: message/rfc822\n\nS: t\n\n--b--\n",
	    "M(R(''))" },	/* the inner header's empty line ends both */
	{ "Content-Type: message/rfc822\nstray\n", "R('stray\n')" },
	/* 5.1.5 */
	{ "Content-Type: multipart/digest; boundary=b\n\n--b\n\nS: a\n\nx\n"
	    "--b\nContent-Type: text/plain\n\ny\n--b--", "M(R('x'),'y')" },
};

/* The same message with CRLF has the same tree, and the same wire sizes. */
static void
trees(void **state)
{
	struct buf got, crlf, want;

	(void)state;
	buf_init(&got, 10000);
	buf_init(&crlf, 10000);
	buf_init(&want, 10000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span in = span_str(cases[i].in);
		struct mime_tree t, u;

		t_case(cases[i].in);
		buf_clear(&got);
		buf_clear(&crlf);
		buf_clear(&want);
		mime_walk(in, 100, 1000, &t);
		check(&t, in);
		T_TRUE(!t.cut);
		describe(&got, &t, 0, in);
		T_STR(buf_span(&got), cases[i].want);
		for (size_t k = 0; k < in.n; k++)
			buf_add_str(&crlf, in.p[k] == '\n' ? "\r\n" :
			    (char[]){ in.p[k], 0 });
		for (const char *w = cases[i].want; *w != '\0'; w++)
			buf_add_str(&want, *w == '\n' ? "\r\n" :
			    (char[]){ *w, 0 });
		mime_walk(buf_span(&crlf), 100, 1000, &u);
		check(&u, buf_span(&crlf));
		buf_clear(&got);
		describe(&got, &u, 0, buf_span(&crlf));
		T_SPAN(buf_span(&got), buf_span(&want));
		T_INT(t.n, u.n);
		for (uint32_t k = 0; k < t.n; k++) {
			T_INT(mime_body_wire(&t.v[k]),
			    mime_body_wire(&u.v[k]));
			T_INT(mime_header_wire(&t.v[k]),
			    mime_header_wire(&u.v[k]));
			T_INT(t.v[k].body_lines, u.v[k].body_lines);
			T_INT(u.v[k].body_bare, 0);
		}
		mime_tree_fini(&t);
		mime_tree_fini(&u);
	}
	buf_fini(&got);
	buf_fini(&crlf);
	buf_fini(&want);
}

static void
limits(void **state)
{
	struct span nested = SPAN_LIT(MULTI("a") "--a\n" MULTI("b") "--b\n"
	    MULTI("c") "--c\n\nx\n--c--\n--b--\n--a--\n");
	struct span wide = SPAN_LIT(MULTI("a") "--a\n\n1\n--a\n\n2\n--a\n\n3\n"
	    "--a--\n");
	struct mime_tree t;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	mime_walk(nested, 2, 100, &t);
	check(&t, nested);
	describe(&b, &t, 0, nested);
	T_STR(buf_span(&b), "M(M('--c\n\nx\n--c--'))");
	T_TRUE(t.cut);
	mime_tree_fini(&t);
	buf_clear(&b);
	mime_walk(nested, 0, 100, &t);
	T_INT(t.n, 1);
	T_TRUE(t.cut);
	mime_tree_fini(&t);
	mime_walk(wide, 100, 3, &t);
	check(&t, wide);
	describe(&b, &t, 0, wide);
	T_STR(buf_span(&b), "M('1','2')");
	T_TRUE(t.cut);
	mime_tree_fini(&t);
	mime_walk(wide, 100, 1, &t);
	T_INT(t.n, 1);
	T_TRUE(t.cut && t.v[0].kind == MIME_LEAF);
	mime_tree_fini(&t);
	buf_fini(&b);
}

/*
 * CVE-2020-12100, -25275: 5 MB each of nesting and of parts.  What rescans
 * would not end here.
 */
static void
hostile(void **state)
{
	static const char *const units[] = {
		"Content-Type: message/rfc822\n\n",
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
		"Content-Type: multipart/digest; boundary=b\n\n--b\n\n",
		"--b\n\n", "--b\n", "--\n", "--bb\n", "\n", "--b--\n", "-",
		"a:\n",
		"Content-Type: multipart/mixed; boundary=\"(\"\n\n--(\n\n",
	};
	static const char head[] =
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
	const size_t size = 5 * 1000 * 1000;
	char *text = malloc(size);

	(void)state;
	T_TRUE(text != NULL);
	for (size_t i = 0; i < COUNT(units); i++) {
		struct mime_tree t;
		size_t unit = strlen(units[i]);

		t_case(units[i]);
		memcpy(text, head, sizeof(head) - 1);
		for (size_t k = 0; k < size - sizeof(head); k++)
			text[sizeof(head) - 1 + k] = units[i][k % unit];
		text[size - 1] = '\n';
		mime_walk(span_of(text, size), MIME_DEPTH_MAX, 10000, &t);
		T_TRUE(t.n <= 10000);
		T_TRUE(i >= 4 || t.cut);
		mime_tree_fini(&t);
	}
	free(text);
}

/* 100 open multiparts, then lines that look like delimiters. */
static void
deep_then_lines(void **state)
{
	const size_t size = 5 * 1000 * 1000;
	struct mime_tree t;
	struct buf b;

	(void)state;
	buf_init(&b, size + 100000);
	for (int i = 0; i < 100; i++)
		buf_addf(&b, "Content-Type: multipart/mixed; boundary="
		    "\"%0150d\"\n\n--%0150d\n", i, i);
	while (b.n < size)
		buf_add_str(&b, "\n--0000000000000000000000000000000\n--");
	mime_walk(buf_span(&b), 100, 1000, &t);
	T_INT(t.n, 101);
	mime_tree_fini(&t);
	buf_fini(&b);
}

static void
fields(void **state)
{
	struct span h = SPAN_LIT("Content-Type: text/html;\n charset=utf-8;\n"
	    " name*0=a; name*1=b\n"
	    "Content-ID: <1@x>\nContent-Description: a\n b\n"
	    "Content-MD5: Q2hlY2s=\nContent-Transfer-Encoding: BASE64\n"
	    "Content-Disposition: inline; filename=x\n"
	    "Content-Language: en, de\nContent-Location: http://x/y\n\n");
	struct arena *mem = arena_new(100000);
	struct mime_fields f;

	(void)state;
	mime_fields_read(h, false, mem, &f);
	T_TRUE(mime_type_is(&f.type, "text", "html"));
	T_INT(f.type.params.n, 2);
	T_STR(mime_param(&f.type.params, "name"), "ab");
	T_STR(f.id, "<1@x>");
	T_STR(f.description, "a b");
	T_STR(f.md5, "Q2hlY2s=");
	T_STR(f.encoding, "BASE64");
	T_STR(f.location, "http://x/y");
	T_STR(f.disposition.kind, "inline");
	T_STR(mime_param(&f.disposition.params, "filename"), "x");
	T_INT(f.language.n, 2);
	mime_fields_read(SPAN_LIT("Subject: x\n\n"), false, mem, &f);
	T_TRUE(mime_type_is(&f.type, "text", "plain"));
	T_STR(mime_param(&f.type.params, "charset"), "us-ascii");
	T_STR(f.encoding, "7bit");			/* RFC 2045 6.1 */
	T_TRUE(f.id.p == NULL && f.disposition.kind.p == NULL);
	mime_fields_read(SPAN_NONE, true, mem, &f);
	T_TRUE(mime_type_is(&f.type, "message", "rfc822"));
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees), cmocka_unit_test(limits),
		cmocka_unit_test(hostile), cmocka_unit_test(deep_then_lines),
		cmocka_unit_test(fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
