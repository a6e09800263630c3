/*
 * extract, envelope, bodystruct, section: what RFC 3501 6.4.5 and 7.4.2 say
 * of a message, on disk with LF.
 */
#include "../t.h"

#include <time.h>

#include "base/bug.h"
#include "imapd/bodystruct.h"
#include "imapd/envelope.h"
#include "imapd/extract.h"
#include "imapd/limits.h"
#include "imapd/names.h"
#include "imapd/section.h"
#include "imapd/strings.h"
#include "os/fd.h"

static struct buf out;

static struct span
text(void)
{
	return buf_span(&out);
}

/* What extract sends, read from the other end. */
static struct span
wire(struct span in, uint64_t from, uint64_t octets, size_t step)
{
	static char got[4096];
	struct extract x;
	struct stream s;
	int pair[2];
	ssize_t n;

	if (fd_stream_pair(pair) != 0)
		_fail(__FILE__, __LINE__);
	stream_init(&s, pair[0], 64, 4096);
	stream_deadline(&s, 1000);
	extract_init(&x, &s, from, octets);
	for (size_t at = 0; at < in.n; at += step)
		(void)extract_piece(&x, span_head(span_from(in, at), step));
	T_TRUE(stream_flush(&s) == STREAM_OK);
	stream_fini(&s);
	n = fd_read(pair[1], got, sizeof(got));
	fd_close(&pair[1]);
	return span_of(got, n > 0 ? (size_t)n : 0);
}

static void
line_ends(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "a\nb\n", "a\r\nb\r\n" },
		{ "a\r\nb\n", "a\r\nb\r\n" },
		{ "a\rb\r\r\n\n", "a\rb\r\r\n\r\n" },
		{ "\n\n\n", "\r\n\r\n\r\n" },
		{ "no end", "no end" },
		{ "\r", "\r" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span in = span_str(cases[i].in);
		struct span want = span_str(cases[i].want);

		t_case(cases[i].in);
		T_INT(extract_octets(in), want.n);
		for (size_t step = 1; step <= in.n; step++)
			T_SPAN(wire(in, 0, UINT64_MAX, step), want);
		for (size_t from = 0; from <= want.n; from++)
			for (size_t n = 1; n <= want.n; n++)
				T_SPAN(wire(in, from, n, 1 + n % 3),
				    span_head(span_from(want, from), n));
	}
}

