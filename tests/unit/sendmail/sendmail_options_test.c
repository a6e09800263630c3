/* sendmail's command line as programs use it. */
#include "../t.h"

#include "tools/sendmail_options.h"

#define MAX	12

/* As main() gets it: argv is not const in C. */
static char *const *
words(const char *const *argv)
{
	return (char *const *)(uintptr_t)argv;
}

static void
parse(void **state)
{
	static const struct {
		const char *name;
		const char *argv[MAX];
		enum sendmail_mode mode;
		bool t, i, v;
		const char *sender, *full, *config, *first;
		size_t rcpts;
	} cases[] = {
		{ "plain", { "/usr/sbin/sendmail", "a@b" }, SENDMAIL_SUBMIT,
		    false, false, false, NULL, NULL, NULL, "a@b", 1 },
		{ "mutt", { "sendmail", "-oem", "-oi", "-f", "c@d", "--",
		    "a@b", "-e@f" }, SENDMAIL_SUBMIT, false, true, false,
		    "c@d", NULL, NULL, "a@b", 2 },
		{ "cron", { "sendmail", "-FCronDaemon", "-i", "-B8BITMIME",
		    "-oem", "root" }, SENDMAIL_SUBMIT, false, true, false,
		    NULL, "CronDaemon", NULL, "root", 1 },
		{ "php", { "sendmail", "-t", "-i" }, SENDMAIL_SUBMIT, true,
		    true, false, NULL, NULL, NULL, NULL, 0 },
		{ "joined flags", { "sendmail", "-tiv" }, SENDMAIL_SUBMIT,
		    true, true, true, NULL, NULL, NULL, NULL, 0 },
		{ "glued values", { "sendmail", "-fa@b", "-tC/x/y",
		    "-Nfailure", "-Rhdrs", "-V123", "-Xlog" },
		    SENDMAIL_SUBMIT, true, false, false, "a@b", NULL, "/x/y",
		    NULL, 0 },
		{ "values apart", { "sendmail", "-r", "a@b", "-N", "never",
		    "-R", "full", "-F", "A B", "-Ox=y" },
		    SENDMAIL_SUBMIT, false, false, false, "a@b", "A B", NULL,
		    NULL, 0 },
		{ "null sender", { "sendmail", "-f", "", "a" },
		    SENDMAIL_SUBMIT, false, false, false, "", NULL, NULL,
		    "a", 1 },
		{ "smtp", { "sendmail", "-bs" }, SENDMAIL_SMTP, false, false,
		    false, NULL, NULL, NULL, NULL, 0 },
		{ "queue", { "sendmail", "-bp" }, SENDMAIL_MAILQ, false,
		    false, false, NULL, NULL, NULL, NULL, 0 },
		{ "aliases", { "sendmail", "-bi" }, SENDMAIL_ALIASES, false,
		    false, false, NULL, NULL, NULL, NULL, 0 },
		{ "bm", { "sendmail", "-bm", "-t" }, SENDMAIL_SUBMIT, true,
		    false, false, NULL, NULL, NULL, NULL, 0 },
		{ "flush", { "sendmail", "-q" }, SENDMAIL_FLUSH, false,
		    false, false, NULL, NULL, NULL, NULL, 0 },
		{ "flush with a time", { "sendmail", "-q15m" },
		    SENDMAIL_FLUSH, false, false, false, NULL, NULL, NULL,
		    NULL, 0 },
		{ "mailq", { "/usr/bin/mailq" }, SENDMAIL_MAILQ, false,
		    false, false, NULL, NULL, NULL, NULL, 0 },
		{ "newaliases", { "newaliases" }, SENDMAIL_ALIASES, false,
		    false, false, NULL, NULL, NULL, NULL, 0 },
		/* An address must never become an option. */
		{ "behind a recipient", { "sendmail", "a@b", "-t", "-fx" },
		    SENDMAIL_SUBMIT, false, false, false, NULL, NULL, NULL,
		    "a@b", 3 },
		{ "behind --", { "sendmail", "--", "-bp" }, SENDMAIL_SUBMIT,
		    false, false, false, NULL, NULL, NULL, "-bp", 1 },
		{ "a lone -", { "sendmail", "-", "x" }, SENDMAIL_SUBMIT,
		    false, false, false, NULL, NULL, NULL, "-", 2 },
	};
	struct sendmail_options o;
	const char *bad = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = 0, rcpts = 0;

		t_case(cases[i].name);
		while (cases[i].argv[n] != NULL)
			n++;
		T_INT(sendmail_options_parse((int)n, words(cases[i].argv), &o,
		    &bad),
		    0);
		T_INT(o.mode, cases[i].mode);
		T_TRUE(o.from_header == cases[i].t);
		T_TRUE(o.dots_are_text == cases[i].i);
		T_TRUE(o.verbose == cases[i].v);
		T_TRUE((o.sender == NULL) == (cases[i].sender == NULL));
		T_STR(span_str(o.sender), cases[i].sender);
		T_STR(span_str(o.full_name), cases[i].full);
		T_STR(span_str(o.config), cases[i].config);
		T_STR(span_str(o.recipients[0]), cases[i].first);
		while (o.recipients[rcpts] != NULL)
			rcpts++;
		T_INT(rcpts, cases[i].rcpts);
	}
}

static void
refuse(void **state)
{
	static const char *const cases[][4] = {
		{ "sendmail", "-bd" }, { "sendmail", "-bv", "x" },
		{ "sendmail", "-bt" }, { "sendmail", "-f" },
		{ "sendmail", "-Z" }, { "sendmail", "-tZ" },
		{ "sendmail", "-b" }, { "sendmail", "-b", "x" },
		{ "sendmail", "--help" },
	};
	struct sendmail_options o;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *bad = NULL;
		size_t n = 0;

		while (n < 4 && cases[i][n] != NULL)
			n++;
		t_case(cases[i][1]);
		T_INT(sendmail_options_parse((int)n, words(cases[i]), &o, &bad), -1);
		T_STR(span_str(bad), cases[i][1]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
