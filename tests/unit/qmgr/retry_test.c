/* qmgr/retry: intervals, give-up, notices; clocks that jump (threat E8). */
#include "tests/unit/t.h"

#include "qmgr/retry.h"

#define NOW	INT64_C(1795327200)
#define DAY	INT64_C(86400)

static struct retry_conf conf;

/* The defaults of conf/keys: 5 minutes to 4 hours, notice 4 h, 5 and 2 days. */
static int
defaults(void **state)
{
	(void)state;
	conf = (struct retry_conf){ .notice_s = 14400, .expire_s = 5 * DAY,
		.bounce_expire_s = 2 * DAY };
	retry_usual(&conf.usual, 300, 14400);
	retry_set_longest(&conf);
	return 0;
}

/* Ages at which attempts are made without jitter: the interval doubles. */
static void
intervals(void **state)
{
	static const struct { int64_t age, base; } cases[] = {
		{ 0, 300 }, { 300, 600 }, { 900, 1200 }, { 2100, 2400 },
		{ 4500, 4800 }, { 9300, 9600 }, { 18900, 14400 },
		{ 33300, 14400 }, { INT32_MAX, 14400 }, { -5, 300 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (uint32_t r = 0; r < 4000; r++) {
			int64_t wait = retry_next(&conf.usual, cases[i].age,
			    r * 1000003u, 5 * DAY, NOW) - NOW;

			T_TRUE(wait >= cases[i].base - cases[i].base / 4);
			T_TRUE(wait <= cases[i].base + cases[i].base / 4);
			T_TRUE(wait >= 300 && wait <= 14400);
		}
}

/* Two messages that failed together do not come back together. */
static void
jitter(void **state)
{
	int64_t lo = INT64_MAX, hi = 0;

	(void)state;
	for (uint32_t r = 0; r < 1000; r++) {
		int64_t t = retry_next(&conf.usual, 900, r * 2654435761u, DAY, NOW);

		lo = t < lo ? t : lo;
		hi = t > hi ? t : hi;
	}
	T_TRUE(hi - lo > 200);
}

static void
last_attempt(void **state)
{
	(void)state;
	T_INT(retry_next(&conf.usual, DAY, 7, 100, NOW), NOW + 100);
	T_INT(retry_next(&conf.usual, DAY, 7, 0, NOW), NOW + 1);
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
		if (retry_left(&conf, &conf.usual, a, false) <= 0)
			break;
		if (retry_warn(&conf, a, warned > 0, false))
			warned++;
		t = retry_next(&conf.usual, a, passes * 977u,
		    retry_left(&conf, &conf.usual, a, false), t);
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
	static const struct retry_conf never = { .expire_s = DAY };

	(void)state;
	T_TRUE(!retry_warn(&conf, 14399, false, false));
	T_TRUE(retry_warn(&conf, 14400, false, false));
	T_TRUE(!retry_warn(&conf, 14400, true, false));
	T_TRUE(!retry_warn(&conf, 14400, false, true));	/* RFC 5321 4.5.5 */
	T_TRUE(!retry_warn(&never, 50000, false, false));
	T_INT(retry_left(&conf, &conf.usual, DAY, true), DAY);
	T_INT(retry_left(&conf, &conf.usual, DAY, false), 4 * DAY);
}

/* ------------------------------------------------------------------- rules */

static struct retry_rule
rule(const char *text)
{
	struct retry_rule r;
	const char *wrong;

	t_case(text);
	T_INT(retry_rule_parse(text, &r, &wrong), 0);
	return r;
}

/* Which kind of error what was said is: RFC 3463 and replies of hosts. */
static void
errors(void **state)
{
	static const struct {
		const char *esc, *text;
		bool remote;
		enum retry_kind kind;
		unsigned code;
	} cases[] = {
		{ "4.4.1", "no host could be reached", false, RETRY_CONNECT, 0 },
		{ "4.4.2", "x: connection lost", true, RETRY_TIMEOUT, 0 },
		{ "4.4.3", "no answer from DNS", false, RETRY_DNS, 0 },
		{ "4.7.5", "x: TLS handshake: bad", true, RETRY_TLS, 0 },
		{ "4.7.4", "x: TLS is demanded", false, RETRY_TLS, 0 },
		{ "4.3.5", "bad :include:", false, RETRY_LOCAL, 0 },
		{ "4.3.0", "450 is no reply of ours", false, RETRY_LOCAL, 0 },
		{ "4.2.2", "over quota", false, RETRY_QUOTA, 0 },
		{ "4.2.2", "452 4.2.2 full", true, RETRY_QUOTA, 452 },
		{ "4.0.0", "452 Mailbox full", true, RETRY_QUOTA, 452 },
		{ "4.2.0", "450 4.2.0 <x>: Greylisted, see y", true,
		    RETRY_GREYLIST, 450 },
		{ "4.7.1", "451 4.7.1 GREYLISTING in action", true,
		    RETRY_GREYLIST, 451 },
		{ "4.7.1", "451 4.7.1 try later", true, RETRY_REPLY, 451 },
		{ "4.4.3", "451 4.4.3 my DNS is down", true, RETRY_REPLY, 451 },
		{ "4.0.0", "421", true, RETRY_REPLY, 421 },
		{ "4.0.0", "4210 x", true, RETRY_LOCAL, 0 },
		{ "", "", false, RETRY_LOCAL, 0 },
	};
	struct retry_error e;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].text);
		e = retry_error_of(span_str(cases[i].esc),
		    span_str(cases[i].text), cases[i].remote);
		T_INT(e.kind, cases[i].kind);
		T_INT(e.code, cases[i].code);
	}
}