static const struct { const char *header, *want; } envelopes[] = {
	/* RFC 3501 section 8, the example of its sample session */
	{ "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\n"
	  "From: Terry Gray <gray@cac.washington.edu>\n"
	  "Subject: IMAP4rev1 WG mtg summary and minutes\n"
	  "To: imap@cac.washington.edu\n"
	  "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\n"
	  "Message-Id: <B27397-0100000@cac.washington.edu>\n"
	  "MIME-Version: 1.0\n"
	  "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\n\n",
	  "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	  "\"IMAP4rev1 WG mtg summary and minutes\" "
	  "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	  "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	  "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	  "((NIL NIL \"imap\" \"cac.washington.edu\")) "
	  "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
	  "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
	  "\"<B27397-0100000@cac.washington.edu>\")" },
	{ "", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" },
	/* present but empty (7.4.2) */
	{ "Subject:\nFrom:\n\n",
	  "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
	/* Sender and Reply-To of their own; folding; quotes */
	{ "From: a@x\nSender: s@x\nReply-To: \"R \\\"q\\\"\" <r@x>\n"
	  "Subject: one\n two\n",
	  "(NIL \"one two\" ((NIL NIL \"a\" \"x\")) ((NIL NIL \"s\" \"x\")) "
	  "((\"R \\\"q\\\"\" NIL \"r\" \"x\")) NIL NIL NIL NIL NIL)" },
	/* group syntax (7.4.2) */
	{ "To: Friends: a@x, b@y;\n",
	  "(NIL NIL NIL NIL NIL ((NIL NIL \"Friends\" NIL)"
	  "(NIL NIL \"a\" \"x\")(NIL NIL \"b\" \"y\")(NIL NIL NIL NIL)) "
	  "NIL NIL NIL NIL)" },
	/* 8-bit goes as a literal (section 9, QUOTED-CHAR) */
	{ "Subject: \xc3\xa4\n",
	  "(NIL {2}\r\n\xc3\xa4 NIL NIL NIL NIL NIL NIL NIL NIL)" },
};

static void
envelope(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(envelopes); i++) {
		t_case(envelopes[i].header);
		buf_clear(&out);
		envelope_put(&out, t_exact(span_str(envelopes[i].header)));
		T_STR(text(), envelopes[i].want);
	}
}

/* What was put into a list comes back; other text is refused. */
static void
envelope_read(void **state)
{
	static const struct { const char *header, *subject; } cases[] = {
		{ "Subject: one\nSubject: two\n", "one" },
		{ "Subject:\n", "" },
		{ "From: a@x\n", NULL },
		{ "Date: \"d\\\nSubject: say \"x\\y\" =?\n",
		  "say \"x\\y\" =?" },
		{ "Date: \xc3\xa4\nSubject: \xc3\xb6 {3}\n", "\xc3\xb6 {3}" },
	};
	static const char *const bad[] = { "", "(", "(NIL", "(NIL ", "(NIL x",
		"(NIL {9}\r\nx", "(NIL {x}\r\n", "({99999999999999999999}" };
	struct span subject;
	struct buf mem;

	(void)state;
	buf_init(&mem, KIB);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].header);
		buf_clear(&out);
		envelope_put(&out, t_exact(span_str(cases[i].header)));
		T_INT(envelope_subject(text(), &mem, &subject),
		    cases[i].subject != NULL);
		if (cases[i].subject != NULL)
			T_STR(subject, cases[i].subject);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		T_TRUE(!envelope_subject(t_exact(span_str(bad[i])), &mem,
		    &subject));
	buf_fini(&mem);
}

/* RFC 3501 6.4.5: the message whose part specifiers are listed there. */
#define LEAF(type, body) "Content-Type: " type "\n\n" body "\n"
static const char complex_message[] =
    "Subject: outer\n"
    "Content-Type: multipart/mixed; boundary=A\n\n"
    "--A\n" LEAF("text/plain", "one")
    "--A\n" LEAF("application/octet-stream", "two")
    "--A\nContent-Type: message/rfc822\n\n"
    "Subject: three\nContent-Type: multipart/mixed; boundary=B\n\n"
    "--B\n" LEAF("text/plain", "three.one")
    "--B\n" LEAF("application/octet-stream", "three.two")
    "--B--\n"
    "--A\nContent-Type: multipart/mixed; boundary=C\n\n"
    "--C\n" LEAF("image/gif", "four.one")
    "--C\nContent-Type: message/rfc822\n\n"
    "Subject: four.two\nContent-Type: multipart/mixed; boundary=D\n\n"
    "--D\n" LEAF("text/plain", "four.two.one")
    "--D\nContent-Type: multipart/alternative; boundary=E\n\n"
    "--E\n" LEAF("text/plain", "four.two.two.one")
    "--E\n" LEAF("text/richtext", "four.two.two.two")
    "--E--\n--D--\n--C--\n--A--\n";

static const struct { const char *section, *want; } sections[] = {
	{ "[1]", "one" },
	{ "[2]", "two" },
	{ "[3.1]", "three.one" },
	{ "[3.2]", "three.two" },
	{ "[4.1]", "four.one" },
	{ "[4.1.MIME]", "Content-Type: image/gif\n\n" },
	{ "[3.HEADER]", "Subject: three\nContent-Type: multipart/mixed; "
	    "boundary=B\n\n" },
	{ "[4.2.HEADER]", "Subject: four.two\nContent-Type: multipart/mixed; "
	    "boundary=D\n\n" },
	{ "[HEADER]", "Subject: outer\nContent-Type: multipart/mixed; "
	    "boundary=A\n\n" },
	{ "[3.MIME]", "Content-Type: message/rfc822\n\n" },
	{ "[4.2.1]", "four.two.one" },
	{ "[4.2.2.1]", "four.two.two.one" },
	{ "[4.2.2.2]", "four.two.two.two" },
	{ "[4.2.2.1.MIME]", "Content-Type: text/plain\n\n" },
	{ "[5]", NULL },
	{ "[1.1]", NULL },
	{ "[4.2.3]", NULL },
	{ "[1.HEADER]", NULL },		/* only of message/rfc822 */
	{ "[4.TEXT]", NULL },
	{ "[3.1.TEXT]", NULL },
};

static bool
find(const char *message, const char *section, struct span *got)
{
	struct arena *mem = arena_new(64 * KIB);
	struct mime_tree tree;
	struct section s;
	struct cur c;
	bool found;

	mime_walk(span_str(message), 100, 1000, &tree);
	cur_init(&c, span_str(section), 0, 0);
	T_TRUE(parse_section(&c, mem, &s));
	found = section_find(&tree, span_str(message), &s, got);
	mime_tree_fini(&tree);
	arena_free(&mem);
	return found;
}

static void
section(void **state)
{
	static const char plain[] = "Subject: x\n\nbody\n";
	struct span got;

	(void)state;
	for (size_t i = 0; i < COUNT(sections); i++) {
		bool ok;

		t_case(sections[i].section);
		ok = find(complex_message, sections[i].section, &got);
		T_TRUE(ok == (sections[i].want != NULL));
		if (ok)
			T_STR(got, sections[i].want);
	}
	/* Every message has at least one part number. */
	T_TRUE(find(plain, "[1]", &got));
	T_STR(got, "body\n");
	T_TRUE(find(plain, "[1.MIME]", &got));
	T_STR(got, "Subject: x\n\n");
	T_TRUE(find(plain, "[TEXT]", &got));
	T_STR(got, "body\n");
	T_TRUE(find(plain, "[]", &got));
	T_STR(got, plain);
	T_TRUE(!find(plain, "[2]", &got));
	T_TRUE(!find(plain, "[1.HEADER]", &got));
	/* TEXT of the inner message begins behind its header */
	T_TRUE(find(complex_message, "[3.TEXT]", &got));
	T_TRUE(span_starts(got, SPAN_LIT("--B\n")));
}

static void
fields(void **state)
{
	static const char header[] = "From: a\nTo: b\n c\nFROM: d\nX: e\n\n";
	struct span names[] = { SPAN_LIT("from"), SPAN_LIT("Nope") };
	struct section s = { .text = SECTION_FIELDS, .fields = names,
		.fields_n = 2 };

	(void)state;
	buf_clear(&out);
	section_choose(&s, span_str(header), &out);
	T_STR(text(), "From: a\nFROM: d\n\r\n");
	s.text = SECTION_FIELDS_NOT;
	buf_clear(&out);
	section_choose(&s, span_str(header), &out);
	T_STR(text(), "To: b\n c\nX: e\n\r\n");
	/* no body and no blank line: none is added */
	buf_clear(&out);
	section_choose(&s, SPAN_LIT("X: e\n"), &out);
	T_STR(text(), "X: e\n");
}

static void
put_structure(const char *message, size_t n, bool extended)
{
	struct mime_tree tree;

	mime_walk(span_of(message, n), IMAP_MIME_DEPTH, IMAP_PARTS_MAX,
	    &tree);
	buf_clear(&out);
	bodystruct_put(&out, &tree, span_of(message, n), extended,
	    false);
	mime_tree_fini(&tree);
}

static const struct { const char *message, *body, *structure; }
    structures[] = {
	/* The default of RFC 2045 5.2; sizes are those with CRLF. */
	{ "Subject: x\n\nab\ncd\n",
	  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	  "8 2)",
	  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	  "8 2 NIL NIL NIL NIL)" },
	{ "Content-Type: image/gif; name=\"a b\"\n"
	  "Content-Transfer-Encoding: BASE64\nContent-ID: <i>\n"
	  "Content-Description: d\nContent-MD5: m\n"
	  "Content-Disposition: attachment; filename=f\n"
	  "Content-Language: en, de\nContent-Location: l\n\nAA==\n",
	  "(\"image\" \"gif\" (\"name\" \"a b\") \"<i>\" \"d\" \"BASE64\" "
	  "6)",
	  "(\"image\" \"gif\" (\"name\" \"a b\") \"<i>\" \"d\" \"BASE64\" "
	  "6 \"m\" (\"attachment\" (\"filename\" \"f\")) (\"en\" \"de\") "
	  "\"l\")" },
	{ "Content-Type: multipart/mixed; boundary=A\n\n--A\n\na\n--A\n"
	  "Content-Type: message/rfc822\n\nSubject: s\n\nb\nb\n--A--\n",
	  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	  "1 1)(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 18 (NIL \"s\" "
	  "NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" "
	  "(\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 2) 4) \"mixed\")",
	  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	  "1 1 NIL NIL NIL NIL)(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" "
	  "18 (NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" "
	  "\"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 2 NIL "
	  "NIL NIL NIL) 4 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"A\") "
	  "NIL NIL NIL)" },
};

static void
structure(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(structures); i++) {
		const char *m = structures[i].message;

		t_case(m);
		put_structure(m, strlen(m), false);
		T_STR(text(), structures[i].body);
		put_structure(m, strlen(m), true);
		T_STR(text(), structures[i].structure);
	}
}

