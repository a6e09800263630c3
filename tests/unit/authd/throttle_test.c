/*
 * throttle and gate: the first mistakes cost little, guessing gets slow, others
 * notice nothing; and who has logged in from where he is least of all.  The
 * clock is simulated.
 */
#include "../t.h"

#include <stdio.h>

#include "helpers/authd/gate.h"

#define ALICE	"alice@demo.example"
#define NOW_S	1800000000

static const uint8_t seed[16] = "sixteen octets.";
static struct gate gate;

static int
setup(void **state)
{
	(void)state;
	gate_init(&gate, seed, -1, NOW_S);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gate_fini(&gate);
	T_TRUE(gate.throttle == NULL && gate.seen == NULL);
	return 0;
}

static struct gate_who
who(const char *user, const char *client, int64_t now_ms)
{
	return (struct gate_who){ .user = span_str(user),
		.client = span_str(client), .now_ms = now_ms,
		.now_s = NOW_S + now_ms / 1000 };
}

static int64_t
before(const char *user, const char *client, int64_t now_ms)
{
	struct gate_who w = who(user, client, now_ms);
	bool known;

	return gate_before(&gate, &w, &known);
}

static int64_t
failed(const char *user, const char *client, int64_t now_ms)
{
	struct gate_who w = who(user, client, now_ms);

	return gate_failed(&gate, &w);
}

static void
passed(const char *user, const char *client, int64_t now_ms)
{
	struct gate_who w = who(user, client, now_ms);

	gate_passed(&gate, &w, user, "imap", "");
}

static bool
knows(const char *user, const char *client, int64_t now_ms)
{
	struct gate_who w = who(user, client, now_ms);
	bool known;

	(void)gate_before(&gate, &w, &known);
	return known;
}

/* "10.N.N.1", a network for each i. */
static const char *
place(unsigned i)
{
	static char ip[20];

	(void)snprintf(ip, sizeof(ip), "10.%u.%u.1", i / 256 % 256, i % 256);
	return ip;
}

static void
answers_get_slow(void **state)
{
	int64_t last = 0;

	(void)state;
	T_INT(failed("a", "192.0.2.1", 0), THROTTLE_DELAY_MIN_MS);
	T_INT(failed("b", "192.0.2.1", 0), THROTTLE_DELAY_MIN_MS);
	for (int i = 0; i < 20; i++) {
		int64_t delay = failed("c", "192.0.2.200", 0);

		T_TRUE(delay >= last);
		last = delay;
	}
	T_INT(last, THROTTLE_DELAY_MAX_MS);
	/* Another network, another name. */
	T_INT(failed("d", "198.51.100.7", 0), THROTTLE_DELAY_MIN_MS);
	/* A day later nobody remembers. */
	T_INT(failed("a", "192.0.2.1", 86400000), THROTTLE_DELAY_MIN_MS);
	T_INT(before("a", "192.0.2.1", 86400000), 0);
}

/* D5: tries of one network are judged one by one, with growing gaps. */
static void
one_network_is_held_up(void **state)
{
	int64_t wait, last = 0;
	unsigned refused = 0;

	(void)state;
	for (unsigned i = 0; i <= THROTTLE_FREE; i++) {
		T_INT(before("a", "192.0.2.1", 0), 0);
		(void)failed("a", "192.0.2.1", 0);
	}
	for (unsigned i = 0; i < 100; i++) {
		wait = before("a", "192.0.2.9", 0);
		if (wait < 0) {
			refused++;
			continue;
		}
		T_TRUE(wait == 0 || wait > last);
		last = wait;
	}
	/* Half a second each: 15 s hold about thirty. */
	T_INT(refused, 100 - 31);
	T_INT(last, THROTTLE_WAIT_MAX_MS);
	/* Others notice nothing; and it is over when the time is. */
	T_INT(before("b", "192.0.3.1", 0), 0);
	T_INT(before("a", "192.0.2.1", 40000), 0);
	/* Failure by failure the gap grows to its bound. */
	for (unsigned i = 0; i < 20; i++)
		(void)failed("c", "192.0.2.1", 40000);
	(void)before("x", "192.0.2.1", 100000);
	T_INT(before("x", "192.0.2.1", 100000), THROTTLE_GAP_MAX_MS);
	T_INT(before("x", "192.0.2.1", 100000), -1);
}