static void
which_rule(void **state)
{
	struct retry_rule rules[] = { rule("slow.example connect 1h"),
		rule(".wide.example any 2h"), rule("lmtp:Store.example any 3h"),
		rule("* 45x 4h"), rule("local: quota 5h"),
		rule("* reply 6h") };
	static const struct {
		const char *domain, *transport, *nexthop;
		struct retry_error e;
		int64_t hours;		/* 0: none */
	} cases[] = {
		{ "slow.example", "smtp", "slow.example", { RETRY_CONNECT, 0 }, 1 },
		{ "SLOW.example", NULL, "", { RETRY_CONNECT, 0 }, 1 },
		{ "slow.example", "smtp", "", { RETRY_DNS, 0 }, 0 },
		{ "a.wide.example", "smtp", "", { RETRY_LOCAL, 0 }, 2 },
		{ "wide.example", "smtp", "", { RETRY_LOCAL, 0 }, 0 },
		{ "awide.example", "smtp", "", { RETRY_LOCAL, 0 }, 0 },
		{ "x.example", "lmtp", "store.example", { RETRY_TLS, 0 }, 3 },
		{ "x.example", "smtp", "store.example", { RETRY_TLS, 0 }, 0 },
		{ "x.example", "smtp", "", { RETRY_REPLY, 450 }, 4 },
		{ "x.example", "smtp", "", { RETRY_GREYLIST, 451 }, 4 },
		{ "x.example", "smtp", "", { RETRY_REPLY, 421 }, 6 },
		{ "x.example", "smtp", "", { RETRY_QUOTA, 421 }, 6 },
		{ "x.example", "local", "", { RETRY_QUOTA, 0 }, 5 },
		{ "x.example", "local", "", { RETRY_LOCAL, 0 }, 0 },
	};

	(void)state;
	conf.rules = rules;
	conf.rules_n = COUNT(rules);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct retry_dest d = { span_str(cases[i].domain),
			cases[i].transport, span_str(cases[i].nexthop) };
		const struct retry_rule *r = retry_find(&conf, &d, cases[i].e);

		T_INT(r == &conf.usual ? 0 : r->steps[0] / 3600,
		    cases[i].hours);
	}
	retry_set_longest(&conf);	/* six hours, and a quarter */
	T_INT(conf.longest_s, 27000);
	T_INT(retry_left(&conf, &rules[0], 0, false), 5 * DAY);
	rules[0].expire_s = DAY;
	T_INT(retry_left(&conf, &rules[0], 0, false), DAY);
	T_INT(retry_left(&conf, &rules[0], 0, true), DAY);
	rules[0].expire_s = 9 * DAY;
	T_INT(retry_left(&conf, &rules[0], 0, false), 9 * DAY);
	T_INT(retry_left(&conf, &rules[0], 0, true), 2 * DAY);
	conf.rules_n = 0;
}

/*
 * Whatever the schedule, and if it is another one at each attempt: none comes
 * before its interval, none is the last but by age, and none is endless.
 */
static void
any_schedule(void **state)
{
	static const char *const texts[] = { "* any 1m", "* any 5m,15m,1h,4h",
		"* any 1s*10..7d", "* any 7d", "* any 1m,1m*1.01..2m",
		"* any 10m 1h", "* any 1h*2..1d 30d" };
	struct retry_rule rules[COUNT(texts)];
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		rules[i] = rule(texts[i]);
	conf.rules = rules;
	conf.rules_n = COUNT(rules);
	retry_set_longest(&conf);
	for (unsigned life = 0; life < 400; life++) {
		int64_t t = NOW, a = 0, since = NOW, left, next;
		const struct retry_rule *r = &rules[life % COUNT(rules)];

		for (;;) {
			random = random * 1664525u + 1013904223u;
			if (life >= 200)
				r = &rules[random / 65536 % COUNT(rules)];
			a = retry_age(&conf, a, since, t);
			since = t;
			left = retry_left(&conf, r, a, false);
			if (left <= 0)
				break;
			next = retry_next(r, a, random, left, t);
			T_TRUE(next > t && next <= t + left);
			T_TRUE(next == t + left ||
			    next - t >= r->steps[0] * 3 / 4);
			T_TRUE(next - t <= conf.longest_s);
			t = next;
		}
		T_TRUE(t - NOW <= 30 * DAY);
		if (life < 200)
			T_INT(t - NOW, r->expire_s > 0 ? r->expire_s : 5 * DAY);
	}
	conf.rules_n = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(intervals, defaults),
		cmocka_unit_test_setup(jitter, defaults),
		cmocka_unit_test_setup(last_attempt, defaults),
		cmocka_unit_test_setup(age, defaults),
		cmocka_unit_test_setup(whole_life, defaults),
		cmocka_unit_test_setup(sane, defaults),
		cmocka_unit_test_setup(notices, defaults),
		cmocka_unit_test_setup(errors, defaults),
		cmocka_unit_test_setup(which_rule, defaults),
		cmocka_unit_test_setup(any_schedule, defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
