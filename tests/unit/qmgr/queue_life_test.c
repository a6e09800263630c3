/*
 * Years of queue life in a second: messages of random sizes to sites that
 * come and go, through the real schedule and retry, under a simulated clock.
 * What must hold at every step: nobody is tried before his time, no site
 * beyond its window or in its back-off, nothing is lost, nothing waits for
 * ever, all have their turns; also when the settings change in the middle and
 * when the clock jumps.
 */
#include "tests/unit/t.h"

#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "qmgr/limits.h"
#include "qmgr/retry.h"
#include "qmgr/schedule.h"

#define SITES		40
#define MESSAGES	3000
#define STEP_S		20	/* of the simulated clock */
#define DAY_S		(24 * 3600)
#define WINDOW		20

static const uint8_t seed[16] = "sixteen octets!";
static uint64_t random_state;

static uint32_t
rnd(uint32_t below)
{
	random_state = random_state * 6364136223846793005u +
	    1442695040888963407u;
	return (uint32_t)(random_state >> 33) % below;
}

enum fate { WAITING, QUEUED, RUNNING, DELIVERED, EXPIRED };

struct letter {
	struct group g;		/* one recipient, one job */
	struct flow  flow;
	struct dest *dest;
	unsigned     site, passes;
	enum fate    fate;
	int64_t	     born_s, age_s, age_at, next_s, ends_s;
};

struct world {
	struct schedule *s;
	struct retry_conf conf;
	struct retry_rule other;	/* of the first site, most of the time */
	struct letter *v;
	struct dest *dests[SITES];
	int64_t now_s;		/* steady: for back-off */
	int64_t wall_s;		/* may jump */
	int64_t step_s;
	unsigned count[EXPIRED + 1];
};

static bool
up(const struct world *w, unsigned site)
{
	/* Each is down for a day or more now and then; two for ever. */
	if (site < 2)
		return false;
	return (w->now_s / DAY_S + site * 7) % (site % 9 + 2) != 0;
}

static void
enter(struct world *w, struct letter *l, enum fate to)
{
	w->count[l->fate]--;
	w->count[to]++;
	l->fate = to;
}

/* The end of a pass without success: later, or never. */
static void
put_off(struct world *w, struct letter *l)
{
	/* Rules change while mail waits: by site, and by the time. */
	const struct retry_rule *rule = l->dest == w->dests[0] &&
	    w->now_s % 7 != 0 ? &w->other : &w->conf.usual;
	int64_t age_s = retry_age(&w->conf, l->age_s, l->age_at, w->wall_s);
	int64_t left_s = retry_left(&w->conf, rule, age_s, false);

	l->passes++;
	if (left_s <= 0) {
		enter(w, l, EXPIRED);
		l->ends_s = w->now_s;
		return;
	}
	l->age_s = age_s;
	l->age_at = w->wall_s;
	l->next_s = retry_next(rule, age_s, rnd(UINT32_MAX), left_s,
	    w->wall_s);
	T_TRUE(l->next_s > w->wall_s);
	T_TRUE(l->next_s <= w->wall_s + w->conf.longest_s);
	enter(w, l, WAITING);
}

static struct letter *
letter_of(struct group *g)
{
	return (struct letter *)(void *)((char *)g -
	    offsetof(struct letter, g));
}

static void
begin_due(struct world *w)
{
	for (size_t i = 0; i < MESSAGES; i++) {
		struct letter *l = &w->v[i];

		if (l->fate != WAITING || l->born_s > w->now_s)
			continue;
		l->next_s = retry_sane(&w->conf, l->next_s, w->wall_s);
		if (l->next_s > w->wall_s)
			continue;
		if (schedule_down(l->dest, w->now_s * 1000)) {
			put_off(w, l);
			continue;
		}
		enter(w, l, QUEUED);
		schedule_add(w->s, &l->g, l->dest, &l->flow);
	}
}

