/* dsn: our own MIME reader must find the three parts and their fields. */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include "mail/dsn.h"
#include "mail/header.h"
#include "mail/mime_walk.h"

static const struct dsn_recipient one = {
	.final = SPAN_LIT("u@far.example"), .action = DSN_FAILED,
	.status = SPAN_LIT("5.1.1"), .by_smtp = true,
	.diagnostic = SPAN_LIT("550 5.1.1 No such user"),
	.remote_mta = SPAN_LIT("mx.far.example"), .last_attempt = 1321942560,
};

static struct dsn
sample(const struct dsn_recipient *rcpts, size_t n)
{
	return (struct dsn){
		.host = SPAN_LIT("mx.test"), .to = SPAN_LIT("me@near.example"),
		.queue_id = SPAN_LIT("Q1"), .unique = SPAN_LIT("Zz9"),
		.arrival = 1321942500, .now = 1321942560,
		.rcpts = rcpts, .rcpts_n = n,
		.header = SPAN_LIT("From: me@near.example\r\nSubject: x\r\n"),
		.header_max = 10000,
	};
}

static struct span
field(struct span text, const char *name)
{
	struct header_field f;

	return header_find(text, name, &f) ? span_trim(f.value) : SPAN_NONE;
}

/* RFC 3464 2, RFC 6522 3 and 4 */
static void
form(void **state)
{
	struct dsn d = sample(&one, 1);
	struct mime_tree t;
	struct span m, head, status, rcpt;
	struct buf b;

	(void)state;
	buf_init(&b, 20000);
	T_INT(dsn_write(&b, &d), 0);
	m = buf_span(&b);
	mime_walk(m, 10, 10, &t);
	T_INT(t.n, 4);
	T_INT(t.v[0].kind, MIME_MULTIPART);
	head = mime_part_header(&t.v[0], m);
	T_TRUE(dsn_is_report(head));
	T_TRUE(span_find(field(head, "Content-Type"),
	    SPAN_LIT("report-type=delivery-status")) <
	    field(head, "Content-Type").n);
	T_STR(field(head, "To"), "<me@near.example>");
	T_STR(field(head, "Auto-Submitted"), "auto-replied");
	T_STR(field(head, "MIME-Version"), "1.0");
	T_TRUE(field(head, "Date").n > 0 && field(head, "From").n > 0 &&
	    field(head, "Message-ID").n > 0);
	T_STR(field(mime_part_header(&t.v[2], m), "Content-Type"),
	    "message/delivery-status");
	T_STR(field(mime_part_header(&t.v[3], m), "Content-Type"),
	    "text/rfc822-headers");
	T_STR(mime_part_body(&t.v[3], m),
	    "From: me@near.example\r\nSubject: x\r\n");
	header_split(mime_part_body(&t.v[2], m), &status, &rcpt);
	T_STR(field(status, "Reporting-MTA"), "dns; mx.test");
	T_STR(field(status, "Arrival-Date"),
	    "Tue, 22 Nov 2011 06:15:00 +0000");
	T_TRUE(field(status, "Original-Envelope-Id").p == NULL);
	T_STR(field(rcpt, "Final-Recipient"), "rfc822; u@far.example");
	T_STR(field(rcpt, "Action"), "failed");
	T_STR(field(rcpt, "Status"), "5.1.1");
	T_STR(field(rcpt, "Remote-MTA"), "dns; mx.far.example");
	T_STR(field(rcpt, "Diagnostic-Code"), "smtp; 550 5.1.1 No such user");
	T_TRUE(field(rcpt, "Will-Retry-Until").p == NULL);
	mime_tree_fini(&t);
	buf_fini(&b);
}

