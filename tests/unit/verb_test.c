/* verb: command lines, both ways; what must be refused and with which code. */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "smtp/ehlo.h"
#include "smtp/verb.h"
#include "smtp/xtext.h"

#define ALL	(~0u)
#define PLAIN	(EHLO_SIZE | EHLO_8BITMIME)

static const struct {
	const char *in;
	unsigned caps;
	enum verb verb;
	unsigned code;		/* 0: accepted */
	const char *out;	/* as written again; NULL: not looked at */
} cases[] = {
	/* RFC 5321 4.1.1 */
	{ "EHLO mx.example", 0, VERB_EHLO, 0, "EHLO mx.example\r\n" },
	{ "ehlo [192.0.2.1]", 0, VERB_EHLO, 0, "EHLO [192.0.2.1]\r\n" },
	{ "HELO my_host", 0, VERB_HELO, 0, "HELO my_host\r\n" },
	{ "LHLO x", 0, VERB_LHLO, 0, "LHLO x\r\n" },
	{ "EHLO", 0, VERB_EHLO, 501, NULL },
	{ "EHLO a b", 0, VERB_EHLO, 501, NULL },
	{ "HELO x\xf0\x9f", 0, VERB_HELO, 501, NULL },
	{ "MAIL FROM:<a@b.example>", 0, VERB_MAIL, 0,
	    "MAIL FROM:<a@b.example>\r\n" },
	{ "mail from:<>", 0, VERB_MAIL, 0, "MAIL FROM:<>\r\n" },
	{ "MAIL FROM: <A@B.Example>  ", 0, VERB_MAIL, 0,
	    "MAIL FROM:<A@b.example>\r\n" },
	{ "MAIL", 0, VERB_MAIL, 501, NULL },
	{ "MAIL FROM", 0, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:", 0, VERB_MAIL, 501, NULL },
	{ "MAIL TO:<a@b>", 0, VERB_MAIL, 501, NULL },
	{ "MAIL FROM :<a@b>", 0, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:a@b", 0, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b>x", 0, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<;id>", 0, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<;touch${IFS}/tmp/x;@>", 0, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<postmaster>", 0, VERB_MAIL, 501, NULL },
	{ "RCPT TO:<u@l>", 0, VERB_RCPT, 0, "RCPT TO:<u@l>\r\n" },
	{ "RCPT TO:<Postmaster>", 0, VERB_RCPT, 0,
	    "RCPT TO:<postmaster>\r\n" },
	{ "RCPT TO:<>", 0, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<\"\">", 0, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<\"\"@l>", 0, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<\"\" @l>", 0, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<\"a> SIZE=1\"@l>", 0, VERB_RCPT, 0,
	    "RCPT TO:<\"a> SIZE=1\"@l>\r\n" },
	{ "DATA", 0, VERB_DATA, 0, "DATA\r\n" },
	{ "DATA ", 0, VERB_DATA, 0, "DATA\r\n" },
	{ "DATA x", 0, VERB_DATA, 501, NULL },
	{ "RSET", 0, VERB_RSET, 0, "RSET\r\n" },
	{ "RSET x", 0, VERB_RSET, 501, NULL },
	{ "QUIT", 0, VERB_QUIT, 0, "QUIT\r\n" },
	{ "QUIT now", 0, VERB_QUIT, 501, NULL },
	{ "NOOP", 0, VERB_NOOP, 0, "NOOP\r\n" },
	{ "NOOP x y", 0, VERB_NOOP, 0, "NOOP x y\r\n" },
	/* CVE-2020-10957 */
	{ "NOOP \"\"", 0, VERB_NOOP, 501, NULL },
	{ "NOOP \"a", 0, VERB_NOOP, 501, NULL },
	{ "NOOP \"", 0, VERB_NOOP, 501, NULL },
	{ "VRFY \"\"", 0, VERB_VRFY, 501, NULL },
	{ "VRFY", 0, VERB_VRFY, 501, NULL },
	{ "VRFY fred", 0, VERB_VRFY, 0, "VRFY fred\r\n" },
	{ "EXPN", 0, VERB_EXPN, 501, NULL },
	{ "HELP", 0, VERB_HELP, 0, "HELP\r\n" },
	{ "HELP MAIL", 0, VERB_HELP, 0, "HELP MAIL\r\n" },
	{ "STARTTLS", 0, VERB_STARTTLS, 0, "STARTTLS\r\n" },
	{ "STARTTLS x", 0, VERB_STARTTLS, 501, NULL },	/* RFC 3207 4 */
	{ "AUTH PLAIN", 0, VERB_AUTH, 0, "AUTH PLAIN\r\n" },
	{ "AUTH PLAIN =", 0, VERB_AUTH, 0, "AUTH PLAIN =\r\n" },
	{ "AUTH login Zm9v", 0, VERB_AUTH, 0, "AUTH login Zm9v\r\n" },
	{ "AUTH", 0, VERB_AUTH, 501, NULL },
	{ "AUTH PLAIN a b", 0, VERB_AUTH, 501, NULL },
	{ "AUTH aaaaaaaaaaaaaaaaaaaaa", 0, VERB_AUTH, 501, NULL },
	/* RFC 3030 2 */
	{ "BDAT 0 LAST", 0, VERB_BDAT, 0, "BDAT 0 LAST\r\n" },
	{ "BDAT 1000", 0, VERB_BDAT, 0, "BDAT 1000\r\n" },
	{ "BDAT -1", 0, VERB_BDAT, 501, NULL },
	{ "BDAT 18446744073709551616", 0, VERB_BDAT, 501, NULL },
	{ "BDAT 5 LASTX", 0, VERB_BDAT, 501, NULL },
	{ "BDAT", 0, VERB_BDAT, 501, NULL },
	{ "BDAT 5LAST", 0, VERB_BDAT, 501, NULL },
	/* no commands */
	{ "", 0, VERB_UNKNOWN, 500, NULL },
	{ "POST / HTTP/1.1", 0, VERB_UNKNOWN, 500, NULL },
	{ "MAILFROM:<a@b>", 0, VERB_UNKNOWN, 500, NULL },
	{ "QUI", 0, VERB_UNKNOWN, 500, NULL },
	{ "QUIT\rX", 0, VERB_UNKNOWN, 500, NULL },
	{ "NOOP \x01", 0, VERB_UNKNOWN, 500, NULL },
	/* RFC 1870 3, RFC 1652 2 */
	{ "MAIL FROM:<a@b> SIZE=1000", PLAIN, VERB_MAIL, 0,
	    "MAIL FROM:<a@b> SIZE=1000\r\n" },
	{ "MAIL FROM:<a@b> size=18446744073709551615", PLAIN, VERB_MAIL, 0,
	    "MAIL FROM:<a@b> SIZE=18446744073709551615\r\n" },
	{ "MAIL FROM:<a@b> SIZE=18446744073709551616", PLAIN, VERB_MAIL,
	    501, NULL },
	{ "MAIL FROM:<a@b> SIZE=-1", PLAIN, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> SIZE=", PLAIN, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> SIZE", PLAIN, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> SIZE=1 SIZE=2", PLAIN, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b>SIZE=1", PLAIN, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b>   BODY=8bitmime  SIZE=1", PLAIN, VERB_MAIL, 0,
	    "MAIL FROM:<a@b> SIZE=1 BODY=8BITMIME\r\n" },
	{ "MAIL FROM:<a@b> BODY=7BIT", PLAIN, VERB_MAIL, 0,
	    "MAIL FROM:<a@b> BODY=7BIT\r\n" },
	{ "MAIL FROM:<a@b> BODY=BINARYMIME", PLAIN, VERB_MAIL, 501, NULL },
	/* RFC 3030 3 */
	{ "MAIL FROM:<a@b> BODY=BinaryMime", PLAIN | EHLO_BINARYMIME,
	    VERB_MAIL, 0, "MAIL FROM:<a@b> BODY=BINARYMIME\r\n" },
	{ "MAIL FROM:<a@b> =1", PLAIN, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> X=1=2", PLAIN, VERB_MAIL, 501, NULL },
	/* RFC 5321 4.1.1.11 */
	{ "MAIL FROM:<a@b> XFOO=1", PLAIN, VERB_MAIL, 555, NULL },
	{ "MAIL FROM:<a@b> SIZE=1", 0, VERB_MAIL, 555, NULL },
	{ "MAIL FROM:<a@b> NOTIFY=NEVER", ALL, VERB_MAIL, 555, NULL },
	{ "RCPT TO:<a@b> SIZE=1", ALL, VERB_RCPT, 555, NULL },
	{ "RCPT TO:<a@b> NOTIFY=NEVER", PLAIN, VERB_RCPT, 555, NULL },
	/* RFC 6531 3.4, 3.5, 3.7.4.2 */
	{ "MAIL FROM:<a@b> SMTPUTF8", ALL, VERB_MAIL, 0,
	    "MAIL FROM:<a@b> SMTPUTF8\r\n" },
	{ "MAIL FROM:<> smtputf8 BODY=8BITMIME", ALL, VERB_MAIL, 0,
	    "MAIL FROM:<> BODY=8BITMIME SMTPUTF8\r\n" },
	{ "MAIL FROM:<\xc3\xa9@b> SMTPUTF8", ALL, VERB_MAIL, 0,
	    "MAIL FROM:<\xc3\xa9@b> SMTPUTF8\r\n" },
	{ "MAIL FROM:<a@\xc3\xa9.example> SMTPUTF8", ALL, VERB_MAIL, 0,
	    "MAIL FROM:<a@xn--9ca.example> SMTPUTF8\r\n" },
	{ "MAIL FROM:<a@b> SMTPUTF8=", ALL, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> SMTPUTF8=yes", ALL, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> SMTPUTF8 SMTPUTF8", ALL, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> SMTPUTF8", PLAIN, VERB_MAIL, 555, NULL },
	{ "RCPT TO:<a@b> SMTPUTF8", ALL, VERB_RCPT, 555, NULL },
	{ "MAIL FROM:<\xc3\xa9@b>", ALL, VERB_MAIL, 550, NULL },
	{ "MAIL FROM:<a@\xc3\xa9.example>", ALL, VERB_MAIL, 550, NULL },
	{ "MAIL FROM:<\xc3\xa9@b>", PLAIN, VERB_MAIL, 550, NULL },
	{ "RCPT TO:<\xc3\xa9@b>", ALL, VERB_RCPT, 0,
	    "RCPT TO:<\xc3\xa9@b>\r\n" },
	{ "RCPT TO:<\xc3\xa9@b>", PLAIN, VERB_RCPT, 553, NULL },
	{ "MAIL FROM:<\xff@b> SMTPUTF8", ALL, VERB_MAIL, 501, NULL },
	{ "RCPT TO:<\xff@b>", PLAIN, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<a\xf0\x9f", ALL, VERB_RCPT, 501, NULL },
	{ "VRFY \xc3\xa9 SMTPUTF8", ALL, VERB_VRFY, 0,
	    "VRFY \xc3\xa9 SMTPUTF8\r\n" },
	{ "VRFY a SMTPUTF8", ALL, VERB_VRFY, 0, "VRFY a SMTPUTF8\r\n" },
	{ "VRFY \xc3\xa9", ALL, VERB_VRFY, 501, NULL },
	{ "VRFY \xc3 SMTPUTF8", ALL, VERB_VRFY, 501, NULL },
	{ "VRFY \xc3\xa9 SMTPUTF8", PLAIN, VERB_VRFY, 501, NULL },
	{ "VRFY \"\" SMTPUTF8", ALL, VERB_VRFY, 501, NULL },
	/* RFC 6533 3 */
	{ "RCPT TO:<a@b> ORCPT=utf-8;\xc3\xa9@b", ALL, VERB_RCPT, 0,
	    "RCPT TO:<a@b> ORCPT=utf-8;\xc3\xa9@b\r\n" },
	{ "RCPT TO:<a@b> ORCPT=UTF-8;\\x{E9}@b", ALL, VERB_RCPT, 0,
	    "RCPT TO:<a@b> ORCPT=UTF-8;\\x{E9}@b\r\n" },
	{ "RCPT TO:<a@b> ORCPT=utf-8;\\x{E9}@b", PLAIN | EHLO_DSN,
	    VERB_RCPT, 0, "RCPT TO:<a@b> ORCPT=utf-8;\\x{E9}@b\r\n" },
	{ "RCPT TO:<a@b> ORCPT=utf-8;\xc3\xa9@b", PLAIN | EHLO_DSN,
	    VERB_RCPT, 501, NULL },
	{ "RCPT TO:<a@b> ORCPT=rfc822;\xc3\xa9@b", ALL, VERB_RCPT, 501,
	    NULL },
	{ "RCPT TO:<a@b> ORCPT=utf-8;\xc3@b", ALL, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<a@b> ORCPT=utf-8;a\\x{0D}\\x{0A}b", ALL, VERB_RCPT, 501,
	    NULL },
	{ "RCPT TO:<a@b> ORCPT=utf-8;\\x{D800}@b", ALL, VERB_RCPT, 501,
	    NULL },
	{ "RCPT TO:<a@b> ORCPT=utf-8;\\x{61}@b", ALL, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<a@b> ORCPT=utf-8;", ALL, VERB_RCPT, 501, NULL },
	{ "MAIL FROM:<a@b> AUTH=<>", ALL, VERB_MAIL, 0,
	    "MAIL FROM:<a@b> AUTH=<>\r\n" },
	{ "MAIL FROM:<a@b> AUTH=e+3Dmc2@example.com", ALL, VERB_MAIL, 0,
	    "MAIL FROM:<a@b> AUTH=e+3Dmc2@example.com\r\n" },
	{ "MAIL FROM:<a@b> AUTH=x+0Ay", ALL, VERB_MAIL, 501, NULL },
	/* RFC 3461 4.1 to 4.4, 4.2's example in 10 */
	{ "MAIL FROM:<a@b> RET=hdrs ENVID=QQ314159", ALL, VERB_MAIL, 0,
	    "MAIL FROM:<a@b> RET=HDRS ENVID=QQ314159\r\n" },
	{ "MAIL FROM:<a@b> RET=ALL", ALL, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> ENVID=+0D+0A", ALL, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> ENVID=+4", ALL, VERB_MAIL, 501, NULL },
	{ "MAIL FROM:<a@b> ENVID=+4a", ALL, VERB_MAIL, 501, NULL },
	{ "RCPT TO:<a@b> NOTIFY=success,FAILURE,DELAY", ALL, VERB_RCPT, 0,
	    "RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE,DELAY\r\n" },
	{ "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;Bob@Example.COM", ALL,
	    VERB_RCPT, 0,
	    "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;Bob@Example.COM\r\n" },
	{ "RCPT TO:<a@b> NOTIFY=NEVER,DELAY", ALL, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<a@b> NOTIFY=", ALL, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<a@b> NOTIFY=DELAY,", ALL, VERB_RCPT, 501, NULL },
	/* CVE-2020-28026 */
	{ "RCPT TO:<u@l> ORCPT=rfc822;a+0Aroot+00", ALL, VERB_RCPT, 501,
	    NULL },
	{ "RCPT TO:<u@l> ORCPT=rfc822", ALL, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<u@l> ORCPT=;a", ALL, VERB_RCPT, 501, NULL },
	{ "RCPT TO:<u@l> ORCPT=a,b;c", ALL, VERB_RCPT, 501, NULL },
};

static void
lines(void **state)
{
	struct verb_cmd cmd;
	struct why why;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc;

		t_case(cases[i].in);
		why_clear(&why);
		rc = verb_parse(span_str(cases[i].in), cases[i].caps, &cmd,
		    &why);
		T_INT(cmd.code, cases[i].code);
		T_INT(rc, cases[i].code == 0 ? 0 : -1);
		T_INT(cmd.verb, cases[i].verb);
		T_TRUE((rc != 0) == (why.kind == WHY_PERM));
		T_TRUE(rc == 0 || (why.esc[0] == '5' && why.text[0] != '\0'));
		if (rc != 0)
			continue;
		buf_clear(&b);
		T_INT(verb_format(&b, &cmd, cases[i].caps), 0);
		T_STR(buf_span(&b), cases[i].out);
	}
	buf_fini(&b);
}

static void
nul(void **state)
{
	struct verb_cmd cmd;

	(void)state;
	T_INT(verb_parse(SPAN_LIT("NOOP \0"), 0, &cmd, NULL), -1);
	T_INT(cmd.code, 500);
	T_INT(verb_parse(SPAN_LIT("QUIT\0"), 0, &cmd, NULL), -1);
	T_INT(cmd.code, 500);
}

static void
typed(void **state)
{
	struct verb_cmd cmd;

	(void)state;
	T_INT(verb_parse(SPAN_LIT("MAIL FROM:<> SIZE=7 RET=FULL"), ALL, &cmd,
	    NULL), 0);
	T_TRUE(cmd.mail.from.kind == ADDR_NULL);
	T_TRUE(cmd.mail.has_size);
	T_INT(cmd.mail.size, 7);
	T_INT(cmd.mail.ret, VERB_RET_FULL);
	T_INT(verb_parse(SPAN_LIT("BDAT 12 last"), ALL, &cmd, NULL), 0);
	T_INT(cmd.chunk, 12);
	T_TRUE(cmd.last);
	T_INT(verb_parse(SPAN_LIT("AUTH PLAIN ="), ALL, &cmd, NULL), 0);
	T_STR(cmd.text, "PLAIN");
	T_STR(cmd.initial, "=");
	T_INT(verb_parse(SPAN_LIT("AUTH PLAIN"), ALL, &cmd, NULL), 0);
	T_TRUE(cmd.initial.p == NULL);
}

/* A client never sends a parameter that was not offered, nor a second line. */
static void
writing(void **state)
{
	struct verb_cmd cmd;
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	T_INT(verb_parse(SPAN_LIT("MAIL FROM:<a@b> SIZE=7 BODY=7BIT RET=FULL "
	    "AUTH=<>"), ALL, &cmd, NULL), 0);
	T_INT(verb_format(&b, &cmd, 0), 0);
	T_STR(buf_span(&b), "MAIL FROM:<a@b>\r\n");
	buf_clear(&b);
	cmd = (struct verb_cmd){ .verb = VERB_EHLO,
		.text = SPAN_LIT("x\r\nQUIT") };
	T_INT(verb_format(&b, &cmd, 0), -1);
	T_INT(b.n, 0);
	buf_fini(&b);
}

static void
xtext(void **state)
{
	struct buf b, c;
	char all[256];

	(void)state;
	buf_init(&b, 1000);
	buf_init(&c, 1000);
	/* RFC 3461 4: '+' and '=' and what is no graphic character */
	T_INT(xtext_encode(&b, SPAN_LIT("a+b=c d\n")), 0);
	T_STR(buf_span(&b), "a+2Bb+3Dc+20d+0A");
	T_INT(xtext_decode(&c, buf_span(&b)), -1);	/* the LF */
	T_INT(c.n, 0);
	buf_clear(&b);
	for (int i = 0; i < 95; i++)
		all[i] = (char)(' ' + i);
	T_INT(xtext_encode(&b, span_of(all, 95)), 0);
	T_INT(xtext_decode(&c, buf_span(&b)), 0);
	T_SPAN(buf_span(&c), span_of(all, 95));
	buf_fini(&b);
	buf_fini(&c);
}

static void
long_lines(void **state)
{
	static const char *const units[] = { " A=1", " SIZE=1", ",", "<", " ",
		"NOTIFY=NEVER,", "+2B" };
	const size_t size = 5 * 1000 * 1000;
	char *text = malloc(size);
	struct verb_cmd cmd;

	(void)state;
	T_TRUE(text != NULL);
	for (size_t i = 0; i < COUNT(units); i++) {
		size_t unit = strlen(units[i]);

		for (size_t k = 0; k < size; k++)
			text[k] = units[i][k % unit];
		memcpy(text, "MAIL FROM:<a@b> ", 16);
		T_TRUE(verb_parse(span_of(text, size), ALL, &cmd, NULL) != 0 ||
		    i == 4);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines), cmocka_unit_test(nul),
		cmocka_unit_test(typed), cmocka_unit_test(writing),
		cmocka_unit_test(xtext), cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