/* Brackets are balanced outside of strings: clients can read it. */
static bool
well_formed(struct span s)
{
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			for (i++; i < s.n && s.p[i] != '"'; i++)
				i += s.p[i] == '\\';
		depth += (s.p[i] == '(') - (s.p[i] == ')');
		if (depth < 0 || (depth == 0 && i + 1 < s.n))
			return false;
	}
	return depth == 0;
}

/* Dovecot CVE-2020-12100, CVE-2020-25275: nesting, and many parts. */
static void
deep(void **state)
{
	static const char *const units[] = {
		"Content-Type: message/rfc822\n\n",
		"Content-Type: multipart/mixed; boundary=a\n\n--a\n",
		"--a\n\n",
	};
	struct buf m;
	clock_t begin;

	(void)state;
	buf_init(&m, 64 * MIB);
	for (size_t i = 0; i < COUNT(units); i++) {
		t_case(units[i]);
		buf_clear(&m);
		if (i == 2)
			buf_add_str(&m, units[1]);
		for (int k = 0; k < 100000; k++)
			buf_add_str(&m, units[i]);
		begin = clock();
		put_structure(m.p, m.n, true);
		T_TRUE(clock() - begin < CLOCKS_PER_SEC);
		T_TRUE(well_formed(text()) && !out.full);
	}
	buf_fini(&m);
}

