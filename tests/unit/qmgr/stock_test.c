/*
 * qmgr/stock against a plain array: the same items, the same first one.
 */
#include "tests/unit/t.h"

#include <stdlib.h>
#include <string.h>

#include "qmgr/stock.h"

#define IDS	3000
#define STEPS	60000

static const uint8_t seed[16] = { 1, 2, 3 };

static struct {
	bool	there;
	struct stock_item i;
} model[IDS];

static void
name(unsigned k, char id[ID_SIZE])
{
	struct id_maker m = { .last_us = 1700000000000000 + k / 50,
		.run = 7, .counter = k };

	id_make(&m, 0, id);
}

static uint32_t
next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/* The earliest time in the model; -1: it is empty. */
static int64_t
earliest(size_t *n)
{
	int64_t first = -1;

	*n = 0;
	for (size_t k = 0; k < IDS; k++)
		if (model[k].there) {
			(*n)++;
			if (first < 0 || model[k].i.due_s < first)
				first = model[k].i.due_s;
		}
	return first;
}

static void
later_by_one(struct stock_item *i, void *ctx)
{
	(void)ctx;
	i->due_s++;
	i->paused = !i->paused;
}

static void
agree(struct stock *s)
{
	struct stock_item i;
	size_t n;
	int64_t first = earliest(&n);

	T_INT(stock_count(s), n);
	T_TRUE(stock_first(s, &i) == (n > 0));
	if (n > 0)
		T_INT(i.due_s, first);
	for (size_t k = 0; k < IDS; k++) {
		T_TRUE(stock_get(s, model[k].i.id, &i) == model[k].there);
		if (!model[k].there)
			continue;
		T_TRUE(strcmp(i.id, model[k].i.id) == 0);
		T_INT(i.place, model[k].i.place);
		T_TRUE(i.paused == model[k].i.paused);
		T_INT(i.due_s, model[k].i.due_s);
	}
}

static void
step(struct stock *s, uint32_t *x)
{
	size_t k = next_random(x) % IDS;

	if (next_random(x) % 3 == 0) {
		T_TRUE(stock_del(s, model[k].i.id) == model[k].there);
		model[k].there = false;
		return;
	}
	model[k].there = true;
	model[k].i.place = (uint8_t)(next_random(x) % 5);
	model[k].i.paused = next_random(x) % 2;
	if (next_random(x) % 4 > 0)	/* else the same time again */
		model[k].i.due_s = next_random(x) % 1000;
	stock_put(s, &model[k].i);
}

static void
test_as_a_plain_array(void **state)
{
	struct stock *s = stock_new(seed);
	uint32_t x = 42;

	(void)state;
	for (unsigned k = 0; k < IDS; k++)
		name(k, model[k].i.id);
	for (unsigned n = 0; n < STEPS; n++) {
		step(s, &x);
		if (n % 4999 == 0)
			agree(s);
	}
	stock_each(s, later_by_one, NULL);
	for (size_t k = 0; k < IDS; k++) {
		model[k].i.due_s++;
		model[k].i.paused = !model[k].i.paused;
	}
	agree(s);
	stock_free(&s);
}

/* All come out in the order of their times, each once. */
static void
test_in_order(void **state)
{
	struct stock *s = stock_new(seed);
	struct stock_item i = { .place = 1 };
	int64_t last = 0;
	uint32_t x = 7;
	size_t n = 0;

	(void)state;
	for (unsigned k = 0; k < 20 * IDS; k++) {
		name(k, i.id);
		i.due_s = (int64_t)next_random(&x) << 11;
		stock_put(s, &i);
	}
	for (; stock_first(s, &i); n++) {
		T_TRUE(i.due_s >= last);
		last = i.due_s;
		T_TRUE(stock_del(s, i.id));
		T_TRUE(!stock_del(s, i.id));
	}
	T_INT(n, 20 * IDS);
	T_INT(stock_count(s), 0);
	stock_free(&s);
}

static void
test_times_beyond_its_numbers(void **state)
{
	struct stock *s = stock_new(seed);
	struct stock_item i = { .due_s = -5 }, out;

	(void)state;
	name(1, i.id);
	stock_put(s, &i);
	T_TRUE(stock_get(s, i.id, &out));
	T_INT(out.due_s, 0);
	i.due_s = INT64_C(4297000000);	/* in 2106, beyond 32 bits */
	stock_put(s, &i);
	T_TRUE(stock_get(s, i.id, &out));
	T_INT(out.due_s, i.due_s);
	i.due_s = INT64_MAX;
	stock_put(s, &i);
	T_TRUE(stock_get(s, i.id, &out));
	T_INT(out.due_s, STOCK_DUE_MAX);
	T_INT(stock_count(s), 1);
	stock_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_a_plain_array),
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_times_beyond_its_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
