/*
 * qmgr/schedule: windows, back-off, and the fair share: who has one job waits
 * for few of who has many.
 */
#include "tests/unit/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qmgr/limits.h"
#include "qmgr/schedule.h"

static const uint8_t seed[16] = "sixteen octets!";
static size_t freed;

static void
free_data(void *data)
{
	freed++;
	free(data);
}

static struct dest *
dest(struct schedule *s, const char *name)
{
	return schedule_dest(s, CLASS_OUT, span_str(name), false);
}

/* Jobs that start at once with nothing ending. */
static unsigned
start_all(struct schedule *s, struct group **last)
{
	struct group *g;
	unsigned n = 0;

	while ((g = schedule_next(s, CLASS_OUT)) != NULL) {
		n++;
		if (last != NULL)
			*last = g;
	}
	return n;
}

static void
window_grows(void **state)
{
	struct schedule *s = schedule_new(100, seed, free_data);
	struct group *groups = calloc(1000, sizeof(*groups));
	struct flow f = { { 0 } };
	struct dest *d;

	(void)state;
	schedule_set_window(s, 7);
	d = dest(s, "x.example");
	for (int i = 0; i < 1000; i++)
		schedule_add(s, &groups[i], d, &f);
	T_INT(start_all(s, NULL), WINDOW_START);
	T_INT(d->running, WINDOW_START);
	/* As many successes as it is wide: one more. */
	for (unsigned i = 0; i < WINDOW_START; i++) {
		T_INT(d->window, WINDOW_START);
		schedule_end(s, d, SCHEDULE_WELL, 0);
		(void)start_all(s, NULL);
	}
	T_INT(d->window, WINDOW_START + 1);
	for (int i = 0; i < 100; i++) {
		schedule_end(s, d, SCHEDULE_WELL, 0);
		(void)start_all(s, NULL);
	}
	T_INT(d->window, 7);
	T_INT(d->running, 7);
	schedule_free(&s);
	free(groups);
}

/* A worker that is there goes on with its own, and no other's turn moves. */
static void
test_before_its_turn(void **state)
{
	static const uint8_t zero[16];
	struct schedule *s = schedule_new(100, zero, free_data);
	struct group bob[3] = { { .dest = NULL } }, eve = { .dest = NULL };
	struct flow mail = { { 0 } }, other = { { 0 } };
	struct dest *b, *e;

	(void)state;
	b = schedule_dest(s, CLASS_LOCAL, SPAN_LIT("bob"), true);
	e = schedule_dest(s, CLASS_LOCAL, SPAN_LIT("eve"), true);
	T_TRUE(schedule_next_of(s, b) == NULL);
	for (size_t i = 0; i < COUNT(bob); i++)
		schedule_add(s, &bob[i], b, &mail);
	schedule_add(s, &eve, e, &other);
	T_TRUE(schedule_next_of(s, b) == &bob[0]);
	T_TRUE(schedule_next_of(s, b) == NULL);	/* one at a time */
	schedule_end(s, b, SCHEDULE_WELL, 0);
	T_TRUE(schedule_next_of(s, b) == &bob[1]);
	schedule_end(s, b, SCHEDULE_WELL, 0);
	T_TRUE(schedule_next(s, CLASS_LOCAL) == &eve);
	T_TRUE(schedule_next(s, CLASS_LOCAL) == &bob[2]);
	T_TRUE(schedule_next(s, CLASS_LOCAL) == NULL);
	schedule_free(&s);
}

