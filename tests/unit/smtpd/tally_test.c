/*
 * tally: limits per network and account with a simulated clock; the table is
 * bounded; packets of a session that are no events are none.
 */
#include "smtpd/tally.h"

#include <string.h>

#include "../t.h"

static const uint8_t seed[16] = { 1 };

static struct tally_event
event(enum tally_kind kind, const char *ip, const char *account)
{
	struct tally_event e = { .kind = kind };

	if (ip != NULL)
		T_INT(sock_parse_ip(span_str(ip), &e.client), 0);
	span_copy_cut(span_str(account), e.account, sizeof(e.account));
	return e;
}

/* How many of n are allowed, and how many refusals are to be said. */
static int
run(struct tally *t, struct tally_event e, int n, int64_t now, int *said)
{
	int allowed = 0;
	bool say;

	*said = 0;
	for (int i = 0; i < n; i++) {
		if (tally_count(t, &e, now, &say) == TALLY_OK)
			allowed++;
		*said += say;
	}
	return allowed;
}

static void
networks(void **state)
{
	const struct tally_limits l = { .network = { 10, 0, 0, 5 },
		.time_ms = 60000 };
	struct tally *t = tally_new(&l, seed);
	int said;

	(void)state;
	T_INT(run(t, event(TALLY_CONNECTION, "192.0.2.1", ""), 7, 0, &said),
	    7);
	/* The same /24; another; IPv6 by /48. */
	T_INT(run(t, event(TALLY_CONNECTION, "192.0.2.9", ""), 7, 0, &said),
	    3);
	T_INT(said, 1);
	T_INT(run(t, event(TALLY_CONNECTION, "192.0.3.9", ""), 7, 0, &said),
	    7);
	T_INT(run(t, event(TALLY_CONNECTION, "2001:db8::1", ""), 11, 0,
	    &said), 10);
	T_INT(run(t, event(TALLY_CONNECTION, "2001:db8::ffff:1", ""), 1, 0,
	    &said), 0);
	T_INT(run(t, event(TALLY_CONNECTION, "2001:db8:0:1::1", ""), 1, 0,
	    &said), 0);
	T_INT(run(t, event(TALLY_CONNECTION, "2001:db8:1::1", ""), 1, 0,
	    &said), 1);
	/* Kinds are apart; without limit nobody is refused. */
	T_INT(run(t, event(TALLY_ERROR, "192.0.2.1", ""), 9, 0, &said), 5);
	T_INT(run(t, event(TALLY_MESSAGE, "192.0.2.1", ""), 99, 0, &said),
	    99);
	/* This host, and its local socket. */
	T_INT(run(t, event(TALLY_CONNECTION, "127.0.0.1", ""), 99, 0, &said),
	    99);
	T_INT(run(t, event(TALLY_CONNECTION, NULL, ""), 99, 0, &said), 99);
	tally_free(&t);
}

static void
passing_time(void **state)
{
	const struct tally_limits l = { .network = { 10 }, .time_ms = 60000 };
	struct tally_event e = event(TALLY_CONNECTION, "192.0.2.1", "");
	struct tally *t = tally_new(&l, seed);
	int said, all = 0;
	bool say;

	(void)state;
	T_INT(run(t, e, 20, 1000, &said), 10);
	T_INT(run(t, e, 20, 1000 + 5999, &said), 0);
	T_INT(said, 0);				/* it was said just now */
	T_INT(tally_look(t, &e, 1000 + 6000, &say), TALLY_OK);
	T_INT(run(t, e, 20, 1000 + 6000, &said), 1);
	T_INT(tally_look(t, &e, 1000 + 6000, &say), TALLY_OVER_NETWORK);
	T_INT(run(t, e, 20, 1000 + 6000 + 18000, &said), 3);
	T_INT(run(t, e, 20, 2000000, &said), 10);	/* never more */
	T_INT(said, 1);
	T_INT(run(t, e, 20, 1, &said), 0);	/* a clock that goes back */
	/* A year later, and over an hour with a try each millisecond. */
	T_INT(run(t, e, 20, INT64_C(31536000000), &said), 10);
	for (int64_t ms = 0; ms < 3600000; ms++)
		all += tally_count(t, &e, INT64_C(31536000000) + ms, &say) ==
		    TALLY_OK;
	T_INT(all, 599);	/* 10 a minute, the last is due at its end */
	tally_free(&t);
}

