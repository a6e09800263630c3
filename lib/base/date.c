/*
 * date - see date.h.
 * Days are counted in eras of 400 years that begin on 1 March, so that the
 * leap day is the last of its year and no table of months is needed for the
 * conversion.  libc's functions are not used: they ask the time zone, the
 * locale, and in a jail files that are not there.
 * Parsers are one function per rule of the grammars that they cite; all
 * agree that a date that does not exist is no date.
 */
#include "base/date.h"

#include "base/cur.h"
#include "base/num.h"

#define DAY_S		INT64_C(86400)
#define TIME_FIRST	INT64_C(-62135596800)	/* 0001-01-01T00:00:00Z */
#define TIME_LAST	INT64_C(253402300799)	/* 9999-12-31T23:59:59Z */
#define COMMENT_DEPTH	16	/* comments in comments in a date */

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char weekdays[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri",
	"Sat" };

static int64_t
days_from_civil(int64_t year, int month, int day)
{
	int64_t era, year_of_era, day_of_year, day_of_era;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = year - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	    day_of_year;
	return era * 146097 + day_of_era - 719468;
}

int64_t
date_to_time(const struct date *d)
{
	return days_from_civil(d->year, d->month, d->day) * DAY_S +
	    d->hour * 3600 + d->minute * 60 + d->second -
	    (int64_t)d->zone_minutes * 60;
}

/* Days since 1970 of t, rounded down also before it. */
static int64_t
day_of(int64_t t)
{
	return (t >= 0 ? t : t - (DAY_S - 1)) / DAY_S;
}

void
date_from_time(struct date *d, int64_t t, int zone_minutes)
{
	int64_t era, day_of_era, year_of_era, day_of_year, month, second;

	/* The zone first: t itself may be any number (a file's mtime). */
	if (t < TIME_FIRST - INT64_C(100) * DAY_S)
		t = TIME_FIRST;
	if (t > TIME_LAST + INT64_C(100) * DAY_S)
		t = TIME_LAST;
	t += (int64_t)zone_minutes * 60;
	if (t < TIME_FIRST)
		t = TIME_FIRST;
	if (t > TIME_LAST)
		t = TIME_LAST;
	second = t - day_of(t) * DAY_S;
	day_of_era = day_of(t) + 719468;	/* from 0000-03-01: positive */
	era = day_of_era / 146097;
	day_of_era -= era * 146097;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
	    day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 -
	    year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	*d = (struct date){
		.year = (int)(year_of_era + era * 400 + (month >= 10)),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
		.hour = (int)(second / 3600),
		.minute = (int)(second / 60 % 60),
		.second = (int)(second % 60),
		.zone_minutes = zone_minutes,
	};
}

/* "05:56:00 +0000" */
static void
add_time_zone(struct buf *out, const struct date *d)
{
	int zone = d->zone_minutes;
	char sign = zone < 0 ? '-' : '+';

	if (zone < 0)
		zone = -zone;
	buf_addf(out, "%02d:%02d:%02d %c%02d%02d", d->hour, d->minute,
	    d->second, sign, zone / 60, zone % 60);
}

void
date_rfc5322(struct buf *out, int64_t t, int zone_minutes)
{
	struct date d;
	int64_t day;

	date_from_time(&d, t, zone_minutes);
	day = days_from_civil(d.year, d.month, d.day);
	/* 1970-01-01 was a Thursday; 7 * 10^6 days make it positive. */
	buf_addf(out, "%s, %d %s %04d ",
	    weekdays[(day + 4 + 7 * INT64_C(1000000)) % 7], d.day,
	    months[d.month - 1], d.year);
	add_time_zone(out, &d);
}

void
date_imap(struct buf *out, int64_t t, int zone_minutes)
{
	struct date d;

	date_from_time(&d, t, zone_minutes);
	buf_addf(out, "%02d-%s-%04d ", d.day, months[d.month - 1], d.year);
	add_time_zone(out, &d);
}

