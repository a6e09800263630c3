/* received: the field of RFC 5321 4.4 with hostile parts, hops, loops. */
#include "t.h"

#include <string.h>

#include "mail/header.h"
#include "mail/received.h"

static void
whole(void **state)
{
	struct received r = {
		.helo = SPAN_LIT("Client.Example"),
		.client_name = SPAN_LIT("host.example"),
		.client_ip = SPAN_LIT("192.0.2.1"),
		.by = SPAN_LIT("mx.test"), .how = RECEIVED_ESMTP,
		.tls = true, .auth = true, .id = SPAN_LIT("Q1"),
		.for_rcpt = SPAN_LIT("u@test"),
		.time = 1321942560,	/* 2011-11-22 06:16:00 UTC */
	};
	struct buf b;

	(void)state;
	buf_init(&b, 4000);
	T_INT(received_write(&b, &r), 0);
	T_STR(buf_span(&b), "Received: from client.example\r\n"
	    "\t(host.example [192.0.2.1])\r\n"
	    "\tby mx.test with ESMTPSA id Q1\r\n"
	    "\tfor <u@test>;\r\n"
	    "\tTue, 22 Nov 2011 06:16:00 +0000\r\n");
	buf_clear(&b);
	/* RFC 3848 leaves it at the S; the rest is a comment, for people. */
	r.version = SPAN_LIT("TLSv1.3");
	r.cipher = SPAN_LIT("TLS_AES_256_GCM_SHA384");
	T_INT(received_write(&b, &r), 0);
	T_TRUE(span_find(buf_span(&b), SPAN_LIT("\r\n"
	    "\tby mx.test with ESMTPSA\r\n"
	    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384) id Q1\r\n"
	    "\tfor <u@test>;\r\n")) < b.n);
	buf_clear(&b);
	r.helo = SPAN_LIT("[192.0.2.7]");
	r.client_name = r.for_rcpt = SPAN_NONE;
	r.client_ip = SPAN_LIT("2001:db8::1");
	r.how = RECEIVED_SMTP;
	r.tls = false;
	T_INT(received_write(&b, &r), 0);
	T_STR(buf_span(&b), "Received: from [192.0.2.7]\r\n"
	    "\t([IPv6:2001:db8::1])\r\n"
	    "\tby mx.test with SMTP id Q1;\r\n"
	    "\tTue, 22 Nov 2011 06:16:00 +0000\r\n");
	buf_clear(&b);
	r.how = RECEIVED_LOCAL;
	T_INT(received_write(&b, &r), 0);
	T_STR(buf_span(&b), "Received: by mx.test id Q1;\r\n"
	    "\tTue, 22 Nov 2011 06:16:00 +0000\r\n");
	buf_fini(&b);
}

static const struct {
	struct received r;
	const char *want;
} keywords[] = {
	/* RFC 3848 */
	{ { .how = RECEIVED_ESMTP, .auth = true }, "ESMTPA" },
	{ { .how = RECEIVED_ESMTP, .tls = true }, "ESMTPS" },
	{ { .how = RECEIVED_LMTP }, "LMTP" },
	{ { .how = RECEIVED_LMTP, .tls = true, .auth = true }, "LMTPSA" },
	{ { .how = RECEIVED_SMTP, .tls = true, .auth = true }, "SMTP" },
	/* RFC 6531 4.3 */
	{ { .how = RECEIVED_ESMTP, .utf8 = true }, "UTF8SMTP" },
	{ { .how = RECEIVED_ESMTP, .utf8 = true, .auth = true },
	    "UTF8SMTPA" },
	{ { .how = RECEIVED_ESMTP, .utf8 = true, .tls = true },
	    "UTF8SMTPS" },
	{ { .how = RECEIVED_ESMTP, .utf8 = true, .tls = true, .auth = true },
	    "UTF8SMTPSA" },
	{ { .how = RECEIVED_LMTP, .utf8 = true }, "UTF8LMTP" },
	{ { .how = RECEIVED_LMTP, .utf8 = true, .auth = true },
	    "UTF8LMTPA" },
	{ { .how = RECEIVED_LMTP, .utf8 = true, .tls = true },
	    "UTF8LMTPS" },
	{ { .how = RECEIVED_LMTP, .utf8 = true, .tls = true, .auth = true },
	    "UTF8LMTPSA" },
};

