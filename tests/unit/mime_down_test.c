/*
 * mime_down: RFC 6152 3 asks for a conversion that is a valid MIME message;
 * expected texts by RFC 2045 6.4, 6.7.
 */
#include "t.h"

#include <string.h>

#include "base/buf.h"
#include "mail/mime_down.h"

static int
gather(void *ctx, struct span octets)
{
	return buf_add_span(ctx, octets);
}

#define TEXT	"MIME-Version: 1.0\r\nContent-Type: text/plain; " \
		"charset=utf-8\r\n"
#define MULTI(type)	"MIME-Version: 1.0\r\nContent-Type: multipart/" type \
		"; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
#define QP	"Content-Transfer-Encoding: quoted-printable\r\n"

static const struct {
	const char *name, *in, *out;	/* NULL: cannot */
} cases[] = {
	{ "a text",
	    TEXT "Content-Transfer-Encoding: 8bit\r\nSubject: x\r\n\r\n"
	    "caf\xc3\xa9 = 1\r\nplain\r\n",
	    TEXT "Subject: x\r\n" QP "\r\ncaf=C3=A9 =3D 1\r\nplain\r\n" },
	{ "7 bits stay as they are",
	    TEXT "Content-Transfer-Encoding: 8bit\r\n\r\nplain = \r\n",
	    TEXT "Content-Transfer-Encoding: 8bit\r\n\r\nplain = \r\n" },
	{ "white space at the end, no line end (RFC 2045 6.7 (3))",
	    TEXT "\r\n\xc3\xa9 ", TEXT QP "\r\n=C3=A9=20" },
	{ "no MIME at all: what it is nobody knows",
	    "Subject: x\r\n\r\n\xe9\r\n",
	    "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
	    "charset=unknown-8bit\r\n" QP "\r\n=E9\r\n" },
	{ "LF alone", "MIME-Version: 1.0\nContent-Type: text/html\n\n\xe9\nx\n",
	    "MIME-Version: 1.0\nContent-Type: text/html\n" QP
	    "\r\n=E9\r\nx\r\n" },
	{ "one part of two",
	    MULTI("mixed") "pre\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
	    "seven\r\n--b\r\nContent-Type: text/html\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa9\r\n--b--\r\npost",
	    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b"
	    "\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	    "pre\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
	    "seven\r\n--b\r\nContent-Type: text/html\r\n" QP "\r\n"
	    "=C3=A9\r\n--b--\r\npost" },
	{ "a part without a header",
	    MULTI("mixed") "--b\r\n\r\n\xc3\xa9\r\n--b--\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b"
	    "\r\nContent-Transfer-Encoding: 7bit\r\n\r\n--b\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n" QP
	    "\r\n=C3=A9\r\n--b--\r\n" },
	{ "a message in a message",
	    "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\nSubject: in\r\n" TEXT
	    "\r\n\xc3\xa9\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\nSubject: in\r\n" TEXT QP
	    "\r\n=C3=A9\r\n" },
	{ "in a digest a message is meant (RFC 2046 5.1.5)",
	    MULTI("digest") "--b\r\n\r\nSubject: in\r\n" TEXT
	    "\r\n\xc3\xa9\r\n--b--\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=b"
	    "\r\nContent-Transfer-Encoding: 7bit\r\n\r\n--b\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\nSubject: in\r\n" TEXT QP
	    "\r\n=C3=A9\r\n--b--\r\n" },
	{ "a header with 8 bits is passed on",
	    "Subject: \xc3\xa9\r\n" TEXT "\r\nplain\r\n",
	    "Subject: \xc3\xa9\r\n" TEXT "\r\nplain\r\n" },
	{ "signed: it would not hold",
	    MULTI("signed") "--b\r\n\r\n\xc3\xa9\r\n--b--\r\n", NULL },
	{ "not what it says it is",
	    TEXT "Content-Transfer-Encoding: base64\r\n\r\n\xe9\r\n", NULL },
	{ "an encoding of nobody's",
	    TEXT "Content-Transfer-Encoding: x-uuencode\r\n\r\n\xe9\r\n",
	    NULL },
	{ "8 bits between the parts",
	    MULTI("mixed") "\xe9\r\n--b\r\n\r\nx\r\n--b--\r\n", NULL },
	{ "a part of a message (RFC 2046 5.2.2)",
	    "Content-Type: message/partial\r\n\r\n\xe9\r\n", NULL },
};

static void
conversions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b;
		const struct mime_down_sink sink = { gather, &b };
		enum mime_down end;

		t_case(cases[i].name);
		buf_init(&b, 4096);
		end = mime_down(span_str(cases[i].in), &sink);
		T_INT(end, cases[i].out == NULL ? MIME_DOWN_CANNOT :
		    MIME_DOWN_DONE);
		if (cases[i].out != NULL)
			T_STR(buf_span(&b), cases[i].out);
		buf_fini(&b);
	}
}

static int
enough(void *ctx, struct span octets)
{
	(void)ctx;
	(void)octets;
	return -1;
}

static void
limits(void **state)
{
	const struct mime_down_sink stop = { enough, NULL };
	struct buf in, out;
	const struct mime_down_sink sink = { gather, &out };

	(void)state;
	T_INT(mime_down(SPAN_LIT("\r\n\xe9\r\n"), &stop), MIME_DOWN_STOPPED);
	/* RFC 2045 6.7 (5): lines of at most 76. */
	buf_init(&in, 100000);
	buf_init(&out, 400000);
	(void)buf_add_str(&in, TEXT "\r\n");
	for (int i = 0; i < 5000; i++)
		(void)buf_add_str(&in, "\xc3\xa9");
	T_INT(mime_down(buf_span(&in), &sink), MIME_DOWN_DONE);
	for (size_t i = 0, n = 0; i < out.n; i++) {
		n = out.p[i] == '\n' ? 0 : n + 1;
		T_TRUE(n <= 77);	/* with CR */
		T_TRUE((out.p[i] & 0x80) == 0);
	}
	/* Deeper than anybody means it. */
	buf_clear(&in);
	for (int i = 0; i < 100; i++)
		(void)buf_addf(&in, "Content-Type: multipart/mixed; "
		    "boundary=b%d\r\n\r\n--b%d\r\n", i, i);
	(void)buf_add_str(&in, "\r\n\xe9\r\n");
	T_INT(mime_down(buf_span(&in), &sink), MIME_DOWN_CANNOT);
	T_INT(mime_down(SPAN_NONE, &sink), MIME_DOWN_DONE);
	buf_fini(&in);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversions), cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
