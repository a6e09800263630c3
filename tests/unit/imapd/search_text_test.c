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
	bool found, single;

	t_case(want);
	mime_walk(span_str(message), IMAP_MIME_DEPTH, IMAP_PARTS_MAX, &tree);
	found = search_text_body(&searcher, &tree, span_str(message),
	    folded(want));
	mime_tree_fini(&tree);
	if (search_text_single(&searcher, span_str(message), folded(want),
	    &single))
		T_INT(single, found);
	return found;
}

static bool
in_mime(const char *message, const char *want)
{
	struct mime_tree tree;
	bool found;

	t_case(want);
	mime_walk(span_str(message), IMAP_MIME_DEPTH, IMAP_PARTS_MAX, &tree);
	found = search_text_mime(&searcher, &tree, span_str(message),
	    folded(want));
	mime_tree_fini(&tree);
	return found;
}

/* RFC 2045 5.2, 6.1: of one text, with the encoding and charset it names. */
static void
single_text(void **state)
{
	static const struct { const char *head, *body, *want;
		bool single, found; } cases[] = {
		{ "Subject: s\n", "plain Words here", "words", true, true },
		{ "Subject: words\n", "plain", "words", true, false },
		{ "Content-Type: text/html; charset=utf-8\n"
		  "Content-Transfer-Encoding: 8bit\n",
		  "long ascii, then Gr\xc3\xbc\xc3\x9f" "e", "THEN gr\xc3\x9c",
		  true, true },
		{ "Content-Type: text/plain; charset=iso-8859-1\n",
		  "Gr\xfc\xdf" "e, and more ascii behind", "Gr\xc3\xbc\xc3\x9f"
		  "E, AND MORE", true, true },
		{ "Content-Transfer-Encoding: (c) Quoted-Printable\n",
		  "on=\ne w=6Frd", "one WORD", true, true },
		{ "Content-type: text/plain; charset*0=ut; charset*1=f-8\n"
		  "content-transfer-encoding: BASE64\n",
		  "w4RwZmVs", "\xc3\xa4pfel", true, true },
		{ "Content-Type: text/plain; charset=us-ascii\n"
		  "Content-Type: text/plain; charset=utf-8\n",
		  "\xc3\xa4", "\xc3\xa4", true, false },	/* the first */
		{ "Content-Type: multipart/mixed; boundary=b\n", "--b\n\nx\n",
		  "x", false, true },
		{ "Content-Type: message/rfc822\n", "Subject: x\n\ny", "x",
		  false, true },
		{ "Content-Type: image/png\n", "x", "x", false, false },
		{ "Content-Type: bad\n", "x", "x", true, true },
	};
	struct buf message;
	bool found = false;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_init(&message, KIB);
		buf_addf(&message, "%s\n%s", cases[i].head, cases[i].body);
		t_case(cases[i].head);
		T_INT(search_text_single(&searcher, buf_span(&message),
		    folded(cases[i].want), &found), cases[i].single);
		if (cases[i].single)
			T_INT(found, cases[i].found);
		T_INT(in_body(buf_cstr(&message), cases[i].want),
		    cases[i].found);
		buf_fini(&message);
	}
}

/* Each octet at each place of a run, against the definition. */
static void
fold_long(void **state)
{
	char text[24], upper[24];
	struct buf b;

	(void)state;
	for (int c = 0; c < 0x80; c++)
		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, 'm', sizeof(text));
			memset(upper, 'M', sizeof(upper));
			text[at] = upper[at] = (char)c;
			if (c >= 'a' && c <= 'z')
				upper[at] = (char)(c - 'a' + 'A');
			buf_init(&b, KIB);
			T_INT(casemap_fold(&b, span_of(text, sizeof(text))), 0);
			T_TRUE(span_eq(buf_span(&b), span_of(upper,
			    sizeof(upper))));
			buf_fini(&b);
		}
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
	/* RFC 9051 6.4.4: MIME fields are for TEXT, not for BODY. */
	T_TRUE(!in_body(message, "octet-stream"));
	T_TRUE(in_mime(message, "octet-stream"));
	T_TRUE(!in_mime(message, "binary word"));
	T_TRUE(!in_mime(message, "outside"));	/* that header is the message's */
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
		cmocka_unit_test(single_text),
		cmocka_unit_test(fold_long),
	};

	charset_open_all();
	search_text_init(&searcher);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
