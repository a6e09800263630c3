/* throttle: the first mistakes cost little, guessing gets slow, others notice nothing. */
#include "../t.h"

#include <stdio.h>

#include "helpers/authd/throttle.h"

static void
grows_and_forgets(void **state)
{
	static const uint8_t seed[16];
	static const struct span here = SPAN_LIT("192.0.2.1"),
	    neighbour = SPAN_LIT("192.0.2.200"), there = SPAN_LIT("198.51.100.7");
	struct throttle *t = throttle_new(seed);
	int64_t last = 0;

	(void)state;
	T_INT(throttle_failed(t, here, 0), THROTTLE_DELAY_MIN_MS);
	T_INT(throttle_failed(t, here, 0), THROTTLE_DELAY_MIN_MS);
	for (int i = 0; i < 20; i++) {
		int64_t delay = throttle_failed(t, neighbour, 0);

		T_TRUE(delay >= last);
		last = delay;
	}
	T_INT(last, THROTTLE_DELAY_MAX_MS);
	T_INT(throttle_failed(t, there, 0), THROTTLE_DELAY_MIN_MS);
	/* A day later nobody remembers. */
	T_INT(throttle_failed(t, here, 86400000), THROTTLE_DELAY_MIN_MS);
	throttle_free(&t);
	T_TRUE(t == NULL);
}

static void
table_is_bounded(void **state)
{
	static const uint8_t seed[16];
	struct throttle *t = throttle_new(seed);
	char ip[32];

	(void)state;
	for (unsigned i = 0; i < 3 * THROTTLE_NETWORKS_MAX; i++) {
		(void)snprintf(ip, sizeof(ip), "%u.%u.%u.1", 1 + (i >> 16), i >> 8 & 255,
		    i & 255);
		T_TRUE(throttle_failed(t, span_str(ip), 0) >=
		    THROTTLE_DELAY_MIN_MS);
	}
	throttle_free(&t);
}

/* Names are counted beside networks; made-up ones push nobody out. */
static void
names_have_cells(void **state)
{
	static const uint8_t seed[16] = "sixteen octets.";
	static const struct span alice = SPAN_LIT("alice@demo.example");
	struct throttle *t = throttle_new(seed);
	int64_t last = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < 20; i++) {
		int64_t delay = throttle_failed_name(t, alice, 0);

		T_TRUE(delay >= last);
		last = delay;
	}
	T_INT(last, THROTTLE_DELAY_MAX_MS);
	for (unsigned i = 0; i < 3 * THROTTLE_NAMES; i++) {
		(void)snprintf(name, sizeof(name), "nobody%u", i);
		T_TRUE(throttle_failed_name(t, span_str(name), 0) >=
		    THROTTLE_DELAY_MIN_MS);
	}
	T_INT(throttle_failed_name(t, alice, 0), THROTTLE_DELAY_MAX_MS);
	/* The network from which they came has nothing to do with it. */
	T_INT(throttle_failed(t, SPAN_LIT("192.0.2.1"), 0),
	    THROTTLE_DELAY_MIN_MS);
	T_INT(throttle_failed_name(t, alice, 86400000),
	    THROTTLE_DELAY_MIN_MS);
	/* A name that looks like an address is a name. */
	for (int i = 0; i < 5; i++)
		(void)throttle_failed_name(t, SPAN_LIT("198.51.100.7"), 0);
	T_INT(throttle_failed(t, SPAN_LIT("198.51.100.7"), 0),
	    THROTTLE_DELAY_MIN_MS);
	throttle_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_forgets),
		cmocka_unit_test(table_is_bounded),
		cmocka_unit_test(names_have_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