static void
programs_of_this_host(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		(void)failed(place(i), "127.0.0.1", 0);
	T_INT(before("a", "127.0.0.1", 0), 0);
	T_INT(before("a", "127.0.0.1", 0), 0);
	T_INT(failed("a", "127.0.0.1", 0), THROTTLE_DELAY_MAX_MS);
}

/* D5: guessed at from a hundred networks, and at home notices nothing. */
static void
the_owner_is_not_locked_out(void **state)
{
	(void)state;
	passed(ALICE, "192.0.2.1", 0);
	T_TRUE(knows(ALICE, "192.0.2.99", 0));
	T_TRUE(knows("Alice@Demo.Example", "192.0.2.99", 0));
	T_TRUE(!knows(ALICE, "192.0.3.1", 0));
	T_TRUE(!knows("bob@demo.example", "192.0.2.1", 0));
	for (unsigned i = 0; i < 100; i++)
		(void)failed(i % 2 == 0 ? ALICE : "ALICE@demo.example",
		    place(i), 1000);
	/* From a new network one has to wait as long as the guessers. */
	(void)before(ALICE, "203.0.113.1", 2000);
	T_TRUE(before(ALICE, "203.0.113.1", 2000) != 0);
	for (unsigned i = 0; i < 50; i++)
		T_INT(before(ALICE, "192.0.2.1", 2000), 0);
	/* A mistake there costs as little as any. */
	T_INT(failed(ALICE, "192.0.2.1", 2000), THROTTLE_DELAY_MIN_MS);
	/* A stranger in the same network who guesses other names, too. */
	for (unsigned i = 0; i < 50; i++)
		(void)failed("x", "192.0.2.66", 2000);
	(void)before("x", "192.0.2.66", 2000);
	T_TRUE(before("x", "192.0.2.66", 2000) != 0);
	T_INT(before(ALICE, "192.0.2.1", 2000), 0);
	/* But one who guesses hers there is held up as well. */
	for (unsigned i = 0; i < 20; i++)
		(void)failed(ALICE, "192.0.2.66", 3000);
	(void)before(ALICE, "192.0.2.66", 3000);
	T_TRUE(before(ALICE, "192.0.2.66", 3000) != 0);
	/* Three months without a log-in, and the network is one like others. */
	T_TRUE(!knows(ALICE, "192.0.2.1", 1000 * (int64_t)SEEN_KNOWN_S + 1));
}

static void
a_success_makes_it_better(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * THROTTLE_FREE; i++)
		(void)failed("x", "192.0.2.1", 0);
	passed("y", "192.0.2.1", 0);
	T_INT(before("z", "192.0.2.1", 0), 0);
	T_INT(before("z", "192.0.2.1", 0), 0);
}

/* D5: guesses at others, with a log-in of one's own after each. */
static void
no_success_pays_for_guesses(void **state)
{
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 4 * THROTTLE_FREE; i++) {
		(void)snprintf(name, sizeof(name), "victim%u", i);
		(void)failed(name, "192.0.2.1", i);
		passed("mine", "192.0.2.1", i);
	}
	(void)before("victim", "192.0.2.1", 100);
	T_TRUE(before("victim", "192.0.2.1", 100) != 0);
}

/* Made-up names and networks push no count of a name out. */
static void
tables_are_bounded(void **state)
{
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 30; i++)
		(void)failed(ALICE, place(i), 0);
	for (unsigned i = 0; i < 3 * THROTTLE_NAMES; i++) {
		(void)snprintf(name, sizeof(name), "nobody%u", i);
		T_TRUE(failed(name, place(i), 0) >= THROTTLE_DELAY_MIN_MS);
	}
	T_INT(failed(ALICE, "203.0.113.9", 0), THROTTLE_DELAY_MAX_MS);
	(void)before(ALICE, "203.0.113.8", 0);
	T_TRUE(before(ALICE, "203.0.113.7", 0) != 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_get_slow, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(one_network_is_held_up, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(programs_of_this_host, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(the_owner_is_not_locked_out,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(no_success_pays_for_guesses,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(a_success_makes_it_better,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(tables_are_bounded, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
