/*
 * fault: in builds with FAULT=1 the n-th call fails as asked for, or the
 * process stops there; and fs_replace() fails cleanly for every n.
 */
#include "os/fault.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/fs.h"
#include "os/spawn.h"
#include "t.h"

#ifdef FAULT

static char dir_path[] = "/tmp/fault_test.XXXXXX";
static int dir = -1;

/* In a child, because the setting is read once per process. */
static struct spawn_end
with(const char *setting, int (*work)(void))
{
	struct spawn_end end = { .code = -1 };
	pid_t pid;

	T_TRUE(setenv("PAQUEBOT_FAULT", setting, 1) == 0);
	if ((pid = spawn_fork()) == 0)
		_exit(work());
	T_TRUE(pid > 0 && spawn_wait(pid, INT64_MAX, &end) == 0);
	T_TRUE(unsetenv("PAQUEBOT_FAULT") == 0);
	return end;
}

static int
replace(void)
{
	return fs_replace(dir, "file", SPAN_LIT("new"), 0600) == 0 ? 0 : errno;
}

/* The number of the fsync that failed. */
static int
count_syncs(void)
{
	for (int i = 1; i < 9; i++)
		if (fs_sync(dir) != 0)
			return errno == EIO ? i : 100;
	return 0;
}

static void
test_nth(void **state)
{
	char own[64];

	(void)state;
	(void)snprintf(own, sizeof(own), "%s/fsync:2:EIO", getprogname());
	T_INT(with("fsync:3:EIO", count_syncs).code, 3);
	T_INT(with(own, count_syncs).code, 2);
	T_INT(with("qmgr/fsync:2:EIO", count_syncs).code, 0);
	T_INT(with("fsync:0:EIO", count_syncs).code, 1);
	T_INT(with("rename:1:EIO", count_syncs).code, 0);
	T_INT(with("fsync:1:ENOSPC", count_syncs).code, 100);
	T_INT(with("fsync:2:KILL", count_syncs).signal, SIGKILL);
	T_INT(with("fsync:2:NONSENSE", count_syncs).code, 0);
	T_INT(with("fsync", count_syncs).code, 0);
}

static int
one_more(const char *name, enum fs_kind kind, void *ctx)
{
	(void)name;
	(void)kind;
	(*(int *)ctx)++;
	return 0;
}

/* Old text or new text, never another, and no file left behind. */
static void
test_replace(void **state)
{
	static const char *const calls[] = { "open", "write", "fsync",
	    "rename" };
	char setting[32];
	struct buf text;

	(void)state;
	buf_init(&text, 100);
	for (size_t i = 0; i < COUNT(calls); i++) {
		for (int n = 1; n < 4; n++) {
			int files = 0;

			T_TRUE(fs_replace(dir, "file", SPAN_LIT("old"),
			    0600) == 0);
			(void)snprintf(setting, sizeof(setting), "%s:%d:EIO",
			    calls[i], n);
			t_case(setting);
			int rc = with(setting, replace).code;

			T_TRUE(rc == 0 || rc == EIO);
			T_TRUE(n > 1 || rc == EIO);
			buf_clear(&text);
			T_TRUE(fs_slurp(dir, "file", &text) == 0);
			/* The second fsync is the directory's. */
			bool renamed = rc == 0 || (i == 2 && n == 2);
			T_STR(buf_span(&text), renamed ? "new" : "old");
			T_TRUE(fs_list(dir, one_more, &files) == 0);
			T_INT(files, 1);
		}
	}
	buf_fini(&text);
}

static int
sweep(void)
{
	return fs_replace_sweep(dir, INT64_MAX) == 0 ? 0 : errno;
}

/* What cannot be removed, or looked for, is not taken for gone. */
static void
test_sweep(void **state)
{
	static const char *const calls[] = { "unlink:1:EIO", "unlink:2:EROFS",
	    "unlink:3:EIO" };
	static const char *const names[] = { ".a.0123456789abcdef",
	    ".b.0123456789abcdef" };
	static const int wanted[] = { EIO, EROFS, 0 };
	int fd;

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		for (size_t j = 0; j < COUNT(names); j++) {
			(void)fs_discard(dir, names[j]);
			fd = fs_create(dir, names[j]);
			T_TRUE(fd >= 0);
			fd_close(&fd);
		}
		t_case(calls[i]);
		T_INT(with(calls[i], sweep).code, wanted[i]);
	}
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir_path) != NULL &&
	    (dir = fs_open_top(dir_path)) >= 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	int rc;

	(void)state;
	fd_close(&dir);
	dir = fs_open_top("/tmp");
	rc = fs_remove_tree(dir, dir_path + 5, 100);
	fd_close(&dir);
	return rc;
}

#else

static int
setup(void **state)
{
	(void)state;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return 0;
}

static void
test_nth(void **state)
{
	(void)state;
	skip();		/* make FAULT=1 */
}

static void
test_replace(void **state)
{
	(void)state;
	T_TRUE(!fault_here("fsync"));	/* nothing in release builds */
}

static void
test_sweep(void **state)
{
	(void)state;
	T_TRUE(!fault_here("unlink"));
}

#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nth),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests_name("fault", tests, setup, teardown);
}
