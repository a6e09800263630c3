/* mime_type: examples of RFC 2045, 2183, 2231, and what is broken. */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "mail/mime_type.h"

static const struct { const char *in; int rc; const char *want; } types[] = {
	/* RFC 2045 5.1, 5.2 */
	{ " text/plain; charset=us-ascii (Plain text)", 0,
	    "text/plain;charset=us-ascii" },
	{ "text/plain; charset=\"us-ascii\"", 0,
	    "text/plain;charset=us-ascii" },
	{ "Text/HTML", 0, "Text/HTML" },
	{ "text / plain ; a = b", 0, "text/plain;a=b" },
	{ "(c)text(c)/(c)plain(c);(c)a(c)=(c)b(c)", 0, "text/plain;a=b" },
	{ "multipart/mixed;\r\n\tboundary=\"a \\\"b\\\\\"", 0,
	    "multipart/mixed;boundary=a \"b\\" },
	{ "message/external-body; access-type=URL;\r\n"
	    " URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/\"", 0,
	    "message/external-body;access-type=URL;URL*0=ftp://;"
	    "URL*1=cs.utk.edu/" },
	{ "a/b;;; c=d;", 0, "a/b;c=d" },
	{ "a/b; c", 0, "a/b" }, { "a/b; =d; e=f", 0, "a/b;e=f" },
	{ "a/b; c=; d=e", 0, "a/b;d=e" }, { "a/b; c=\"\"", 0, "a/b;c=" },
	{ "a/b; c=\"x;y\"; d=e", 0, "a/b;c=x;y;d=e" },
	{ "a/b; c=\"open", 0, "a/b;c=open" },
	{ "a/b junk; c=d", 0, "a/b;c=d" },
	{ "a/b; boundary=----=_Part/1?", 0, "a/b;boundary=----=_Part/1?" },
	{ "a/b; c=d e; f=g", 0, "a/b;c=d;f=g" },
	{ "a/b; n=\"\xc3\xa9\"", 0, "a/b;n=\xc3\xa9" },
	{ "a/b; n=\"x\r\n y\"", 0, "a/b;n=x y" },
	/* RFC 2045 5.2: default */
	{ "text", -1, "text/plain;charset=us-ascii" },
	{ "", -1, "text/plain;charset=us-ascii" },
	{ "/plain", -1, "text/plain;charset=us-ascii" },
	{ "text/", -1, "text/plain;charset=us-ascii" },
	{ "(open", -1, "text/plain;charset=us-ascii" },
	{ "text/;charset=x", -1, "text/plain;charset=us-ascii" },
};

static void
put_params(struct buf *b, const struct mime_params *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		buf_addf(b, ";%.*s=%.*s", SPAN_ARG(ps->v[i].name),
		    SPAN_ARG(ps->v[i].value));
}

static void
type(void **state)
{
	struct arena *mem = arena_new(100000);
	struct mime_type t;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(types); i++) {
		t_case(types[i].in);
		buf_clear(&b);
		T_INT(mime_type_parse(span_str(types[i].in), mem, &t),
		    types[i].rc);
		buf_addf(&b, "%.*s/%.*s", SPAN_ARG(t.type),
		    SPAN_ARG(t.subtype));
		put_params(&b, &t.params);
		T_STR(buf_span(&b), types[i].want);
	}
	T_TRUE(mime_type_parse(SPAN_LIT("TEXT/Plain"), mem, &t) == 0 &&
	    mime_type_is(&t, "text", "plain") && mime_type_is(&t, "text",
	    NULL) && !mime_type_is(&t, "text", "html"));
	buf_fini(&b);
	arena_free(&mem);
}

static const struct { const char *in, *charset, *want; } joined[] = {
	/* RFC 2231 3, 4, 4.1 */
	{ "a/b; x*0=\"ftp://\"; x*1=\"cs.utk.edu/\"", "",
	    "ftp://cs.utk.edu/" },
	{ "a/b; x*1=\"cs.utk.edu/\"; x*0=\"ftp://\"", "",
	    "ftp://cs.utk.edu/" },
	{ "a/b; x*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
	    "us-ascii", "This is ***fun***" },
	{ "a/b; x*0*=us-ascii'en'This%20is%20even%20more%20; "
	    "x*1*=%2A%2A%2Afun%2A%2A%2A%20; x*2=\"isn't it!\"", "us-ascii",
	    "This is even more ***fun*** isn't it!" },
	{ "a/b; x=plain", "", "plain" },
	{ "a/b; x=plain; x*=utf-8''ext", "utf-8", "ext" },
	{ "a/b; X*0=a; x*2=c", "", "a" },		/* a gap */
	{ "a/b; x*0=a; x*0=b; x*1=c", "", "ac" },	/* twice */
	{ "a/b; x*0=a; x*01=b", "", "a" },
	{ "a/b; x*1=a", NULL, NULL }, { "a/b; xy=a", NULL, NULL },
	{ "a/b; x*0=a; x*99999999999999999999=b", "", "a" },
	{ "a/b; x*-1=a", NULL, NULL },
	{ "a/b; x*=noquotes%41", "", "noquotesA" },
	{ "a/b; x*=utf-8'%zz%4", "", "utf-8'%zz%4" },
	{ "a/b; x*=utf-8''%0d%0aBcc:%00x", "utf-8", "Bcc:x" },
	{ "a/b; x*0=%41; x*1*=%42", "", "%41B" },
	{ "a/b; x=\"%41\"", "", "%41" },
};