static void
accounts(void **state)
{
	const struct tally_limits l = { .network = { 0, 2, 2, 0 },
		.account = { 1, 3, 4, 1 }, .time_ms = 1000 };
	struct tally *t = tally_new(&l, seed);
	struct tally_limits other = l;
	int said;
	bool say;

	(void)state;
	struct tally_event e = event(TALLY_MESSAGE, "192.0.2.1",
	    "a@example.org");
	T_INT(run(t, e, 9, 0, &said), 3);
	T_INT(tally_count(t, &e, 0, &say), TALLY_OVER_ACCOUNT);
	/* Wherever it comes from; others of its network have their own. */
	e = event(TALLY_MESSAGE, "2001:db8::1", "a@example.org");
	T_INT(run(t, e, 9, 0, &said), 0);
	e = event(TALLY_MESSAGE, "192.0.2.1", "b@example.org");
	T_INT(run(t, e, 9, 0, &said), 3);
	e = event(TALLY_RECIPIENT, NULL, "uid:1000");
	T_INT(run(t, e, 9, 0, &said), 4);
	e = event(TALLY_MESSAGE, "192.0.2.1", "");
	T_INT(run(t, e, 9, 0, &said), 2);
	T_INT(tally_count(t, &e, 0, &say), TALLY_OVER_NETWORK);
	tally_limit(t, &l);			/* the same: nothing changes */
	T_INT(run(t, e, 9, 0, &said), 0);
	other.network[TALLY_MESSAGE] = 4;
	tally_limit(t, &other);
	T_INT(run(t, e, 9, 0, &said), 4);
	tally_free(&t);
}

static void
bounded(void **state)
{
	const struct tally_limits l = { .network = { 1 }, .time_ms = 60000 };
	struct tally *t = tally_new(&l, seed);
	struct tally_event first = event(TALLY_CONNECTION, "192.0.2.1", "");
	int said;

	(void)state;
	T_INT(run(t, first, 2, 0, &said), 1);
	for (uint32_t i = 0; i < TALLY_ENTRIES_MAX - 1; i++) {
		struct tally_event e = first;

		e.client.ip[0] = 10;
		e.client.ip[1] = (uint8_t)(i >> 8);
		e.client.ip[2] = (uint8_t)i;
		T_INT(run(t, e, 2, 0, &said), 1);
	}
	T_INT(run(t, first, 1, 0, &said), 0);	/* still known */
	for (uint32_t i = 0; i < TALLY_ENTRIES_MAX; i++) {
		struct tally_event e = first;

		e.client.ip[0] = 11;
		e.client.ip[1] = (uint8_t)(i >> 8);
		e.client.ip[2] = (uint8_t)i;
		T_INT(run(t, e, 1, 0, &said), 1);
	}
	T_INT(run(t, first, 1, 0, &said), 1);	/* made room */
	tally_free(&t);
	T_TRUE(t == NULL);
}

static void
packets(void **state)
{
	uint8_t p[TALLY_EVENT_MAX + 1] = { 0 };
	struct tally_event e = event(TALLY_RECIPIENT, "2001:db8::7",
	    "a@b.example"), back;
	size_t n = tally_put(&e, p);

	(void)state;
	T_INT(tally_get(p, n, &back), 0);
	T_INT(back.kind, TALLY_RECIPIENT);
	T_TRUE(sock_ip_eq(&back.client, &e.client));
	T_TRUE(strcmp(back.account, "a@b.example") == 0);
	p[n - 1] = '\0';
	T_INT(tally_get(p, n, &back), -1);
	T_INT(tally_get(p, 17, &back), -1);
	T_INT(tally_get(p, 18, &back), 0);
	T_TRUE(back.account[0] == '\0');
	p[0] = TALLY_KINDS;
	T_INT(tally_get(p, 18, &back), -1);
	p[0] = 0;
	p[1] = 5;
	T_INT(tally_get(p, 18, &back), -1);
	memset(p, 'a', sizeof(p));
	p[0] = 0;
	p[1] = 4;
	T_INT(tally_get(p, TALLY_EVENT_MAX, &back), 0);
	T_INT(tally_get(p, TALLY_EVENT_MAX + 1, &back), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks),
		cmocka_unit_test(passing_time),
		cmocka_unit_test(accounts),
		cmocka_unit_test(bounded),
		cmocka_unit_test(packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
