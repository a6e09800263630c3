/* casemap, search_text: RFC 3501 6.4.4 on encoded words, encodings, charsets. */
#include "../t.h"

#include "imapd/casemap.h"
#include "imapd/limits.h"
#include "imapd/search_text.h"
#include "os/charset.h"

static struct search_text searcher;

static bool
same(const char *a, const char *b)
{
	struct buf x, y;
	bool eq;

	buf_init(&x, KIB);
	buf_init(&y, KIB);
	T_INT(casemap_fold(&x, span_str(a)), 0);
	T_INT(casemap_fold(&y, span_str(b)), 0);
	eq = span_eq(buf_span(&x), buf_span(&y));
	buf_fini(&x);
	buf_fini(&y);
	return eq;
}

static void
fold(void **state)
{
	(void)state;
	T_TRUE(same("Smith", "sMITH"));
	T_TRUE(same("\xc3\x84rger", "\xc3\xa4RGER"));	/* A with diaeresis */
	T_TRUE(same("\xc3\xa4", "a\xcc\x88"));		/* composed or not */
	T_TRUE(same("\xce\xa3", "\xcf\x83"));		/* sigma */
	T_TRUE(same("\xd0\x96", "\xd0\xb6"));		/* zhe */
	T_TRUE(!same("\xc3\xa4", "a"));
	T_TRUE(!same("a", "b"));
	/* What is no UTF-8 folds to something, and ends. */
	T_TRUE(same("\xf0\x9f", "\xf0\x9f"));
}

static struct span
folded(const char *want)
{
	static struct buf b;

	buf_fini(&b);
	buf_init(&b, KIB);
	T_INT(casemap_fold(&b, span_str(want)), 0);
	return buf_span(&b);
}

static void
headers(void **state)
{
	static const char header[] =
	    "Subject: =?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?B?IGF1cw==?= Ulm\n"
	    "From: \"Smith, J.\" <j@x.example>\nX-Empty:\n"
	    "X-Fold: one\n two\n\n";
	static const struct { const char *field, *want; bool found; }
	    cases[] = {
		{ "Subject", "gr\xc3\xbc\xc3\x9f" "e aus", true },
		{ "subject", "ULM", true },
		{ "Subject", "iso-8859-1", false },	/* is decoded */
		{ "From", "smith, j.", true },
		{ "From", "j@X.example", true },
		{ "From", "ulm", false },
		{ "To", "", false },
		{ "X-Empty", "", true },		/* 6.4.4 HEADER */
		{ "X-Empty", "x", false },
		{ "X-Fold", "one two", true },
		{ NULL, "X-Fold: ONE", true },
		{ NULL, "nowhere", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].want);
		T_TRUE(search_text_header(&searcher, span_str(header),
		    span_str(cases[i].field), folded(cases[i].want)) ==
		    cases[i].found);
	}
}

static bool
in_body(const char *message, const char *want)
{
	struct mime_tree tree;
	bool found;

	t_case(want);
	mime_walk(span_str(message), IMAP_MIME_DEPTH, IMAP_PARTS_MAX, &tree);
	found = search_text_body(&searcher, &tree, span_str(message),
	    folded(want));
	mime_tree_fini(&tree);
	return found;
}

static void
bodies(void **state)
{
	static const char message[] =
	    "Subject: outside\n"
	    "Content-Type: multipart/mixed; boundary=A\n\npreamble\n"
	    "--A\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: base64\n\n"
	    "w4RwZmVsIHVuZCBC\naXJuZW4=\n"		/* Aepfel und Birnen */
	    "--A\nContent-Type: text/html; charset=iso-8859-1\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "<p>Gr=FC=\n=DFe</p>\n"
	    "--A\nContent-Type: application/octet-stream\n\nbinary word\n"
	    "--A\nContent-Type: message/rfc822\n\n"
	    "Subject: =?utf-8?Q?inner=20Subject?=\n\ninner text\n"
	    "--A\nContent-Type: text/plain; charset=koi8-r\n\n"
	    "\xd0\xd2\xc9\xd7\xc5\xd4\n"		/* privet */
	    "--A\nContent-Type: text/plain; charset=x-unknown\n\nstill\n"
	    "--A--\n";

	(void)state;
	T_TRUE(in_body(message, "\xc3\xa4pfel und birnen"));
	T_TRUE(in_body(message, "GR\xc3\x9c\xc3\x9f" "E"));
	T_TRUE(!in_body(message, "binary word"));	/* only text and message */
	T_TRUE(in_body(message, "inner subject"));
	T_TRUE(in_body(message, "inner text"));
	T_TRUE(!in_body(message, "outside"));
	T_TRUE(in_body(message, "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"));
	T_TRUE(in_body(message, "STILL"));
	T_TRUE(in_body(message, ""));
	T_TRUE(!in_body(message, "w4RwZmVs"));		/* is decoded */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fold),
		cmocka_unit_test(headers),
		cmocka_unit_test(bodies),
	};

	charset_open_all();
	search_text_init(&searcher);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
