/* lock: taken, honoured, stale. */
#include "store/lock.h"

#include <sys/wait.h>

#include <errno.h>

#include "os/clock.h"
#include "scratch.h"

static void
test_take(void **state)
{
	struct dotlock a, b;
	char want[300];

	(void)state;
	T_TRUE(dotlock_take(&a, scratch, "f", 0) == 0);
	T_TRUE(scratch_has("f.lock"));
	(void)snprintf(want, sizeof(want), "%ld:%s", (long)getpid(),
	    lock_host());
	T_STR(span_str(scratch_get("f.lock")), want);
	T_TRUE(dotlock_held(&a));
	errno = 0;
	T_TRUE(dotlock_take(&b, scratch, "f", 30) != 0 && errno == EAGAIN);
	dotlock_drop(&b);	/* does nothing */
	T_TRUE(scratch_has("f.lock"));
	dotlock_drop(&a);
	T_TRUE(!scratch_has("f.lock"));
	T_TRUE(dotlock_take(&b, scratch, "f", 0) == 0);
	dotlock_drop(&b);
}

/* A pid that was ours and is gone. */
static long
dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
	return (long)pid;
}

static void
test_stale(void **state)
{
	struct dotlock a;
	char text[300];

	(void)state;
	/* Dead on this host: at once. */
	(void)snprintf(text, sizeof(text), "%ld:%s", dead_pid(), lock_host());
	scratch_put("g.lock", text);
	T_TRUE(dotlock_take(&a, scratch, "g", 0) == 0);
	dotlock_drop(&a);
	/* A pid of another host says nothing. */
	(void)snprintf(text, sizeof(text), "%ld:elsewhere", dead_pid());
	scratch_put("g.lock", text);
	T_TRUE(dotlock_take(&a, scratch, "g", 0) != 0);
	/* Alive: kept. */
	(void)snprintf(text, sizeof(text), "%ld:%s", (long)getpid(),
	    lock_host());
	scratch_put("g.lock", text);
	T_TRUE(dotlock_take(&a, scratch, "g", 0) != 0);
	/* Nothing in it: its maker is at it, or ended before it could write. */
	scratch_put("g.lock", "");
	T_TRUE(dotlock_take(&a, scratch, "g", 0) != 0);
	T_TRUE(!dotlock_held(&a));
	T_TRUE(dotlock_take(&a, scratch, "g", 1000 * (LOCK_EMPTY_S + 3)) ==
	    0);
	dotlock_drop(&a);
}

/* A stale lock may be one that others may not write: a tool of root's made it. */
static void
test_stale_readonly(void **state)
{
	struct dotlock a;
	char text[300];
	int status;
	pid_t pid;

	(void)state;
	(void)snprintf(text, sizeof(text), "%ld:%s", dead_pid(), lock_host());
	scratch_put("r.lock", text);
	T_TRUE(fchmodat(scratch, "r.lock", 0444, 0) == 0);
	T_TRUE(fchmod(scratch, 0777) == 0);
	pid = fork();
	T_TRUE(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(2);
		_exit(dotlock_take(&a, scratch, "r", 0) == 0 ? 0 : 1);
	}
	T_TRUE(waitpid(pid, &status, 0) == pid);
	T_TRUE(fchmod(scratch, 0700) == 0);
	T_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What is no file gets old as well: it is nobody's lock for ever. */
static void
test_stale_fifo(void **state)
{
	struct dotlock a;

	(void)state;
	T_TRUE(mkfifoat(scratch, "p.lock", 0600) == 0);
	T_TRUE(dotlock_take(&a, scratch, "p", 0) != 0 && errno == EAGAIN);
	T_TRUE(dotlock_take(&a, scratch, "p", 1000 * (LOCK_EMPTY_S + 3)) ==
	    0);
	dotlock_drop(&a);
}

/* One that was taken over is not removed by its former owner. */
static void
test_lost(void **state)
{
	struct dotlock a, b;

	(void)state;
	T_TRUE(dotlock_take(&a, scratch, "h", 0) == 0);
	T_TRUE(unlinkat(scratch, "h.lock", 0) == 0);
	T_TRUE(dotlock_take(&b, scratch, "h", 0) == 0);
	T_TRUE(!dotlock_held(&a) && dotlock_held(&b));
	dotlock_drop(&a);
	T_TRUE(dotlock_held(&b));
	dotlock_drop(&b);
}

/*
 * Takes the lock a few times, marks that it is inside, and ends with the lock
 * in its hand; 0: nobody else was ever inside.
 */
static int
take_and_die(void)
{
	struct dotlock l;

	for (int i = 0; i < 5; i++) {
		int fd;

		if (dotlock_take(&l, scratch, "many", 20000) != 0)
			return 2;
		fd = fs_create(scratch, "inside");
		if (fd < 0)
			return 1;
		fd_close(&fd);
		clock_sleep_ms(i % 2);
		if (unlinkat(scratch, "inside", 0) != 0)
			return 1;
		if (i < 4)
			dotlock_drop(&l);
	}
	return 0;
}

/* Many who find one stale lock after the other: one at a time has it. */
static void
test_many(void **state)
{
	int left = 120, running = 0, status;

	(void)state;
	while (left > 0 || running > 0) {
		if (left > 0 && running < 20) {
			pid_t pid = fork();

			T_TRUE(pid >= 0);
			if (pid == 0)
				_exit(take_and_die());
			left--;
			running++;
			continue;
		}
		T_TRUE(wait(&status) > 0);
		T_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		running--;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_stale_readonly),
		cmocka_unit_test(test_stale_fifo),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