static void
decode(void **state)
{
	struct arena *mem = arena_new(100000);
	struct mime_type t;
	struct span charset;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(joined); i++) {
		t_case(joined[i].in);
		buf_clear(&b);
		T_INT(mime_type_parse(span_str(joined[i].in), mem, &t), 0);
		T_INT(mime_param_decode(&t.params, "x", &b, &charset),
		    joined[i].want != NULL ? 0 : -1);
		if (joined[i].want == NULL)
			continue;
		T_STR(buf_span(&b), joined[i].want);
		T_STR(charset, joined[i].charset);
	}
	buf_fini(&b);
	arena_free(&mem);
}

/* RFC 2231 6 */
static void
join(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "a/b; c=d; x*0=e; x*1=f; g=h", ";c=d;x=ef;g=h" },
		{ "a/b; x*0*=utf-8''a%20; x*1=b%c; x*2*=%64",
		    ";x*=utf-8''a%20b%25c%64" },
		{ "a/b; x*=utf-8''a", ";x*=utf-8''a" },
		{ "a/b; x*0=a; x*1*=%42", ";x*=''a%42" },
		{ "a/b; x*0*=a; x*1*='b'c", ";x*=''a'b'c" },
		{ "a/b; x*0*=u''%4; x*1*=1", ";x*=u''%2541" },
		{ "a/b; x=old; x*0=n; x*1=ew", ";x=new" },
		{ "a/b; c=d", ";c=d" },
		{ "a/b; x*1=lost; c=d; y*0=e", ";c=d;y=e" },
	};
	struct arena *mem = arena_new(100000);
	struct mime_type t;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		buf_clear(&b);
		T_INT(mime_type_parse(span_str(cases[i].in), mem, &t), 0);
		mime_params_join(&t.params, mem);
		put_params(&b, &t.params);
		T_STR(buf_span(&b), cases[i].want);
	}
	buf_fini(&b);
	arena_free(&mem);
}

static void
others(void **state)
{
	struct arena *mem = arena_new(100000);
	struct mime_disposition d;
	struct mime_list l;

	(void)state;
	/* RFC 2183 3 */
	T_INT(mime_disposition_parse(SPAN_LIT(" attachment; "
	    "filename=genome.jpeg;\r\n modification-date=\"Wed, 12 Feb 1997 "
	    "16:29:51 -0500\";"), mem, &d), 0);
	T_STR(d.kind, "attachment");
	T_STR(mime_param(&d.params, "FILENAME"), "genome.jpeg");
	T_STR(mime_param(&d.params, "modification-date"),
	    "Wed, 12 Feb 1997 16:29:51 -0500");
	T_TRUE(mime_param(&d.params, "size").p == NULL);
	T_INT(mime_disposition_parse(SPAN_LIT(" ; filename=x"), mem, &d), -1);
	T_TRUE(d.kind.p == NULL && d.params.n == 0);
	mime_list_parse(SPAN_LIT(" en-US (c), de,,fr "), mem, &l);
	T_INT(l.n, 3);
	T_STR(l.v[0], "en-US");
	T_STR(l.v[1], "de");
	T_STR(l.v[2], "fr");
	mime_list_parse(SPAN_LIT(" , "), mem, &l);
	T_INT(l.n, 0);
	T_STR(mime_token(SPAN_LIT(" (c) Base64 \r\n (x)")), "Base64");
	T_STR(mime_token(SPAN_LIT("")), "");
	arena_free(&mem);
}

/* CVE-2026-27859: 5 MB of parameters, pieces with odd numbers; small arena. */
static void
budgets(void **state)
{
	static const char *const units[] = { ";name*0*=a", ";a=b", ";n*1=a",
		";name*99999999*=x", ";\"", ";(", "(", "\\", ";a=\"\\", ";a=",
		"/", "a/b", ",a" };
	const size_t size = 5 * 1000 * 1000;
	char *text = malloc(size);
	struct span charset;
	struct buf b;

	(void)state;
	T_TRUE(text != NULL);
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(units); i++) {
		struct arena *mem = arena_new(20000);
		struct mime_type t;
		struct mime_list l;
		size_t unit = strlen(units[i]);

		t_case(units[i]);
		for (size_t k = 0; k < size; k++)
			text[k] = units[i][k % unit];
		memcpy(text, "a/b", 3);
		if (mime_type_parse(span_of(text, size), mem, &t) != 0)
			T_TRUE(mime_type_is(&t, "text", "plain"));
		T_TRUE(t.params.n <= MIME_PARAMS_MAX);
		if (i < 2)
			T_TRUE(t.params.cut);
		if (mime_param_decode(&t.params, "name", &b, &charset) != 0)
			buf_clear(&b);
		mime_params_join(&t.params, mem);
		mime_list_parse(span_of(text, size), mem, &l);
		T_TRUE(l.n <= MIME_LANGUAGES_MAX);
		T_TRUE(arena_used(mem) <= 20000);
		arena_free(&mem);
	}
	buf_fini(&b);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type), cmocka_unit_test(decode),
		cmocka_unit_test(join), cmocka_unit_test(others),
		cmocka_unit_test(budgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
