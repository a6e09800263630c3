/*
 * turns: the order in which those who wait are taken, and its bounds.
 */
#include "../t.h"

#include "helpers/authd/network.h"
#include "helpers/authd/turns.h"

static const uint8_t seed[16] = { 7 };

struct item {
	struct turn turn;
	char name;
};

/* "aab" -> who waits, by network; capitals are known. */
static void
order(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "", "" },
		{ "abc", "abc" },
		{ "aaabc", "abcaa" },	/* a flood waits for itself */
		{ "aaaabbc", "abcabaa" },
		{ "abA", "Aab" },	/* the known go first */
		{ "aaaABABABC", "ABCaABAaBa" },	/* but each fourth turn... */
	};
	struct item items[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct turns *t = turns_new(seed, 32, 32);
		size_t n = strlen(cases[i].in);
		char out[33] = "";

		t_case(cases[i].in);
		for (size_t j = 0; j < n; j++) {
			items[j].name = cases[i].in[j];
			T_INT(turns_add(t, &items[j].turn, span_of(
			    &cases[i].in[j], 1), items[j].name < 'a'), 0);
		}
		T_INT(turns_count(t), n);
		for (size_t j = 0; j < n; j++)
			out[j] = ((struct item *)(void *)turns_next(t))->name;
		T_TRUE(turns_next(t) == NULL);
		T_INT(turns_count(t), 0);
		T_STR(span_str(out), cases[i].out);
		turns_free(&t);
	}
}

static void
bounds(void **state)
{
	struct turns *t = turns_new(seed, 5, 3);
	struct turn turn[8];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		T_INT(turns_add(t, &turn[i], SPAN_LIT("a"), false), 0);
	T_INT(turns_add(t, &turn[3], SPAN_LIT("a"), false), -1);
	T_INT(turns_add(t, &turn[3], SPAN_LIT("b"), false), 0);
	T_INT(turns_add(t, &turn[4], SPAN_LIT("c"), true), 0);
	T_INT(turns_add(t, &turn[5], SPAN_LIT("d"), true), -1);
	T_TRUE(turns_next(t) == &turn[4]);
	T_INT(turns_add(t, &turn[5], SPAN_LIT("d"), true), 0);
	turns_free(&t);
	T_TRUE(t == NULL);
}

/* D5: however many strangers wait, who is known gets a place. */
static void
room_for_the_known(void **state)
{
	struct turns *t = turns_new(seed, 8, 8);
	struct turn turn[8];
	char name = 'a';

	(void)state;
	for (size_t i = 0; i < 6; i++, name++)
		T_INT(turns_add(t, &turn[i], span_of(&name, 1), false), 0);
	T_INT(turns_add(t, &turn[6], SPAN_LIT("z"), false), -1);
	T_INT(turns_add(t, &turn[6], SPAN_LIT("z"), true), 0);
	T_TRUE(turns_next(t) == &turn[6]);
	turns_free(&t);
}

static void
networks(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "192.0.2.77", "192.0.2.0/24" },
		{ "::ffff:192.0.2.77", "192.0.2.0/24" },
		{ "2001:db8:1:2::3", "2001:db8:1::/48" },
		{ "::1", "0:0:0::/48" },
		{ "local", "local" },
		{ "", "" },
	};
	struct network net;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		network_of(span_str(cases[i].in), &net);
		T_STR(span_str(net.text), cases[i].out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(bounds),
		cmocka_unit_test(room_for_the_known),
		cmocka_unit_test(networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