static void
drain(struct world *w, struct dest *d)
{
	struct group *g;

	while ((g = schedule_drain(w->s, d)) != NULL)
		put_off(w, letter_of(g));
}

/* All jobs that may start, each at an end before the next step. */
static void
run_jobs(struct world *w)
{
	struct letter *started[MESSAGES], *l;
	struct group *g;
	size_t n = 0;

	while ((g = schedule_next(w->s, CLASS_OUT)) != NULL) {
		l = letter_of(g);
		T_TRUE(l->fate == QUEUED);
		T_TRUE(l->next_s <= w->wall_s);
		T_TRUE(l->dest->running <= WINDOW);
		T_TRUE(!schedule_down(l->dest, w->now_s * 1000));
		enter(w, l, RUNNING);
		started[n++] = l;
	}
	for (size_t i = 0; i < n; i++) {
		l = started[i];
		if (!up(w, l->site)) {
			schedule_end(w->s, l->dest, SCHEDULE_DOWN,
			    w->now_s * 1000);
			put_off(w, l);
			drain(w, l->dest);
		} else if (rnd(10) == 0) {	/* a site says: later */
			schedule_end(w->s, l->dest, SCHEDULE_WELL,
			    w->now_s * 1000);
			put_off(w, l);
		} else {
			schedule_end(w->s, l->dest, SCHEDULE_WELL,
			    w->now_s * 1000);
			enter(w, l, DELIVERED);
			l->ends_s = w->now_s;
		}
	}
}

static void
world_new(struct world *w, uint64_t number, int64_t over_s)
{
	char name[16];

	memset(w, 0, sizeof(*w));
	random_state = number;
	w->s = schedule_new(SITES, seed, free);
	schedule_set_window(w->s, WINDOW);
	w->other = (struct retry_rule){ .steps = { 60, 600, 3600 },
		.steps_n = 3, .growth = 100, .max_s = 3600 };
	w->conf = (struct retry_conf){ .rules = &w->other, .rules_n = 1,
		.notice_s = 14400, .expire_s = 5 * DAY_S,
		.bounce_expire_s = DAY_S };
	retry_usual(&w->conf.usual, 300, 14400);
	retry_set_longest(&w->conf);
	w->step_s = STEP_S;
	w->now_s = 1000;
	w->wall_s = 1795327200;
	w->v = calloc(MESSAGES, sizeof(w->v[0]));
	for (unsigned i = 0; i < SITES; i++) {
		(void)snprintf(name, sizeof(name), "site%u", i);
		w->dests[i] = schedule_dest(w->s, CLASS_OUT, span_str(name),
		    false);
	}
	w->count[WAITING] = MESSAGES;
	for (size_t i = 0; i < MESSAGES; i++) {
		struct letter *l = &w->v[i];

		l->site = rnd(SITES);
		l->dest = w->dests[l->site];
		l->born_s = w->now_s + (int64_t)rnd((uint32_t)over_s);
		l->age_at = w->wall_s + l->born_s - w->now_s;
		l->next_s = 0;
	}
}

static void
world_free(struct world *w)
{
	for (unsigned i = 0; i < SITES; i++)
		schedule_unref(w->s, w->dests[i], w->now_s * 1000);
	schedule_free(&w->s);
	free(w->v);
}

static void
step(struct world *w)
{
	begin_due(w);
	run_jobs(w);
	T_INT(w->count[RUNNING], 0);
	T_INT(w->count[WAITING] + w->count[QUEUED] + w->count[DELIVERED] +
	    w->count[EXPIRED], MESSAGES);
	w->now_s += w->step_s;
	w->wall_s += w->step_s;
	schedule_sweep(w->s, w->now_s * 1000);
}

