/* id: never twice, in order, and nothing in it that a path could mind. */
#include "t.h"

#include <string.h>

#include "base/id.h"

#define NOW_US	UINT64_C(1780000000000000)	/* 2026-05-28 */

/* The clock stands, steps back and goes on; the counter wraps once. */
static void
order(void **state)
{
	char last[ID_SIZE] = "", id[ID_SIZE];
	struct id_maker m;

	(void)state;
	id_maker_init(&m, 7);
	m.counter = 51U * 51 * 51 * 51 - 1000;
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t now = NOW_US + (i / 10) * 3;

		if (i > 500 && i < 1500)
			now = NOW_US - 3600000000;
		id_make(&m, now, id);
		assert_int_equal(strlen(id), ID_LEN);
		assert_true(strcmp(id, last) > 0);
		assert_true(id_valid(span_str(id)));
		memcpy(last, id, sizeof(last));
	}
}

static void
runs_differ(void **state)
{
	char a[ID_SIZE], b[ID_SIZE];
	struct id_maker m;

	(void)state;
	id_maker_init(&m, 1);
	id_make(&m, NOW_US, a);
	id_maker_init(&m, 2);
	id_make(&m, NOW_US, b);
	T_TRUE(strcmp(a, b) < 0);
	id_maker_init(&m, UINT32_MAX);
	id_make(&m, NOW_US, b);
	T_TRUE(strcmp(a, b) < 0);
	T_INT(strlen(b), ID_LEN);
}

/* "The last character takes all 51 values in turn." */
static void
last_character(void **state)
{
	bool seen[128] = { false };
	char id[ID_SIZE];
	struct id_maker m;
	int n = 0;

	(void)state;
	id_maker_init(&m, 1);
	for (uint64_t i = 0; i < 51; i++) {
		id_make(&m, NOW_US + i * 1000, id);
		T_TRUE(ascii_isalnum(id[ID_LEN - 1]));
		n += !seen[(unsigned char)id[ID_LEN - 1]];
		seen[(unsigned char)id[ID_LEN - 1]] = true;
	}
	T_INT(n, 51);
}

static void
validity(void **state)
{
	static const struct { struct span in; bool ok; } cases[] = {
		{ SPAN_LIT("00000000000000000000"), true },
		{ SPAN_LIT("zzzzzzzzzzzzzzzzzzzz"), true },
		{ SPAN_LIT("0000000000000000000"), false },
		{ SPAN_LIT("000000000000000000000"), false },
		{ SPAN_LIT("0000000000000000000A"), false },	/* a vowel */
		{ SPAN_LIT("0000000000000000000l"), false },
		{ SPAN_LIT("0000000000/000000000"), false },
		{ SPAN_LIT("..000000000000000000"), false },
		{ SPAN_LIT("0000000000000000000\0"), false },
		{ SPAN_LIT("\0" "0000000000000000000"), false },
		{ SPAN_LIT("0000000000000000000\xff"), false },
		{ SPAN_LIT(""), false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in.p);
		T_TRUE(id_valid(cases[i].in) == cases[i].ok);
	}
}

/* 80 bits in 16 characters: each bit changes the id, in its own place. */
static void
sessions(void **state)
{
	uint8_t random[10] = { 0 };
	char zero[SESSION_ID_SIZE], id[SESSION_ID_SIZE];

	(void)state;
	id_session(random, zero);
	T_STR(span_str(zero), "0000000000000000");
	for (size_t bit = 0; bit < 80; bit++) {
		memset(random, 0, sizeof(random));
		random[bit / 8] = (uint8_t)(0x80 >> bit % 8);
		id_session(random, id);
		T_INT(strlen(id), 16);
		for (size_t i = 0; i < 16; i++)
			T_TRUE((id[i] != '0') == (i == bit / 5));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(runs_differ),
		cmocka_unit_test(last_character),
		cmocka_unit_test(validity),
		cmocka_unit_test(sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