void
date_iso(struct buf *out, int64_t t)
{
	struct date d;

	date_from_time(&d, t, 0);
	buf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year, d.month,
	    d.day, d.hour, d.minute, d.second);
}

/* RFC 5322 section 3.3, last paragraph but the day of the week. */
static bool
exists(const struct date *d)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = d->year % 4 == 0 &&
	    (d->year % 100 != 0 || d->year % 400 == 0);

	return d->year >= 1 && d->year <= 9999 &&
	    d->month >= 1 && d->month <= 12 && d->day >= 1 &&
	    d->day <= days[d->month - 1] + (leap && d->month == 2) &&
	    d->hour <= 23 && d->minute <= 59 && d->second <= 60;
}

/* A run of least to most digits (at most 4); returns how many, 0: wrong. */
static size_t
digits(struct cur *c, size_t least, size_t most, int *out)
{
	struct span run = cur_while(c, ascii_isdigit);
	uint64_t v;

	if (run.n < least || run.n > most ||
	    num_parse(run, 0, 9999, &v) != 0)
		return 0;
	*out = (int)v;
	return run.n;
}

/* Index of the word in a list of three-letter names, or -1. */
static int
name(struct cur *c, const char (*list)[4], size_t n)
{
	struct span word = cur_while(c, ascii_isalpha);

	for (size_t i = 0; i < n; i++) {
		if (span_ieq_str(word, list[i]))
			return (int)i;
	}
	return -1;
}

static bool
month_name(struct cur *c, int *month)
{
	*month = name(c, months, COUNT(months)) + 1;
	return *month > 0;
}

/* comment of RFC 5322 section 3.2.2; the "(" is behind us. */
static bool
comment(struct cur *c)
{
	unsigned open = 1;
	int octet;

	while (open > 0) {
		octet = cur_next(c);
		if (octet == '\\')
			octet = cur_next(c) < 0 ? -1 : ' ';
		if (octet < 0)
			return false;
		if (octet == '(') {
			if (!cur_enter(c))
				return false;
			open++;
		} else if (octet == ')') {
			if (--open > 0)
				cur_leave(c);
		}
	}
	return true;
}

/* [CFWS]; false: a comment that does not end or is too deep. */
static bool
cfws(struct cur *c)
{
	for (;;) {
		(void)cur_while(c, ascii_isspace);
		if (!cur_take(c, '('))
			return true;
		if (!comment(c))
			return false;
	}
}

/* day, month, year of RFC 5322 sections 3.3 and 4.3. */
static bool
date_part(struct cur *c, struct date *d)
{
	size_t n;

	if (digits(c, 1, 2, &d->day) == 0 || !cfws(c) ||
	    !month_name(c, &d->month) || !cfws(c))
		return false;
	n = digits(c, 2, 4, &d->year);
	/* Section 4.3: two digits up to 49 are 20nn, 50-99 and three 19nn. */
	if (n == 2 && d->year <= 49)
		d->year += 2000;
	else if (n == 2 || n == 3)
		d->year += 1900;
	return n > 0 && d->year >= 1900 && cfws(c);
}

static bool
time_of_day(struct cur *c, struct date *d)
{
	if (digits(c, 2, 2, &d->hour) == 0 || !cfws(c) ||
	    !cur_take(c, ':') || !cfws(c) ||
	    digits(c, 2, 2, &d->minute) == 0 || !cfws(c))
		return false;
	if (!cur_take(c, ':'))
		return true;
	return cfws(c) && digits(c, 2, 2, &d->second) != 0 && cfws(c);
}

/* ( "+" / "-" ) 4DIGIT */
static bool
numeric_zone(struct cur *c, int *zone_minutes)
{
	bool west = cur_peek(c) == '-';
	int hhmm;

	if (!cur_take(c, '+') && !cur_take(c, '-'))
		return false;
	if (digits(c, 4, 4, &hhmm) == 0 || hhmm % 100 > 59)
		return false;
	*zone_minutes = hhmm / 100 * 60 + hhmm % 100;
	if (west)
		*zone_minutes = -*zone_minutes;
	return true;
}