/* At their ends: no early expiry, none that lasted for ever. */
static void
judge(const struct world *w, int64_t expire_s, int64_t most_s)
{
	T_INT(w->count[DELIVERED] + w->count[EXPIRED], MESSAGES);
	T_TRUE(w->count[EXPIRED] > 0 && w->count[DELIVERED] > MESSAGES / 2);
	for (size_t i = 0; i < MESSAGES; i++) {
		const struct letter *l = &w->v[i];
		int64_t life_s = l->ends_s - l->born_s;

		if (l->fate == EXPIRED)
			T_TRUE(life_s >= expire_s - w->step_s);
		T_TRUE(life_s <= most_s);
	}
}

static void
years(void **state)
{
	struct world w;

	(void)state;
	for (uint64_t number = 1; number <= 3; number++) {
		world_new(&w, number, 20 * DAY_S);
		while (w.now_s < 40 * DAY_S)
			step(&w);
		/* The last try is made when the time is over, or when the
		   site's back-off is. */
		judge(&w, 5 * DAY_S, 5 * DAY_S + 2 * 14400);
		world_free(&w);
	}
}

/* From days to hours and back, with everything under way. */
static void
settings_change(void **state)
{
	struct world w;

	(void)state;
	world_new(&w, 7, 10 * DAY_S);
	while (w.now_s < 6 * DAY_S)
		step(&w);
	retry_usual(&w.conf.usual, 60, 3600);
	retry_set_longest(&w.conf);
	while (w.now_s < 8 * DAY_S)
		step(&w);
	retry_usual(&w.conf.usual, 60, DAY_S / 2);
	retry_set_longest(&w.conf);
	w.conf.expire_s = 2 * DAY_S;
	while (w.now_s < 30 * DAY_S)
		step(&w);
	judge(&w, 2 * DAY_S, 5 * DAY_S + DAY_S);
	world_free(&w);
}

/*
 * The wall clock jumps by a year, forth and back.  Forth, nothing may expire
 * at once; back, nothing may wait longer than the longest interval.
 */
static void
clock_jumps(void **state)
{
	struct world w;
	unsigned before;

	(void)state;
	world_new(&w, 9, 2 * DAY_S);
	while (w.now_s < 3 * DAY_S)
		step(&w);
	before = w.count[EXPIRED];
	w.wall_s += 365 * (int64_t)DAY_S;
	step(&w);
	T_INT(w.count[EXPIRED], before);
	while (w.now_s < 4 * DAY_S)
		step(&w);
	w.wall_s -= 400 * (int64_t)DAY_S;
	while (w.now_s < 20 * DAY_S)
		step(&w);
	T_INT(w.count[DELIVERED] + w.count[EXPIRED], MESSAGES);
	world_free(&w);
}

/* Any rule that an operator may write, for all, for one site, and how long. */
static void
other_settings(struct world *w)
{
	int64_t min_s = 60 + rnd(1800), max_s = min_s + rnd(14400);

	retry_usual(&w->conf.usual, min_s, max_s);
	w->other.steps[0] = (uint32_t)(60 + rnd(600));
	w->other.steps[1] = w->other.steps[0] + rnd(7200);
	w->other.steps[2] = w->other.steps[1] + rnd(7200);
	w->other.max_s = w->other.steps[2] + rnd(3600);
	w->conf.expire_s = DAY_S * (3 + (int64_t)rnd(6));
	retry_set_longest(&w->conf);
}

/*
 * Two years in which the settings change every ten days or so and the clock is
 * set, by hours or years, forth and back, every hundred.
 */
static void
two_years_of_changes(void **state)
{
	const int64_t far[] = { 3600, -3600, 300 * (int64_t)DAY_S,
	    -400 * (int64_t)DAY_S };
	struct world w;

	(void)state;
	world_new(&w, 11, 700 * DAY_S);
	w.step_s = 600;
	while (w.now_s < 730 * (int64_t)DAY_S) {
		if (rnd(10 * DAY_S / 600) == 0)
			other_settings(&w);
		if (rnd(100 * DAY_S / 600) == 0)
			w.wall_s += far[rnd(COUNT(far))];
		step(&w);
	}
	/* Lives of three to eight days; a clock set forth takes two of the
	   longest intervals, of five hours, and set back it gives one. */
	judge(&w, 2 * DAY_S, 9 * DAY_S);
	world_free(&w);
}

