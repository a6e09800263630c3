/*
 * logd/write: the form of a line; octets that could move a terminal or end a
 * line do not pass.
 */
#include "helpers/logd/write.h"

#include "tests/unit/t.h"

static const struct {
	const char *in, *out;
	size_t n;
	enum log_level level;
} cases[] = {
	{ "event=x id=1", "2026-11-22T05:56:00.000042Z smtpd[123] info "
	    "event=x id=1", 12, LOG_LEVEL_INFO },
	{ "a\nb", "2026-11-22T05:56:00.000042Z smtpd[123] error a\\x0ab", 3,
	    LOG_LEVEL_ERROR },
	{ "\033[2J", "2026-11-22T05:56:00.000042Z smtpd[123] warn \\x1b[2J", 4,
	    LOG_LEVEL_WARN },
	{ "a\0b\xff", "2026-11-22T05:56:00.000042Z smtpd[123] debug "
	    "a\\x00b\\xff", 4, LOG_LEVEL_DEBUG },
	{ "", "2026-11-22T05:56:00.000042Z smtpd[123] info ", 0,
	    LOG_LEVEL_INFO },
};

static void
test_format(void **state)
{
	/* 2026-11-22T05:56:00Z: date -u -d ... +%s */
	const uint64_t now = UINT64_C(1795326960) * 1000000 + 42;
	struct buf out;

	(void)state;
	buf_init(&out, 64 * KIB);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].out);
		buf_clear(&out);
		write_format(&out, now, ROLE_SMTPD, 123, cases[i].level,
		    span_of(cases[i].in, cases[i].n));
		T_STR(buf_span(&out), cases[i].out);
	}
	buf_fini(&out);
}

/* The longest line of octets that all need four: bounded, never refused. */
static void
test_longest(void **state)
{
	static char line[2 * LOG_LINE_MAX];
	struct buf out;

	(void)state;
	buf_init(&out, 64 * KIB);
	write_format(&out, 0, ROLE_QMGR, 1, LOG_LEVEL_INFO,
	    span_of(line, sizeof(line)));
	T_TRUE(!out.full && out.n > 4 * LOG_LINE_MAX &&
	    out.n < 4 * LOG_LINE_MAX + 128);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
