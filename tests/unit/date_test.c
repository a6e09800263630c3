/* date: the examples of RFC 5322, the grammar of RFC 3501, and libc's gmtime. */
#include "t.h"

#include <time.h>

#include "base/date.h"

static void
rfc5322(void **state)
{
	/* Seconds: date -u -d, for the same instant in ISO form. */
	static const struct { const char *in; int64_t time; int zone; } cases[] = {
		/* RFC 5322 appendix A.1.1, A.1.2, A.3, A.5, A.6.2, A.6.3 */
		{ "Fri, 21 Nov 1997 09:55:06 -0600", 880127706, -360 },
		{ "Tue, 1 Jul 2003 10:52:37 +0200", 1057049557, 120 },
		{ "Mon, 24 Nov 1997 14:22:01 -0800", 880410121, -480 },
		{ "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n"
		  "      23:32\r\n               -0330 (Newfoundland Time)",
		  -27723480, -210 },
		{ "21 Nov 97 09:55:06 GMT", 880106106, 0 },
		{ "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
		  880127706, -360 },
		/* section 4.3 */
		{ "1 Jan 00 00:00 UT", 946684800, 0 },
		{ "1 Jan 49 00:00 UT", 2493072000, 0 },
		{ "1 Jan 50 00:00 UT", -631152000, 0 },
		{ "1 Jan 99 00:00 UT", 915148800, 0 },
		{ "1 Jan 100 00:00 UT", 946684800, 0 },
		{ "1 Jan 2000 00:00 EST", 946702800, -300 },
		{ "1 Jan 2000 00:00 EDT", 946699200, -240 },
		{ "1 Jan 2000 00:00 PST", 946713600, -480 },
		{ "1 Jan 2000 00:00 Z", 946684800, 0 },
		{ "1 Jan 2000 00:00 a", 946684800, 0 },
		{ "1 Jan 2000 00:00 CEST", 946684800, 0 },
		/* section 3.3: leap second, leap day, zone to +-9959 */
		{ "31 Dec 1998 23:59:60 +0000", 915148800, 0 },
		{ "29 Feb 2000 00:00:00 +0000", 951782400, 0 },
		{ "1 Jan 2000 00:00 -9959", 947044740, -5999 },
		{ "((a\\)b)c) sun, 02 JAN 2000 00:00:00 +0000\r\n",
		  946771200, 0 },
		{ "1 Jan 9999 00:00:00 +0000", 253370764800, 0 },
		{ "1 Jan 1900 00:00:00 +0000", -2208988800, 0 },
		{ "((((((((((x)))))))))) 1 Jan 2000 00:00 UT", 946684800, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct date d;

		t_case(cases[i].in);
		T_INT(date_parse_rfc5322(t_exact(span_str(cases[i].in)),
		    &d), 0);
		T_INT(date_to_time(&d), cases[i].time);
		T_INT(d.zone_minutes, cases[i].zone);
	}
}

static void
rfc5322_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"Fri",
		"Fri, 21 Nov 1997",
		"Fri, 21 Nov 1997 09:55:06",
		"Fri 21 Nov 1997 09:55:06 -0600",	/* no comma */
		"Fre, 21 Nov 1997 09:55:06 -0600",
		"Nov 21 1997 09:55:06 -0600",
		"32 Jan 2000 00:00 +0000",
		"0 Jan 2000 00:00 +0000",
		"31 Apr 2000 00:00 +0000",
		"29 Feb 1900 00:00 +0000",
		"29 Feb 2001 00:00 +0000",
		"1 Janu 2000 00:00 +0000",
		"1 Jan 1899 00:00 +0000",		/* 3.3: 1900 or later */
		"1 Jan 0 00:00 +0000",
		"1 Jan 10000 00:00 +0000",
		"1 Jan 2000 24:00 +0000",
		"1 Jan 2000 00:60 +0000",
		"1 Jan 2000 00:00:61 +0000",
		"1 Jan 2000 0:00 +0000",
		"1 Jan 2000 00:00 +000",
		"1 Jan 2000 00:00 +00000",
		"1 Jan 2000 00:00 +0060",
		"1 Jan 2000 00:00 +0000 x",
		"1 Jan 2000 00:00 +0000 (a",
		"1 Jan 2000 00:00 +0000 (a\\",
		"1 Jan 2000 00:00 +0000 a)",
		"(((((((((((((((((((((((((((((((((((((((((",
		/* eighteen levels of comments */
		"((((((((((((((((((x)))))))))))))))))) 1 Jan 2000 00:00 UT",
		"21 Nov 1997 +0000",
		"21 Nov 1997 09 +0000",
		"21 Nov 1997 09:55: +0000",
		"-1 Jan 2000 00:00 +0000",
		"99999999999999999999 Jan 2000 00:00 +0000",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct date d = { .year = 77 };

		t_case(cases[i]);
		T_INT(date_parse_rfc5322(t_exact(span_str(cases[i])), &d),
		    -1);
		T_INT(d.year, 77);
	}
}