/*
 * Mailings of all sizes to one site, begun at all times: while two of them
 * wait, neither starts more than a few jobs more than the other.
 */
static void
mailings_take_turns(void **state)
{
	enum { FLOWS = 20, MOST = 400, LEAD = 2 };
	static struct group groups[FLOWS][MOST];
	static struct flow flows[FLOWS];
	struct schedule *s = schedule_new(10, seed, free);
	unsigned left[FLOWS] = { 0 }, done[FLOWS][FLOWS] = { { 0 } }, sum = 0;
	struct dest *d;
	struct group *g;

	(void)state;
	random_state = 5;
	schedule_set_window(s, 1);
	d = schedule_dest(s, CLASS_OUT, SPAN_LIT("x.example"), false);
	for (unsigned turn = 0; turn == 0 || sum > 0; turn++) {
		unsigned f = turn / 10;

		if (turn % 10 == 0 && f < FLOWS) {
			left[f] = 1 + rnd(MOST);
			sum += left[f];
			for (unsigned i = 0; i < left[f]; i++)
				schedule_add(s, &groups[f][i], d, &flows[f]);
			/* From here on it is compared with the others. */
			for (unsigned i = 0; i < FLOWS; i++)
				done[f][i] = done[i][f] = 0;
		}
		g = schedule_next(s, CLASS_OUT);
		T_TRUE(g != NULL);
		f = (unsigned)((size_t)(g - &groups[0][0]) / MOST);
		left[f]--;
		sum--;
		for (unsigned i = 0; i < FLOWS; i++) {
			done[f][i]++;
			if (i != f && left[i] > 0)
				T_TRUE(done[f][i] <= done[i][f] + LEAD);
		}
		schedule_end(s, d, SCHEDULE_WELL, 1000);
	}
	schedule_unref(s, d, 1000);
	schedule_free(&s);
}

/*
 * A mailing of 50,000 to one site, then a note of one recipient: few jobs of
 * the mailing start before it, in its own site and in another one.
 */
static void
short_note_beside_a_mailing(void **state)
{
	enum { MANY = 50000, RCPTS = 100 };
	struct schedule *s = schedule_new(10, seed, free);
	struct group *groups = calloc(MANY / RCPTS, sizeof(*groups));
	struct group note = { .dest = NULL }, *g;
	struct flow mailing = { { 0 } }, other = { { 0 } };
	struct dest *d;
	unsigned started = 0;

	(void)state;
	schedule_set_window(s, WINDOW);
	d = schedule_dest(s, CLASS_OUT, SPAN_LIT("x.example"), false);
	for (size_t i = 0; i < MANY / RCPTS; i++)
		schedule_add(s, &groups[i], d, &mailing);
	for (int i = 0; i < WINDOW_START; i++)
		T_TRUE(schedule_next(s, CLASS_OUT) != NULL);
	schedule_add(s, &note, d, &other);
	for (;;) {
		schedule_end(s, d, SCHEDULE_WELL, 1000);
		g = schedule_next(s, CLASS_OUT);
		T_TRUE(g != NULL);
		if (g == &note)
			break;
		started++;
	}
	T_TRUE(started <= 2);
	while (schedule_drain(s, d) != NULL)
		continue;
	schedule_free(&s);
	free(groups);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(years),
		cmocka_unit_test(settings_change),
		cmocka_unit_test(clock_jumps),
		cmocka_unit_test(two_years_of_changes),
		cmocka_unit_test(mailings_take_turns),
		cmocka_unit_test(short_note_beside_a_mailing),
	};

	return cmocka_run_group_tests_name("queue_life", tests, NULL, NULL);
}
