/*
 * clock, rand, user: the small parts of lib/os.
 */
#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/rand.h"
#include "os/user.h"
#include "t.h"

static void
test_clock(void **state)
{
	int64_t a = clock_mono_ms(), w = clock_wall_s();

	(void)state;
	clock_sleep_ms(25);
	T_TRUE(clock_mono_ms() - a >= 24);
	clock_sleep_ms(-1);
	T_TRUE(llabs(w - (int64_t)time(NULL)) <= 2);
	T_TRUE(clock_wall_us() / 1000000 - (uint64_t)w <= 2);
	T_TRUE(clock_deadline(INT64_MAX) == INT64_MAX);
	T_TRUE(clock_deadline(1000) - clock_mono_ms() <= 1000);
	/* New York: 5 hours behind in winter, 4 in summer. */
	T_TRUE(setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1) == 0);
	tzset();
	T_INT(clock_zone_minutes(1736899200), -300);	/* 2025-01-15 */
	T_INT(clock_zone_minutes(1752537600), -240);	/* 2025-07-15 */
	T_TRUE(setenv("TZ", "IST-5:30", 1) == 0);
	tzset();
	T_INT(clock_zone_minutes(0), 330);
}

static void
test_rand(void **state)
{
	uint8_t a[1000], b[1000], zero[1000] = { 0 };
	unsigned count[6] = { 0 };
	int p[2];

	(void)state;
	memset(a, 0, sizeof(a));
	rand_octets(a, sizeof(a));
	T_TRUE(memcmp(a + 900, zero, 100) != 0);	/* to the end */
	for (int i = 0; i < 6000; i++) {
		uint32_t v = rand_below(6);
		T_TRUE(v < 6);
		count[v]++;
	}
	for (int i = 0; i < 6; i++)	/* 1000 each; 200 is 7 sigma */
		T_TRUE(count[i] > 800 && count[i] < 1200);
	T_TRUE(rand_below(0) == 0 && rand_below(1) == 0);
	/* A child does not repeat its parent. */
	T_TRUE(pipe(p) == 0);
	if (fork() == 0) {
		rand_octets(b, sizeof(b));
		_exit(write(p[1], b, sizeof(b)) == (ssize_t)sizeof(b) ? 0 : 1);
	}
	T_TRUE(read(p[0], b, sizeof(b)) == (ssize_t)sizeof(b));
	rand_octets(a, sizeof(a));
	T_TRUE(memcmp(a, b, sizeof(a)) != 0);
	T_TRUE(wait(NULL) > 0);
}

static void
test_user(void **state)
{
	struct user u;
	uint32_t gid = 7;

	(void)state;
	T_TRUE(user_by_name("root", &u) == 0 && u.uid == 0 && u.gid == 0);
	T_STR(span_str(u.name), "root");
	T_TRUE(u.home[0] == '/');
	T_TRUE(user_by_uid(0, &u) == 0);
	T_STR(span_str(u.name), "root");
	T_TRUE(user_by_name("no-such-user-here", &u) == -1);
	T_TRUE(errno == ENOENT);
	T_TRUE(user_by_uid(4000000000u, &u) == -1 && errno == ENOENT);
	T_TRUE(group_by_name("no-such-group-here", &gid) == -1);
	T_TRUE(errno == ENOENT && gid == 7);
	T_TRUE(group_by_name("root", &gid) == 0 && gid == 0);
	T_TRUE(user_self() == geteuid() && group_self() == getegid());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_rand),
		cmocka_unit_test(test_user),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