/* date-time and date of RFC 3501 section 9. */
static void
imap(void **state)
{
	static const struct { const char *in; int rc; int64_t time; } cases[] = {
		{ "17-Jul-1996 02:44:25 -0700", 0, 837596665 },	/* 7.4.2 */
		{ " 1-Jan-2000 00:00:00 +0000", 0, 946684800 },
		{ "01-jan-2000 00:00:00 +0000", 0, 946684800 },
		{ "1-Jan-2000 00:00:00 +0000", -1, 0 },
		{ " 11-Jan-2000 00:00:00 +0000", -1, 0 },
		{ "11-Jan-2000  00:00:00 +0000", -1, 0 },
		{ "11-Jan-2000 00:00 +0000", -1, 0 },
		{ "11-Jan-2000 00:00:00 UT", -1, 0 },
		{ "11-Jan-2000 00:00:00 +0000 ", -1, 0 },
		{ "11-Jan-00 00:00:00 +0000", -1, 0 },
		{ "11 Jan 2000 00:00:00 +0000", -1, 0 },
		{ "30-Feb-2000 00:00:00 +0000", -1, 0 },
		{ "11-Jan-0000 00:00:00 +0000", -1, 0 },
		{ "01-Jan-0001 00:00:00 +0000", 0, INT64_C(-62135596800) },
		{ "", -1, 0 },
	};
	struct date d;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		T_INT(date_parse_imap(t_exact(span_str(cases[i].in)), &d),
		    cases[i].rc);
		T_TRUE(cases[i].rc != 0 || date_to_time(&d) == cases[i].time);
	}
	t_case("day");
	T_INT(date_parse_imap_day(SPAN_LIT("1-Feb-1994"), &d), 0); /* 6.4.4 */
	T_INT(date_to_time(&d), 760060800);
	T_INT(date_parse_imap_day(SPAN_LIT("01-Feb-1994"), &d), 0);
	T_INT(date_parse_imap_day(SPAN_LIT(" 1-Feb-1994"), &d), -1);
	T_INT(date_parse_imap_day(SPAN_LIT("001-Feb-1994"), &d), -1);
	T_INT(date_parse_imap_day(SPAN_LIT("1-Feb-1994 "), &d), -1);
	T_INT(date_parse_imap_day(SPAN_LIT("31-Feb-1994"), &d), -1);
}

static void
writing(void **state)
{
	static const struct {
		int64_t t;
		int zone;
		const char *mail, *imap, *iso;
	} cases[] = {
		{ 880127706, -360, "Fri, 21 Nov 1997 09:55:06 -0600",
		  "21-Nov-1997 09:55:06 -0600", "1997-11-21T15:55:06Z" },
		{ -27723480, -210, "Thu, 13 Feb 1969 23:32:00 -0330",
		  "13-Feb-1969 23:32:00 -0330", "1969-02-14T03:02:00Z" },
		{ 1057049557, 120, "Tue, 1 Jul 2003 10:52:37 +0200",
		  "01-Jul-2003 10:52:37 +0200", "2003-07-01T08:52:37Z" },
		{ INT64_MIN, 0, "Mon, 1 Jan 0001 00:00:00 +0000",
		  "01-Jan-0001 00:00:00 +0000", "0001-01-01T00:00:00Z" },
		{ INT64_MAX, 60, "Fri, 31 Dec 9999 23:59:59 +0100",
		  "31-Dec-9999 23:59:59 +0100", "9999-12-31T23:59:59Z" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].mail);
		buf_clear(&b);
		date_rfc5322(&b, cases[i].t, cases[i].zone);
		T_STR(buf_span(&b), cases[i].mail);
		buf_clear(&b);
		date_imap(&b, cases[i].t, cases[i].zone);
		T_STR(buf_span(&b), cases[i].imap);
		buf_clear(&b);
		date_iso(&b, cases[i].t);
		T_STR(buf_span(&b), cases[i].iso);
	}
	buf_fini(&b);
}

/* Each 11th day of the years 1 to 9999, at changing hours, against gmtime. */
static void
calendar(void **state)
{
	(void)state;
	for (int64_t t = INT64_C(-62135596800); t <= INT64_C(253402300799);
	    t += 11 * 86400 + 4001) {
		time_t libc_time = (time_t)t;
		struct tm tm;
		struct date d;

		assert_non_null(gmtime_r(&libc_time, &tm));
		date_from_time(&d, t, 0);
		assert_int_equal(d.year, tm.tm_year + 1900);
		assert_int_equal(d.month, tm.tm_mon + 1);
		assert_int_equal(d.day, tm.tm_mday);
		assert_int_equal(d.hour, tm.tm_hour);
		assert_int_equal(d.minute, tm.tm_min);
		assert_int_equal(d.second, tm.tm_sec);
		assert_true(date_to_time(&d) == t);
	}
}

static void
durations(void **state)
{
	static const struct { const char *in; int rc; int64_t s; } cases[] = {
		{ "90", 0, 90 }, { "90s", 0, 90 }, { "5m", 0, 300 },
		{ "4h", 0, 14400 }, { "5d", 0, 432000 }, { "2w", 0, 1209600 },
		{ "0", 0, 0 }, { "", -1, 0 }, { "d", -1, 0 }, { "5x", -1, 0 },
		{ "5 d", -1, 0 }, { "-5d", -1, 0 }, { "5D", -1, 0 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -1, 0 },
		{ "9223372036854775807w", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t s = 77;

		t_case(cases[i].in);
		T_INT(duration_parse(t_exact(span_str(cases[i].in)), &s),
		    cases[i].rc);
		T_INT(s, cases[i].rc == 0 ? cases[i].s : 77);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc5322),
		cmocka_unit_test(rfc5322_refused),
		cmocka_unit_test(imap),
		cmocka_unit_test(writing),
		cmocka_unit_test(calendar),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
