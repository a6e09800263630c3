/* header: fields, folding, line ends, where a header ends; in pieces too. */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "mail/header.h"

static const struct {
	const char *in;
	const char *fields;	/* "name=value;" unfolded */
	const char *body;
	enum header_end end;
} cases[] = {
	/* RFC 5322 2.2, 2.2.3 */
	{ "A: b\r\nC: d\r\n\r\nbody\r\n", "A=b;C=d;", "body\r\n",
	    HEADER_EMPTY_LINE },
	{ "A: b\nC: d\n\nbody\n", "A=b;C=d;", "body\n", HEADER_EMPTY_LINE },
	{ "Subject: This\r\n is a test\r\n\r\n", "Subject=This is a test;", "",
	    HEADER_EMPTY_LINE },
	{ "A: b\n\tc\r\n d\n\nx", "A=b\tc d;", "x", HEADER_EMPTY_LINE },
	{ "A: b\r\n", "A=b;", "", HEADER_NO_BODY },
	{ "A: b", "A=b;", "", HEADER_NO_BODY },
	{ "", "", "", HEADER_NO_BODY },
	{ "\r\nbody", "", "body", HEADER_EMPTY_LINE },
	{ "\nbody", "", "body", HEADER_EMPTY_LINE },
	{ "A:\r\n\r\n", "A=;", "", HEADER_EMPTY_LINE },
	{ "A:b\r\n\r\n", "A=b;", "", HEADER_EMPTY_LINE },
	{ "A : b\r\n\r\n", "A=b;", "", HEADER_EMPTY_LINE },	/* 4.5.8 */
	{ "A\t: b\r\n \r\n c\r\n\r\n", "A=b  c;", "",
	    HEADER_EMPTY_LINE },			/* 4.2 obs-FWS */
	{ "A: b:c\r\n\r\n", "A=b:c;", "", HEADER_EMPTY_LINE },
	/* no fields */
	{ "A: b\r\nstray\r\nC: d\r\n\r\n", "A=b;",
	    "stray\r\nC: d\r\n\r\n", HEADER_STRAY_LINE },
	{ " A: b\r\n\r\n", "", " A: b\r\n\r\n", HEADER_STRAY_LINE },
	{ "A b: c\r\n", "", "A b: c\r\n", HEADER_STRAY_LINE },
	{ ": c\r\n", "", ": c\r\n", HEADER_STRAY_LINE },
	{ "\xc3\xa9: c\r\n", "", "\xc3\xa9: c\r\n", HEADER_STRAY_LINE },
	{ "From a@b Sat Jan  1 00:00:00 2000\nA: b\n\n", "",
	    "From a@b Sat Jan  1 00:00:00 2000\nA: b\n\n",
	    HEADER_STRAY_LINE },
	{ "A: b\rC: d\r\n\r\n", "A=bC: d;", "", HEADER_EMPTY_LINE },
};

static void
walk(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct header_walk w;
		struct header_field f;
		struct span head, body, all = span_str(cases[i].in);
		size_t octets = 0;

		t_case(cases[i].in);
		buf_clear(&b);
		header_walk_init(&w, all, 100);
		while (header_next(&w, &f)) {
			T_TRUE(f.whole.p == all.p + octets);
			octets += f.whole.n;
			buf_add_span(&b, f.name);
			buf_add_char(&b, '=');
			T_INT(header_unfold(&b, f.value), 0);
			buf_add_char(&b, ';');
		}
		T_STR(buf_span(&b), cases[i].fields);
		T_INT(w.why_end, cases[i].end);
		T_STR(header_body(&w), cases[i].body);
		header_split(all, &head, &body);
		T_STR(body, cases[i].body);
		T_INT(head.n + body.n, all.n);
	}
	buf_fini(&b);
}

static void
pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step < 20; step++) {
			struct span all = span_str(cases[i].in), left = all;
			struct span head, body;
			struct header_intake h;
			enum header_feed r = HEADER_FEED_MORE;
			size_t used;

			t_case(cases[i].in);
			header_intake_init(&h, 1000, 100);
			while (left.n > 0 && r == HEADER_FEED_MORE) {
				r = header_intake_feed(&h,
				    span_head(left, step), &used);
				left = span_from(left, used);
			}
			if (cases[i].end == HEADER_EMPTY_LINE ||
			    (cases[i].end == HEADER_STRAY_LINE))
				T_INT(r, HEADER_FEED_END);
			T_INT(h.text.n + left.n, all.n);
			header_split(buf_span(&h.text), &head, &body);
			T_INT(head.n, all.n - strlen(cases[i].body));
			header_intake_fini(&h);
		}
}

static void
limits(void **state)
{
	struct header_walk w;
	struct header_field f;
	struct header_intake h;
	struct span text = SPAN_LIT("a:1\nb:2\nc:3\n\nx");
	size_t used;

	(void)state;
	header_walk_init(&w, text, 2);
	T_TRUE(header_next(&w, &f) && header_next(&w, &f));
	T_TRUE(!header_next(&w, &f));
	T_INT(w.why_end, HEADER_TOO_MANY);
	T_TRUE(header_body(&w).p == NULL);

	header_intake_init(&h, 100, 2);
	T_INT(header_intake_feed(&h, text, &used), HEADER_FEED_TOO_BIG);
	header_intake_fini(&h);
	header_intake_init(&h, 10, 3);
	T_INT(header_intake_feed(&h, text, &used), HEADER_FEED_TOO_BIG);
	header_intake_fini(&h);
	header_intake_init(&h, 13, 3);
	T_INT(header_intake_feed(&h, text, &used), HEADER_FEED_END);
	T_INT(used, 13);
	T_INT(h.fields, 3);
	header_intake_fini(&h);
}

static void
find(void **state)
{
	struct span text = SPAN_LIT("To: a\nSUBJECT : b\nto: c\n\nFrom: d\n");
	struct header_field f;

	(void)state;
	T_TRUE(header_find(text, "subject", &f));
	T_STR(span_trim(f.value), "b");
	T_TRUE(header_find(text, "To", &f));
	T_STR(span_trim(f.value), "a");
	T_TRUE(!header_find(text, "From", &f));		/* body */
	T_TRUE(!header_find(text, "T", &f));
}

static void
unfold_nul(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	T_INT(header_unfold(&b, SPAN_LIT(" a\0b\r\n c\r ")), 0);
	T_STR(buf_span(&b), "a b c");
	buf_fini(&b);
}

/* 5 MB of fields, of one field, of continuation lines */
static void
long_headers(void **state)
{
	static const char *const units[] = { "To: a@b\n", "a:\n", "\n ", "a" };
	const size_t size = 5 * 1000 * 1000;
	char *text = malloc(size);
	struct header_walk w;
	struct header_field f;

	(void)state;
	T_TRUE(text != NULL);
	for (size_t i = 0; i < COUNT(units); i++) {
		size_t octets = 0, unit = strlen(units[i]);

		for (size_t k = 0; k < size; k++)
			text[k] = units[i][k % unit];
		memcpy(text, "x:", 2);
		header_walk_init(&w, span_of(text, size), SIZE_MAX);
		while (header_next(&w, &f))
			octets += f.whole.n;
		T_INT(octets + header_body(&w).n, size);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walk), cmocka_unit_test(pieces),
		cmocka_unit_test(limits), cmocka_unit_test(find),
		cmocka_unit_test(unfold_nul), cmocka_unit_test(long_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