/* Dovecot CVE-2024-23184: half a million address fields. */
static void
many_addresses(void **state)
{
	struct buf m;
	clock_t begin;

	(void)state;
	buf_init(&m, 64 * MIB);
	for (int i = 0; i < 500000; i++)
		buf_add_str(&m, "To: a@b\n");
	begin = clock();
	buf_clear(&out);
	envelope_put(&out, buf_span(&m));
	T_TRUE(clock() - begin < CLOCKS_PER_SEC);
	T_TRUE(well_formed(text()));
	buf_clear(&m);
	buf_add_str(&m, "To: a@b");
	for (int i = 0; i < 500000; i++)
		buf_add_str(&m, ", a@b");
	begin = clock();
	buf_clear(&out);
	envelope_put(&out, buf_span(&m));
	T_TRUE(clock() - begin < CLOCKS_PER_SEC);
	T_TRUE(well_formed(text()));
	buf_fini(&m);
}

static void
strings(void **state)
{
	(void)state;
	buf_clear(&out);
	strings_put(&out, SPAN_LIT("a\"b\\"));
	T_STR(text(), "\"a\\\"b\\\\\"");
	buf_clear(&out);
	strings_put(&out, SPAN_LIT("a\0b"));
	T_STR(text(), "{3}\r\na\x80" "b");
	buf_clear(&out);
	strings_put_n(&out, SPAN_NONE);
	T_STR(text(), "NIL");
	buf_clear(&out);
	strings_put_astring(&out, SPAN_LIT("nil"));
	T_STR(text(), "\"nil\"");
	buf_clear(&out);
	strings_put_astring(&out, SPAN_LIT("a.b"));
	T_STR(text(), "a.b");
	buf_clear(&out);
	strings_put_astring(&out, SPAN_LIT(""));
	T_STR(text(), "\"\"");
}

