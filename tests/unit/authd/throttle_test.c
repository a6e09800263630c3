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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_forgets),
		cmocka_unit_test(table_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