static void
status(void **state)
{
	static const struct { enum dsn_action action; const char *in, *want; }
	    cases[] = {
		{ DSN_FAILED, "4.4.7", "4.4.7" },	/* RFC 3464 2.3.3 */
		{ DSN_FAILED, "", "5.0.0" }, { DSN_FAILED, "2.0.0", "5.0.0" },
		{ DSN_FAILED, "5.1.1\r\nX: y", "5.0.0" },
		{ DSN_DELAYED, "5.1.1", "4.0.0" },
		{ DSN_DELAYED, "4.4.1", "4.4.1" },
		{ DSN_DELIVERED, "4.4.1", "2.0.0" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 20000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dsn_recipient r = one;
		struct dsn d = sample(&r, 1);
		char line[40];

		t_case(cases[i].in);
		r.action = cases[i].action;
		r.status = span_str(cases[i].in);
		buf_clear(&b);
		T_INT(dsn_write(&b, &d), 0);
		(void)snprintf(line, sizeof(line), "\r\nStatus: %s\r\n",
		    cases[i].want);
		T_TRUE(span_find(buf_span(&b), span_str(line)) < b.n);
	}
	buf_fini(&b);
}

/* Whatever the others said, every line is one, and no part is added. */
static void
hostile(void **state)
{
	static char huge[100000];
	struct span evil[] = {
		SPAN_LIT("a\r\n--=_Zz9\r\nContent-Type: text/html\r\n\r\nx"),
		SPAN_LIT("\0\xff\x1b]0;"), SPAN_LIT("x\n\nAction: delivered"),
		span_of(huge, sizeof(huge)),
	};
	struct buf b;

	(void)state;
	memset(huge, 'a', sizeof(huge));
	buf_init(&b, 300000);
	for (size_t i = 0; i < COUNT(evil); i++) {
		struct dsn_recipient r = { .final = evil[i],
			.original = evil[i], .status = evil[i],
			.diagnostic = evil[i], .remote_mta = evil[i] };
		struct dsn d = sample(&r, 1);
		struct mime_tree t;
		struct span rest;

		d.queue_id = d.envid = d.header = evil[i];
		d.header_max = SIZE_MAX;
		buf_clear(&b);
		T_INT(dsn_write(&b, &d), 0);
		mime_walk(buf_span(&b), 10, 10, &t);
		T_INT(t.n, 4);
		T_INT(t.v[0].children, 3);
		mime_tree_fini(&t);
		rest = buf_span(&b);
		while (rest.n > 0) {
			struct span line = span_cut(&rest, '\n');

			T_TRUE(line.n > 0 && line.n - 1 <= 998);
			T_INT(span_chr(line, '\r'), line.n - 1);
			T_TRUE(!span_has(line, '\0'));
			T_TRUE(!span_starts(line, SPAN_LIT("Action: del")) ||
			    i == 2);
		}
	}
	buf_fini(&b);
}

static const struct dsn_recipient jorg = {
	.final = SPAN_LIT("j\xc3\xb6rg@far.example"), .action = DSN_FAILED,
	.original = SPAN_LIT("utf-8;j\xc3\xb6@far.example"),
	.status = SPAN_LIT("5.6.7"),
	.diagnostic = SPAN_LIT("the address needs SMTPUTF8"),
};

/* Types and encodings of the three parts, the tops of their bodies. */
static void
parts(const struct dsn *d, const char *const want[3][3])
{
	struct mime_tree t;
	struct span m, head, body;
	struct buf b;

	buf_init(&b, 20000);
	T_INT(dsn_write(&b, d), 0);
	m = buf_span(&b);
	mime_walk(m, 1, 10, &t);
	T_INT(t.v[0].children, 3);
	for (uint32_t i = 0; i < 3; i++) {
		head = mime_part_header(&t.v[i + 1], m);
		body = mime_part_body(&t.v[i + 1], m);
		t_case(want[i][0]);
		T_STR(field(head, "Content-Type"), want[i][0]);
		T_STR(field(head, "Content-Transfer-Encoding"), want[i][1]);
		T_TRUE(span_find(body, span_str(want[i][2])) < body.n);
	}
	mime_tree_fini(&t);
	buf_fini(&b);
}

/* RFC 6533 3, 4.1 to 4.5 */
static void
international(void **state)
{
	static const char *const eight[3][3] = {
		{ "text/plain; charset=utf-8", "8bit",
		    "  j\xc3\xb6rg@far.example\r\n" },
		{ "message/global-delivery-status", "8bit",
		    "Original-Recipient: utf-8;j\xc3\xb6@far.example\r\n"
		    "Final-Recipient: utf-8; j\xc3\xb6rg@far.example\r\n" },
		{ "message/global-headers", "8bit",
		    "Subject: \xc3\xa9\r\n" },
	}, *const seven[3][3] = {
		{ "text/plain; charset=utf-8", "quoted-printable",
		    "  j=C3=B6rg@far.example\r\n" },
		{ "message/global-delivery-status", "quoted-printable",
		    "Final-Recipient: utf-8; j=C3=B6rg@far.example\r\n" },
		{ "message/global-headers", "quoted-printable",
		    "Subject: =C3=A9\r\n" },
	}, *const whole[3][3] = {
		{ "text/plain; charset=us-ascii", "", "u@far.example" },
		{ "message/delivery-status", "",
		    "Final-Recipient: rfc822; u@far.example\r\n" },
		{ "message/global", "quoted-printable",
		    "Subject: =C3=A9\r\n" },
	}, *const raw[3][3] = {
		{ "text/plain; charset=us-ascii", "", "u@far.example" },
		{ "message/delivery-status", "", "" },
		{ "text/rfc822-headers", "8bit", "Subject: \xc3\xa9\r\n" },
	};
	struct dsn d = sample(&jorg, 1);

	(void)state;
	d.header = SPAN_LIT("From: a@b\r\nSubject: \xc3\xa9\r\n");
	d.utf8 = true;
	parts(&d, seven);
	d.to = SPAN_LIT("\xc3\xa9@near.example");
	parts(&d, eight);
	d = sample(&one, 1);
	d.header = SPAN_LIT("From: a@b\r\nSubject: \xc3\xa9\r\n");
	parts(&d, raw);
	d.whole = d.utf8 = true;
	parts(&d, whole);
}

static void
bounds(void **state)
{
	struct dsn d = sample(&one, 1);
	struct buf b;

	(void)state;
	buf_init(&b, 600);
	T_INT(buf_add_str(&b, "x"), 0);
	T_INT(dsn_write(&b, &d), -1);
	T_STR(buf_span(&b), "x");
	buf_fini(&b);
	buf_init(&b, 20000);
	d.header_max = 30;	/* whole lines only */
	T_INT(dsn_write(&b, &d), 0);
	T_TRUE(span_find(buf_span(&b), SPAN_LIT("From: me@")) < b.n);
	T_TRUE(span_find(buf_span(&b), SPAN_LIT("Subject: x")) == b.n);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form), cmocka_unit_test(status),
		cmocka_unit_test(hostile), cmocka_unit_test(bounds),
		cmocka_unit_test(international),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
