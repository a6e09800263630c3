/* A user's header becomes one to be sent: RFC 5322 3.6.2, 3.6.3, 3.6.6. */
#include "../t.h"

#include "tools/sendmail_header.h"

#define AUTHOR	"From: Al I. Ce <al@h.example>\r\n"
#define NOBODY	"To: undisclosed-recipients:;\r\n"

static const struct {
	const char *name, *in;
	bool t;
	const char *rcpts;	/* a space behind each; NULL: refused */
	const char *out;
} cases[] = {
	{ "complete", "From: x@y.example\nTo: a@b.example\n\n", false, "",
	    "From: x@y.example\nTo: a@b.example\n\r\n" },
	{ "nothing", "\n", false, "", AUTHOR NOBODY "\r\n" },
	{ "no header", "hello\n", false, "", AUTHOR NOBODY "\r\nhello\n" },
	{ "header only", "Subject: x", false, "",
	    "Subject: x\r\n" AUTHOR NOBODY "\r\n" },
	{ "field, then body", "Subject: x\nhello\n", false, "",
	    "Subject: x\n" AUTHOR NOBODY "\r\nhello\n" },
	{ "-t", "From: x@y.example\nTo: a@b.example, c@D.example\n"
	    "Cc: e@f.example\n\n", true,
	    "a@b.example c@d.example e@f.example ",
	    "From: x@y.example\nTo: a@b.example, c@D.example\n"
	    "Cc: e@f.example\n\r\n" },
	{ "Bcc goes", "From: x@y.example\nTo: a@b.example\n"
	    "bcc: s@e.example,\n t@e.example\nSubject: x\n\n", true,
	    "a@b.example s@e.example t@e.example ",
	    "From: x@y.example\nTo: a@b.example\nSubject: x\n\r\n" },
	{ "Bcc stays without -t", "From: x@y.example\nBcc: s@e.example\n\n",
	    false, "", "From: x@y.example\nBcc: s@e.example\n\r\n" },
	{ "only Bcc", "From: x@y.example\nBcc: s@e.example\n\n", true,
	    "s@e.example ", "From: x@y.example\n" NOBODY "\r\n" },
	{ "without domain", "From: x@y.example\nTo: root, \"A B\" <bob>\n\n",
	    true, "root@h.example bob@h.example ",
	    "From: x@y.example\nTo: root, \"A B\" <bob>\n\r\n" },
	{ "group", "From: x@y.example\nTo: g: a@b.example, c@d.example;\n\n",
	    true, "a@b.example c@d.example ",
	    "From: x@y.example\nTo: g: a@b.example, c@d.example;\n\r\n" },
	{ "comment and fold", "From: x@y.example\nTo: (c) a@b.example\n"
	    "\t(d)\n\n", true, "a@b.example ",
	    "From: x@y.example\nTo: (c) a@b.example\n\t(d)\n\r\n" },
	/* Sent again: only those of the new fields get it. */
	{ "Resent", "Resent-To: n@e.example\nResent-Bcc: q@e.example\n"
	    "From: x@y.example\nTo: a@b.example\n\n", true,
	    "n@e.example q@e.example ",
	    "Resent-To: n@e.example\nFrom: x@y.example\nTo: a@b.example\n"
	    "\r\n" },
	{ "quoted", "From: x@y.example\nTo: \"a b\"@c.example\n\n", true,
	    "\"a b\"@c.example ",
	    "From: x@y.example\nTo: \"a b\"@c.example\n\r\n" },
	{ "no address", "From: x@y.example\nTo: a@@b, c@d.example\n\n", true,
	    NULL, NULL },
	{ "an option?", "From: x@y.example\nTo: -oQ/tmp@d.example\n\n", true,
	    "-oQ/tmp@d.example ",
	    "From: x@y.example\nTo: -oQ/tmp@d.example\n\r\n" },
};

static void
headers(void **state)
{
	const struct sendmail_author author = {
		.name = SPAN_LIT("Al I. Ce"),
		.mailbox = SPAN_LIT("al@h.example"),
		.domain = SPAN_LIT("h.example") };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sendmail_rcpts r;
		struct why why;
		struct buf out;
		int rc;

		t_case(cases[i].name);
		sendmail_rcpts_init(&r);
		buf_init(&out, 64 * KIB);
		rc = sendmail_header(t_exact(span_str(cases[i].in)), &author,
		    cases[i].t ? &r : NULL, &out, &why);
		T_INT(rc, cases[i].rcpts != NULL ? 0 : -1);
		if (rc == 0) {
			for (size_t at = 0; at < r.text.n; at++)
				if (r.text.p[at] == '\0')
					r.text.p[at] = ' ';
			T_STR(buf_span(&r.text), cases[i].rcpts);
			/* A name with a dot has to be quoted. */
			if (strstr(buf_cstr(&out), "\"Al I. Ce\"") == NULL)
				T_STR(buf_span(&out), cases[i].out);
		} else {
			T_INT(why.kind, WHY_PERM);
		}
		buf_fini(&out);
		sendmail_rcpts_fini(&r);
	}
}

static void
command_line(void **state)
{
	struct sendmail_rcpts r;
	struct why why;

	(void)state;
	sendmail_rcpts_init(&r);
	T_INT(sendmail_rcpts_add(&r, SPAN_LIT("a"), SPAN_LIT("h.example"),
	    &why), 0);
	T_INT(sendmail_rcpts_add(&r, SPAN_LIT("X <b@c.example>, d@e.example"),
	    SPAN_LIT("h.example"), &why), 0);
	T_INT(r.n, 3);
	T_SPAN(buf_span(&r.text),
	    SPAN_LIT("a@h.example\0b@c.example\0d@e.example\0"));
	T_INT(sendmail_rcpts_add(&r, SPAN_LIT("bob smith"),
	    SPAN_LIT("h.example"), &why), -1);
	/* Whatever is made of it, it stays one line of SMTP. */
	T_INT(sendmail_rcpts_add(&r, SPAN_LIT("\"a\r\nRCPT TO:\"@y.example"),
	    SPAN_LIT("h.example"), &why), 0);
	T_TRUE(memchr(r.text.p, '\r', r.text.n) == NULL &&
	    memchr(r.text.p, '\n', r.text.n) == NULL);
	sendmail_rcpts_fini(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