static void
names(void **state)
{
	static const struct { const char *in, *dots, *slashes; } cases[] = {
		/* with '.' and with '/' as separator; NULL: refused */
		{ "INBOX", "INBOX", "INBOX" },
		{ "iNbOx", "INBOX", "INBOX" },
		{ "a.b", "a.b", NULL },
		{ "a/b", NULL, "a.b" },
		{ "inbox/x", NULL, "INBOX.x" },
		{ "Entw&APw-rfe", "Entw&APw-rfe", "Entw&APw-rfe" },
		{ "", NULL, NULL },
		{ "..", NULL, NULL },
		{ "../x", NULL, NULL },
		{ "/etc", NULL, NULL },
		{ "a/../b", NULL, NULL },
		{ "a//b", NULL, NULL },
		{ "~root", NULL, NULL },
		{ "&AC8-", NULL, NULL },
		{ "&AC4-&AC4-", NULL, NULL },
		{ "&", NULL, NULL },
		{ "&AAA-", NULL, NULL },
		/* 8-bit: UTF-8 (RFC 6855 3), in Normalization Form C */
		{ "\xc3\xa4", "&AOQ-", "&AOQ-" },
		{ "a\xcc\x88", "&AOQ-", "&AOQ-" },
		{ "\xc3\xa4&x", "&AOQ-&-x", "&AOQ-&-x" },
		{ "\xe4", NULL, NULL },
		{ "\xc2\x85", NULL, NULL },		/* a control */
		{ "\xe2\x80\xa8", NULL, NULL },	/* U+2028 */
	};
	static const struct names_form utf8 = { .separator = '/', .utf8 = true };
	char got[FOLDER_NAME_SIZE], seen[NAMES_SIZE];
	struct names_form form;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *want[] = { cases[i].dots, cases[i].slashes };

		t_case(cases[i].in);
		for (size_t k = 0; k < 2; k++) {
			bool ok;

			form = (struct names_form){ .separator = "./"[k] };
			ok = names_in(span_str(cases[i].in), &form, got,
			    &why) == 0;
			T_TRUE(ok == (want[k] != NULL));
			if (ok)
				T_STR(span_str(got), want[k]);
		}
	}
	names_out("INBOX.x", &form, seen);
	T_STR(span_str(seen), "INBOX/x");
	t_case("UTF-8");
	names_out("a.&AOQ-&-x", &utf8, seen);
	T_STR(span_str(seen), "a/\xc3\xa4&x");
	T_TRUE(names_in(SPAN_LIT("R&D"), &utf8, got, &why) == 0);
	T_STR(span_str(got), "R&-D");
	T_TRUE(names_in(SPAN_LIT("&AOQ-"), &utf8, got, &why) == 0);
	T_STR(span_str(got), "&-AOQ-");
	T_TRUE(names_in(SPAN_LIT("a\xcc\x88"), &utf8, got, &why) == 0);
	T_STR(span_str(got), "&AOQ-");
	T_TRUE(names_exact(SPAN_LIT("a\xcc\x88"), &utf8, got, &why) == 0);
	T_STR(span_str(got), "a&Awg-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_ends),
		cmocka_unit_test(envelope),
		cmocka_unit_test(envelope_read),
		cmocka_unit_test(section),
		cmocka_unit_test(fields),
		cmocka_unit_test(structure),
		cmocka_unit_test(deep),
		cmocka_unit_test(many_addresses),
		cmocka_unit_test(strings),
		cmocka_unit_test(names),
	};

	buf_init(&out, IMAP_ANSWER_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