static void
serial(void **state)
{
	struct schedule *s = schedule_new(100, seed, free_data);
	struct group g[2] = { { .dest = NULL } };
	struct flow f = { { 0 } };
	struct dest *d;

	(void)state;
	d = schedule_dest(s, CLASS_LOCAL, SPAN_LIT("bob"), true);
	schedule_add(s, &g[0], d, &f);
	schedule_add(s, &g[1], d, &f);
	T_TRUE(schedule_next(s, CLASS_OUT) == NULL);
	T_TRUE(schedule_next(s, CLASS_LOCAL) == &g[0]);
	T_TRUE(schedule_next(s, CLASS_LOCAL) == NULL);
	for (int i = 0; i < 10; i++) {
		schedule_end(s, d, SCHEDULE_WELL, 0);
		T_INT(d->window, 1);
		d->running++;
	}
	schedule_end(s, d, SCHEDULE_WELL, 0);
	T_TRUE(schedule_next(s, CLASS_LOCAL) == &g[1]);
	schedule_free(&s);
}

static void
down(void **state)
{
	struct schedule *s = schedule_new(100, seed, free_data);
	struct group g[9];
	struct flow f = { { 0 } };
	struct dest *d;
	int64_t now = 1000, wait = DOWN_FIRST_S * 1000;
	unsigned n = 0;

	(void)state;
	memset(g, 0, sizeof(g));
	schedule_set_window(s, 20);
	d = dest(s, "x.example");
	for (int i = 0; i < 9; i++)
		schedule_add(s, &g[i], d, &f);
	T_INT(start_all(s, NULL), WINDOW_START);
	schedule_end(s, d, SCHEDULE_DOWN, now);
	T_TRUE(schedule_down(d, now));
	T_TRUE(schedule_down(d, now + wait - 1));
	T_TRUE(!schedule_down(d, now + wait));
	while (schedule_drain(s, d) != NULL)
		n++;
	T_INT(n, 9 - WINDOW_START);
	T_TRUE(schedule_next(s, CLASS_OUT) == NULL);
	/* The others fail too: doubled, up to the bound. */
	for (unsigned i = 1; i < WINDOW_START; i++)
		schedule_end(s, d, SCHEDULE_DOWN, now);
	T_TRUE(schedule_down(d, now + DOWN_MAX_S * 1000 - 1));
	T_TRUE(!schedule_down(d, now + DOWN_MAX_S * 1000));
	/* One probe, then by and by more. */
	now += DOWN_MAX_S * 1000;
	for (int i = 0; i < 9; i++)
		schedule_add(s, &g[i], d, &f);
	T_INT(start_all(s, NULL), 1);
	schedule_end(s, d, SCHEDULE_WELL, now);
	T_INT(d->window, 2);
	T_INT(start_all(s, NULL), 2);
	schedule_end(s, d, SCHEDULE_DOWN, now);
	T_TRUE(schedule_down(d, now));
	schedule_revive(s);
	T_TRUE(!schedule_down(d, now));
	schedule_free(&s);
}

/*
 * 50,000 groups of one message, one of another that came later, one job at a
 * time: the note goes next, or nearly.
 */
static void
fair(void **state)
{
	struct schedule *s = schedule_new(100000, seed, free_data);
	struct group *many = calloc(50000, sizeof(*many)), note, *g;
	struct flow big = { { 0 } }, small = { { 0 } };
	char name[32];
	int before = 0;

	(void)state;
	memset(&note, 0, sizeof(note));
	for (int i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof(name), "%d.example", i);
		schedule_add(s, &many[i], dest(s, name), &big);
	}
	for (int i = 0; i < 1000; i++)	/* it is well under way */
		T_TRUE(schedule_next(s, CLASS_OUT) != NULL);
	schedule_add(s, &note, dest(s, "note.example"), &small);
	while ((g = schedule_next(s, CLASS_OUT)) != &note && g != NULL)
		before++;
	T_TRUE(g == &note);
	T_TRUE(before <= 2);
	schedule_free(&s);
	free(many);
}

