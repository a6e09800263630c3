/* qmgr/retry: intervals, give-up, notices; clocks that jump (threat E8). */
#include "tests/unit/t.h"

#include "qmgr/retry.h"

#define NOW	INT64_C(1795327200)
#define DAY	INT64_C(86400)

/* The defaults of conf/keys: 5 minutes to 4 hours, notice 4 h, 5 and 2 days. */
static const struct retry_conf conf = { 300, 14400, 14400, 5 * DAY, 2 * DAY };

static void
intervals(void **state)
{
	static const struct { unsigned passes; int64_t base; } cases[] = {
		{ 0, 300 }, { 1, 300 }, { 2, 600 }, { 3, 1200 }, { 4, 2400 },
		{ 5, 4800 }, { 6, 9600 }, { 7, 14400 }, { 8, 14400 },
		{ 1000000, 14400 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (uint32_t r = 0; r < 4000; r++) {
			int64_t wait = retry_next(&conf, cases[i].passes,
			    r * 1000003u, 5 * DAY, NOW) - NOW;

			T_TRUE(wait >= cases[i].base - cases[i].base / 4);
			T_TRUE(wait <= cases[i].base + cases[i].base / 4);
			T_TRUE(wait >= conf.min_s && wait <= conf.max_s);
		}
}

/* Two messages that failed together do not come back together. */
static void
jitter(void **state)
{
	int64_t lo = INT64_MAX, hi = 0;

	(void)state;
	for (uint32_t r = 0; r < 1000; r++) {
		int64_t t = retry_next(&conf, 3, r * 2654435761u, DAY, NOW);

		lo = t < lo ? t : lo;
		hi = t > hi ? t : hi;
	}
	T_TRUE(hi - lo > 200);
}

static void
last_attempt(void **state)
{
	(void)state;
	T_INT(retry_next(&conf, 9, 7, 100, NOW), NOW + 100);
	T_INT(retry_next(&conf, 9, 7, 0, NOW), NOW + 1);
}

static void
age(void **state)
{
	(void)state;
	T_INT(retry_age(&conf, 0, NOW, NOW + 300), 300);
	T_INT(retry_age(&conf, 1000, NOW, NOW + 14400), 15400);
	/* Back by three days, on to the year 2106: nothing expires early. */
	T_INT(retry_age(&conf, 1000, NOW, NOW - 3 * DAY), 1000);
	T_INT(retry_age(&conf, 1000, NOW, INT64_C(4294967296)), 29800);
}

/* A message that is tried at its times is given up at its time. */
static void
whole_life(void **state)
{
	int64_t t = NOW, a = 0, since = NOW;
	unsigned passes = 0, warned = 0;

	(void)state;
	for (;;) {
		a = retry_age(&conf, a, since, t);
		since = t;
		passes++;
		if (retry_left(&conf, a, false) <= 0)
			break;
		if (retry_warn(&conf, a, warned > 0, false))
			warned++;
		t = retry_next(&conf, passes, passes * 977u,
		    retry_left(&conf, a, false), t);
	}
	T_INT(t - NOW, 5 * DAY);
	T_INT(warned, 1);
	T_TRUE(passes > 30 && passes < 60);
}

static void
sane(void **state)
{
	(void)state;
	T_INT(retry_sane(&conf, NOW + 100, NOW), NOW + 100);
	T_INT(retry_sane(&conf, NOW - 100, NOW), NOW - 100);
	T_INT(retry_sane(&conf, NOW + 365 * DAY, NOW), NOW + 14400);
}

static void
notices(void **state)
{
	static const struct retry_conf never = { 300, 14400, 0, DAY, DAY };

	(void)state;
	T_TRUE(!retry_warn(&conf, 14399, false, false));
	T_TRUE(retry_warn(&conf, 14400, false, false));
	T_TRUE(!retry_warn(&conf, 14400, true, false));
	T_TRUE(!retry_warn(&conf, 14400, false, true));	/* RFC 5321 4.5.5 */
	T_TRUE(!retry_warn(&never, 50000, false, false));
	T_INT(retry_left(&conf, DAY, true), DAY);
	T_INT(retry_left(&conf, DAY, false), 4 * DAY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals),
		cmocka_unit_test(jitter),
		cmocka_unit_test(last_attempt),
		cmocka_unit_test(age),
		cmocka_unit_test(whole_life),
		cmocka_unit_test(sane),
		cmocka_unit_test(notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