static void
keyword(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keywords); i++)
		T_STR(span_str(received_keyword(&keywords[i].r)),
		    keywords[i].want);
}

/* RFC 6531 3.7.3: "for" in UTF-8 only with SMTPUTF8. */
static void
wide(void **state)
{
	struct received r = { .helo = SPAN_LIT("a.example"),
		.by = SPAN_LIT("mx.test"), .how = RECEIVED_ESMTP,
		.for_rcpt = SPAN_LIT("j\xc3\xb6rg@xn--mnchen-3ya.example"),
		.time = 1321942560 };
	struct buf b;

	(void)state;
	buf_init(&b, 2000);
	T_INT(received_write(&b, &r), 0);
	T_TRUE(span_find(buf_span(&b), SPAN_LIT("for <")) == b.n);
	buf_clear(&b);
	r.utf8 = true;
	T_INT(received_write(&b, &r), 0);
	T_TRUE(span_find(buf_span(&b), SPAN_LIT("with UTF8SMTP\r\n\tfor "
	    "<j\xc3\xb6rg@xn--mnchen-3ya.example>;")) < b.n);
	buf_fini(&b);
}

static void
hostile(void **state)
{
	static const char *const names[] = { "x\ry", "x\r\nBcc: a@b", "x (c",
		"x)y", "x;y", "\xff\xfe", "a b", "\"q", "x\\", "x\x1b]0;" };
	static char huge[5000];
	struct buf b;

	(void)state;
	memset(huge, '(', sizeof(huge) - 1);
	buf_init(&b, 10000);
	for (size_t i = 0; i <= COUNT(names); i++) {
		struct span s = span_str(i < COUNT(names) ? names[i] : huge);
		struct received r = { .helo = s, .client_name = s,
			.client_ip = s, .by = s, .how = RECEIVED_ESMTP,
			.id = s, .for_rcpt = s };
		struct header_walk w;
		struct header_field f;
		size_t open = 0, close = 0, upto;

		t_case(s.p);
		buf_clear(&b);
		T_INT(received_write(&b, &r), 0);
		T_TRUE(b.n <= 1800);
		header_walk_init(&w, buf_span(&b), 10);
		T_TRUE(header_next(&w, &f));
		T_INT(f.whole.n, b.n);
		T_TRUE(!header_next(&w, &f));
		T_INT(w.why_end, HEADER_NO_BODY);
		/* the recipient is canonical: '(' may stand there */
		upto = span_find(buf_span(&b), SPAN_LIT("\tfor <"));
		if (upto == b.n)
			upto = span_find(buf_span(&b), SPAN_LIT(";\r\n\t"));
		for (size_t k = 0; k < b.n; k++) {
			char c = b.p[k];

			T_TRUE((c >= ' ' && c <= '~') || c == '\r' ||
			    c == '\n' || c == '\t');
			T_TRUE(c != '\r' || b.p[k + 1] == '\n');
			if (k < upto) {
				open += c == '(';
				close += c == ')';
				T_TRUE(c != ';');
			}
		}
		T_INT(open, close);
		T_INT(open, 1);
	}
	buf_fini(&b);
}

static void
loops(void **state)
{
	struct span h = SPAN_LIT("Received: a\n"
	    "Delivered-To: U@Test.Example\n"
	    "delivered-to: \"v w\"@test.example\n\nReceived: d\n");

	(void)state;
	T_TRUE(received_delivered_to(h, SPAN_LIT("U@test.example")));
	T_TRUE(!received_delivered_to(h, SPAN_LIT("u@test.example")));
	T_TRUE(received_delivered_to(h, SPAN_LIT("\"v w\"@test.example")));
	T_TRUE(!received_delivered_to(h, SPAN_LIT("w@test.example")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(keyword),
		cmocka_unit_test(wide),
		cmocka_unit_test(hostile), cmocka_unit_test(loops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