/* The same within one destination, where each job takes a part of the list. */
static void
fair_within(void **state)
{
	struct schedule *s = schedule_new(100, seed, free_data);
	struct group list, note, *g;
	struct flow big = { { 0 } }, small = { { 0 } };
	struct dest *d;
	int before = 0;

	(void)state;
	memset(&list, 0, sizeof(list));
	memset(&note, 0, sizeof(note));
	d = dest(s, "x.example");
	schedule_add(s, &list, d, &big);
	for (int i = 0; i < 300; i++) {
		T_TRUE(schedule_next(s, CLASS_OUT) == &list);
		schedule_add(s, &list, d, &big);	/* the rest of it */
		schedule_end(s, d, SCHEDULE_WELL, 0);
	}
	schedule_add(s, &note, d, &small);
	while ((g = schedule_next(s, CLASS_OUT)) == &list) {
		schedule_add(s, &list, d, &big);
		schedule_end(s, d, SCHEDULE_WELL, 0);
		before++;
	}
	T_TRUE(g == &note);
	T_TRUE(before <= 2);
	schedule_free(&s);
}

/* What goes along with a job counts as running, and moves nobody's turn. */
static void
along(void **state)
{
	struct schedule *s = schedule_new(100, seed, free_data);
	struct group groups[3];
	struct flow f[3];
	struct dest *d;

	(void)state;
	memset(groups, 0, sizeof(groups));
	memset(f, 0, sizeof(f));
	d = schedule_dest(s, CLASS_LOCAL, SPAN_LIT("m"), true);
	T_TRUE(schedule_first_of(d) == NULL);
	T_TRUE(schedule_along(s, d) == NULL);
	for (int i = 0; i < 3; i++)
		schedule_add(s, &groups[i], d, &f[i]);
	T_TRUE(schedule_next(s, CLASS_LOCAL) == &groups[0]);
	T_TRUE(schedule_first_of(d) == &groups[1]);
	T_TRUE(schedule_along(s, d) == &groups[1]);
	T_INT(d->running, 2);
	/* Until both have ended the third has no turn. */
	T_TRUE(schedule_next(s, CLASS_LOCAL) == NULL);
	schedule_end(s, d, SCHEDULE_WELL, 0);
	T_TRUE(schedule_next(s, CLASS_LOCAL) == NULL);
	T_TRUE(schedule_next_of(s, d) == NULL);
	schedule_end(s, d, SCHEDULE_WELL, 0);
	T_TRUE(schedule_next(s, CLASS_LOCAL) == &groups[2]);
	schedule_end(s, d, SCHEDULE_WELL, 0);
	schedule_unref(s, d, 0);
	schedule_free(&s);
}

/* What nobody refers to is forgotten in time; there is a bound. */
static void
bounded(void **state)
{
	struct schedule *s = schedule_new(3, seed, free_data);
	struct dest *a, *b, *c;

	(void)state;
	freed = 0;
	a = dest(s, "a");
	b = dest(s, "b");
	c = dest(s, "c");
	a->data = malloc(1);
	T_TRUE(dest(s, "d") == NULL);
	T_TRUE(dest(s, "b") == b);
	schedule_unref(s, b, 0);
	schedule_unref(s, b, 0);
	schedule_unref(s, a, 0);
	schedule_sweep(s, DEST_FORGET_S * INT64_C(1000));
	T_TRUE(dest(s, "d") == NULL);
	schedule_sweep(s, DEST_FORGET_S * INT64_C(1000) + 1);
	T_INT(freed, 1);
	T_TRUE(dest(s, "d") != NULL);
	T_TRUE(dest(s, "c") == c);
	/* A mailbox leaves nothing behind. */
	schedule_unref(s, schedule_dest(s, CLASS_LOCAL, SPAN_LIT("m"), true),
	    0);
	T_TRUE(dest(s, "e") != NULL);
	schedule_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(window_grows),
		cmocka_unit_test(test_before_its_turn),
		cmocka_unit_test(serial),
		cmocka_unit_test(down),
		cmocka_unit_test(fair),
		cmocka_unit_test(fair_within),
		cmocka_unit_test(along),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
