/* mail/dsn_words: the file of report_templates (paquebot.conf(5)). */
#include "tests/unit/t.h"

#include "base/buf.h"
#include "mail/dsn_words.h"

static const struct dsn_words_values values = {
	.hostname = SPAN_LIT("mx.test"), .queue_id = SPAN_LIT("Q1"),
	.sender = SPAN_LIT("a\r\nX: y@b"), .notice_s = 14400,
	.expire_s = 432000, .recipients = 3,
};

static void
good(void **state)
{
	static const char text[] = "# words\n\n"
	    "failure_template = <<EOF\nCharset: utf-8\nFrom: A B\n"
	    "Subject: back\n\n$hostname ${queue_id}x $sender $recipients\n"
	    "$$ $delay_hours $expire_days\nEOF\n"
	    "success_template=<<X\r\n\r\nok\r\nX\r\n";
	struct dsn_words_file f;
	char wrong[128];
	struct buf out;

	(void)state;
	T_INT(dsn_words_parse(span_str(text), &f, wrong), 0);
	T_TRUE(f.of[DSN_WORDS_FAILURE].given && !f.of[DSN_WORDS_DELAY].given);
	T_STR(f.of[DSN_WORDS_FAILURE].charset, "utf-8");
	T_STR(f.of[DSN_WORDS_FAILURE].from, "A B");
	T_STR(f.of[DSN_WORDS_FAILURE].subject, "back");
	T_STR(f.of[DSN_WORDS_SUCCESS].charset, "us-ascii");
	buf_init(&out, 1000);
	T_INT(dsn_words_put(&out, &f.of[DSN_WORDS_FAILURE], &values), 0);
	T_STR(buf_span(&out), "mx.test Q1x a??X: y@b 3\r\n$ 4 5\r\n");
	buf_clear(&out);
	T_INT(dsn_words_put(&out, &f.of[DSN_WORDS_SUCCESS], &values), 0);
	T_STR(buf_span(&out), "ok\r\n");
	buf_fini(&out);
	buf_init(&out, 10);
	T_INT(dsn_words_put(&out, &f.of[DSN_WORDS_FAILURE], &values), -1);
	T_INT(out.n, 0);
	buf_fini(&out);
	T_INT(dsn_words_parse(SPAN_NONE, &f, wrong), 0);
}

static void
bad(void **state)
{
	static const char *const cases[] = {
		"x", "failure_template", "failure_template = EOF",
		"failure_template = <<", "other = <<E\n\nE\n",
		"failure_template = <<E\n", "failure_template = <<E\n\nx\n",
		"failure_template = <<E\nTo: x\n\nE\n",
		"failure_template = <<E\nno field\n\nE\n",
		"failure_template = <<E\nCharset: utf-16\n\nE\n",
		"failure_template = <<E\nCharset: iso-8859-1;x\n\nE\n",
		"failure_template = <<E\nCharset: iso-8859-1\nSubject: \xe4\n\nE\n",
		"failure_template = <<E\n\n\xc3\xa4\nE\n",
		"failure_template = <<E\nCharset: utf-8\n\n\xe4\nE\n",
		"failure_template = <<E\nSubject: a\rb\n\nE\n",
		"failure_template = <<E\n\na\x01\nE\n",
		"failure_template = <<E\n\n$\nE\n",
		"failure_template = <<E\n\n$other\nE\n",
		"failure_template = <<E\n\n${hostname\nE\n",
		"failure_template = <<E\n\nE\nfailure_template = <<E\n\nE\n",
	};
	struct dsn_words_file f;
	char wrong[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i]);
		T_INT(dsn_words_parse(span_str(cases[i]), &f, wrong), -1);
		T_TRUE(span_starts(span_str(wrong), SPAN_LIT("line ")));
	}
}

/* RFC 5322 2.1.1 for lines; one text is no mailing. */
static void
bounds(void **state)
{
	struct dsn_words_file f;
	char wrong[128];
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	for (int round = 0; round < 2; round++) {
		buf_clear(&b);
		(void)!buf_add_str(&b, "failure_template = <<E\n\n");
		for (int i = 0; i < 17000; i++)
			(void)!buf_add_char(&b, round == 1 && i % 50 == 0 ?
			    '\n' : 'x');
		(void)!buf_add_str(&b, "\nE\n");
		T_INT(dsn_words_parse(buf_span(&b), &f, wrong), -1);
	}
	buf_fini(&b);
}

/* A text that is taken becomes a report, whoever the sender is. */
static void
variables(void **state)
{
	static const char *const lines[] = { "$sender $sender $sender $sender",
		"$sender $sender" };
	struct dsn_words_values longest = values;
	struct dsn_words_file f;
	struct buf b, out, sender;
	char wrong[128];

	(void)state;
	buf_init(&b, 100000);
	buf_init(&out, 1000000);
	buf_init(&sender, 1000);
	while (buf_add_char(&sender, 'x') == 0)
		continue;
	longest.sender = buf_span(&sender);
	/* One line beyond RFC 5322 2.1.1; a text of many lines; a good one. */
	for (int round = 0; round < 3; round++) {
		buf_clear(&b);
		(void)!buf_add_str(&b, "failure_template = <<E\n\n");
		for (int i = 0; i < (round == 1 ? 900 : 10); i++)
			(void)!buf_addf(&b, "%s\n", lines[round > 0]);
		(void)!buf_add_str(&b, "E\n");
		T_INT(dsn_words_parse(buf_span(&b), &f, wrong),
		    round == 2 ? 0 : -1);
	}
	T_INT(dsn_words_put(&out, &f.of[DSN_WORDS_FAILURE], &longest), 0);
	T_TRUE(out.n <= DSN_WORDS_OUT_MAX);
	buf_fini(&sender);
	buf_fini(&out);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(bounds),
		cmocka_unit_test(variables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
