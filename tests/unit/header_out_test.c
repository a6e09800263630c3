/* header_out: folding, encoding, and values that would be fields. */
#include "t.h"

#include <string.h>

#include "mail/addrlist.h"
#include "mail/header.h"
#include "mail/header_out.h"
#include "mail/mime_text.h"

/* Lines end in CRLF, none is longer than max, none is all space. */
static void
check_lines(struct span s, size_t max)
{
	T_TRUE(span_ends(s, SPAN_LIT("\r\n")));
	while (s.n > 0) {
		struct span line = span_cut(&s, '\n');

		T_TRUE(line.n > 1 && line.p[line.n - 1] == '\r');
		T_TRUE(line.n - 1 <= max);
		T_TRUE(span_trim_ws(line).n > 0);
	}
}

static void
structured(void **state)
{
	struct buf b;
	char word[1001];

	(void)state;
	buf_init(&b, 10000);
	T_INT(header_out(&b, "X", SPAN_LIT("a b")), 0);
	T_STR(buf_span(&b), "X: a b\r\n");
	buf_clear(&b);
	T_INT(header_out(&b, "References", SPAN_LIT(
	    "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example> "
	    "<cccccccccccccccccccccccccccccccccccc@d.example>")), 0);
	T_STR(buf_span(&b), "References: "
	    "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example>\r\n "
	    "<cccccccccccccccccccccccccccccccccccc@d.example>\r\n");
	buf_clear(&b);
	T_INT(header_out(&b, "X", SPAN_LIT("a\r\nBcc: b")), -1);
	T_INT(header_out(&b, "X", SPAN_LIT("a\nb")), -1);
	T_INT(header_out(&b, "X", SPAN_LIT("a\0b")), -1);
	T_INT(header_out(&b, "X", SPAN_LIT("\xc3\xa9")), -1);
	memset(word, 'a', sizeof(word));
	T_INT(header_out(&b, "X", span_of(word, sizeof(word))), -1);
	T_INT(b.n, 0);
	/* no fold within a quoted string */
	memset(word, 'a', 70);
	word[0] = word[60] = '"';
	word[30] = ' ';
	word[40] = '\\';
	word[41] = '"';
	word[50] = ' ';
	T_INT(header_out(&b, "A-Longer-Name-Than-Usual", span_of(word, 70)),
	    0);
	T_INT(b.n, 24 + 2 + 70 + 2);
	buf_fini(&b);
}

static void
text(void **state)
{
	static const char *const values[] = {
		"Hello", "", "J\xc3\xbcrgen", "=?not?an?encoded-word?=",
		"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		" a b_c?d=e \xf0\x9f\x98\x80",
		"long long long long long long long long long long long long "
		"long long long long long long long long long  long \" a",
	};
	struct buf b, back;
	struct header_field f;

	(void)state;
	buf_init(&b, 100000);
	buf_init(&back, 100000);
	for (size_t i = 0; i < COUNT(values); i++) {
		t_case(values[i]);
		buf_clear(&b);
		buf_clear(&back);
		T_INT(header_out_text(&b, "Subject", span_str(values[i])), 0);
		check_lines(buf_span(&b), 78);
		T_TRUE(header_find(buf_span(&b), "Subject", &f));
		T_INT(f.whole.n, b.n);
		T_INT(mime_text_decode(f.value, NULL, &back), 0);
		T_STR(buf_span(&back), values[i]);
	}
	buf_clear(&b);
	T_INT(header_out_text(&b, "Subject", SPAN_LIT("a\nBcc: b")), -1);
	T_INT(header_out_text(&b, "Subject", SPAN_LIT("a\rb")), -1);
	T_INT(header_out_text(&b, "Subject", SPAN_LIT("a\0b")), -1);
	T_INT(header_out_text(&b, "Subject", SPAN_LIT("\xc3")), -1);
	T_INT(b.n, 0);
	/* RFC 2047 2: a word of 76 octets and more is none */
	T_INT(header_out_text(&b, "S", SPAN_LIT("\xc3\xa9")), 0);
	T_STR(buf_span(&b), "S: =?utf-8?Q?=C3=A9?=\r\n");
	buf_fini(&b);
	buf_fini(&back);
}

static void
mailbox(void **state)
{
	static const struct { const char *display, *want; } cases[] = {
		{ "", "From: <a@b.test>\r\n" },
		{ "A B", "From: A B <a@b.test>\r\n" },
		{ "A. \"B\"", "From: \"A. \\\"B\\\"\" <a@b.test>\r\n" },
		{ "x@y, z", "From: \"x@y, z\" <a@b.test>\r\n" },
		{ "J\xc3\xbcrgen",
		    "From: =?utf-8?Q?J=C3=BCrgen?= <a@b.test>\r\n" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].want);
		buf_clear(&b);
		T_INT(header_out_mailbox(&b, "From",
		    span_str(cases[i].display), SPAN_LIT("a@b.test")), 0);
		T_STR(buf_span(&b), cases[i].want);
	}
	T_INT(header_out_mailbox(&b, "From", SPAN_LIT("a\nb"),
	    SPAN_LIT("a@b.test")), -1);
	T_INT(header_out_mailbox(&b, "From", SPAN_LIT("a"),
	    SPAN_LIT("a@b\r\n")), -1);
	buf_fini(&b);
}

static void
tame(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "mx.example", "mx.example" }, { "", "?" },
		{ "x (comment", "x??comment" }, { "x;y", "x?y" },
		{ "x\ry", "x?y" }, { ".a..b.", "?a?.b?" },
		{ "a_b-c", "a_b-c" }, { "a\xc3\xa9", "a??" },
		{ "<a@b>\"\\", "?a?b???" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		buf_clear(&b);
		header_out_tame(&b, span_str(cases[i].in), 20);
		T_INT(b.n, strlen(cases[i].want));
		if (cases[i].in[0] != '.')
			T_STR(buf_span(&b), cases[i].want);
		T_TRUE(!span_starts(buf_span(&b), SPAN_LIT(".")));
		T_TRUE(!span_ends(buf_span(&b), SPAN_LIT(".")));
		T_TRUE(span_find(buf_span(&b), SPAN_LIT("..")) == b.n);
	}
	buf_clear(&b);
	header_out_tame(&b, SPAN_LIT("abcdef"), 3);
	T_STR(buf_span(&b), "abc");
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structured), cmocka_unit_test(text),
		cmocka_unit_test(mailbox), cmocka_unit_test(tame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