/* obs-zone of RFC 5322 section 4.3. */
static bool
named_zone(struct cur *c, int *zone_minutes)
{
	static const struct { const char *name; int hours; } zones[] = {
		{ "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
		{ "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
	};
	struct span word = cur_while(c, ascii_isalpha);

	/* UT, GMT, the military letters and all unknown ones: -0000. */
	*zone_minutes = 0;
	for (size_t i = 0; i < COUNT(zones); i++) {
		if (span_ieq_str(word, zones[i].name))
			*zone_minutes = zones[i].hours * 60;
	}
	return word.n > 0;
}

int
date_parse_rfc5322(struct span s, struct date *d)
{
	struct date got = { .year = 0 };
	struct cur c;

	cur_init(&c, s, COMMENT_DEPTH, 0);
	if (!cfws(&c))
		return -1;
	/* The weekday must be one, but if it is the wrong one the date, which
	 * the sender's program computed too, is believed. */
	if (cur_peek(&c) >= 0 && ascii_isalpha((char)cur_peek(&c)) &&
	    (name(&c, weekdays, COUNT(weekdays)) < 0 || !cfws(&c) ||
	    !cur_take(&c, ',') || !cfws(&c)))
		return -1;
	if (!date_part(&c, &got) || !time_of_day(&c, &got))
		return -1;
	if (!numeric_zone(&c, &got.zone_minutes) &&
	    !named_zone(&c, &got.zone_minutes))
		return -1;
	if (!cfws(&c) || !cur_end(&c) || !exists(&got))
		return -1;
	*d = got;
	return 0;
}

/* "-" date-month "-" date-year of RFC 3501 section 9. */
static bool
month_year(struct cur *c, struct date *d)
{
	return cur_take(c, '-') && month_name(c, &d->month) &&
	    cur_take(c, '-') && digits(c, 4, 4, &d->year) != 0;
}

int
date_parse_imap(struct span s, struct date *d)
{
	struct date got = { .year = 0 };
	struct cur c;
	size_t day_digits;

	cur_init(&c, s, 0, 0);
	/* date-day-fixed = (SP DIGIT) / 2DIGIT */
	day_digits = cur_take(&c, ' ') ? 1 : 2;
	if (digits(&c, day_digits, day_digits, &got.day) == 0 ||
	    !month_year(&c, &got) || !cur_take(&c, ' '))
		return -1;
	if (digits(&c, 2, 2, &got.hour) == 0 || !cur_take(&c, ':') ||
	    digits(&c, 2, 2, &got.minute) == 0 || !cur_take(&c, ':') ||
	    digits(&c, 2, 2, &got.second) == 0 || !cur_take(&c, ' '))
		return -1;
	if (!numeric_zone(&c, &got.zone_minutes) || !cur_end(&c) ||
	    !exists(&got))
		return -1;
	*d = got;
	return 0;
}

int
date_parse_imap_day(struct span s, struct date *d)
{
	struct date got = { .year = 0 };
	struct cur c;

	cur_init(&c, s, 0, 0);
	if (digits(&c, 1, 2, &got.day) == 0 || !month_year(&c, &got) ||
	    !cur_end(&c) || !exists(&got))
		return -1;
	*d = got;
	return 0;
}

int
duration_parse(struct span s, int64_t *seconds)
{
	static const struct { char unit; uint64_t factor; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
		{ 'w', 7 * 86400 },
	};
	uint64_t v, factor = 1;
	bool has_unit = s.n > 0 && !ascii_isdigit(s.p[s.n - 1]);

	if (has_unit) {
		factor = 0;
		for (size_t i = 0; i < COUNT(units); i++) {
			if (s.p[s.n - 1] == units[i].unit)
				factor = units[i].factor;
		}
		s.n--;
	}
	if (factor == 0 ||
	    num_parse(s, 0, (uint64_t)INT64_MAX / factor, &v) != 0)
		return -1;
	*seconds = (int64_t)(v * factor);
	return 0;
}
