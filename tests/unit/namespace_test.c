/*
 * namespace: who has left for a user namespace can become the mailbox owners
 * of its maps and nobody else (user_namespaces(7)); the maps are written by
 * the one who stays.  Needs root.
 */
#include "os/namespace.h"

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/confine.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/spawn.h"
#include "t.h"

#define OWN	5431u
#define FIRST	20000u

#define NEED(claim)	do { if (!(claim)) return __LINE__ % 250 + 1; } while (0)

static const struct id_range ranges[] = {
	{ OWN, 1 }, { FIRST, 1000 }, { 3000000000u, 5 }
};
static char box_path[] = "/tmp/namespace_test.XXXXXX";

static bool
becomes(uint32_t id)
{
	pid_t pid = fork();
	struct spawn_end end;

	if (pid == 0)
		_exit(syscall(SYS_setresgid, id, id, id) == 0 &&
		    syscall(SYS_setresuid, id, id, id) == 0 &&
		    getuid() == id ? 0 : 1);
	return spawn_wait(pid, INT64_MAX, &end) == 0 && end.code == 0;
}

/* With no filter of ids: the namespace has to hold alone. */
static int
only_the_ranges(void)
{
	const struct confine c = { .name = "test", .drop_ids = true,
	    .fsize_octets = CONFINE_ANY_SIZE,
	    .uid = OWN, .gid = OWN, .keep_owner_caps = true,
	    .sandbox = SANDBOX_PROGRAMS, .nproc = 100 };
	struct confine_report r;
	struct why why;
	gid_t disk = 6;

	NEED(confine(&c, &r, &why) == 0 && r.ids_dropped && r.caps_dropped);
	NEED(getuid() == OWN && getgid() == OWN);
	NEED(becomes(FIRST) && becomes(FIRST + 999) && becomes(3000000004u));
	NEED(!becomes(0) && !becomes(FIRST - 1) && !becomes(FIRST + 1000));
	NEED(!becomes(1) && !becomes(3000000005u) && !becomes(65534));
	NEED(syscall(SYS_setresuid, 0x100000000, 0x100000000,
	    0x100000000) == -1);
	NEED(setgroups(1, &disk) == -1);
	NEED(open("/etc/shadow", O_RDONLY) == -1);
	return 0;
}

/* The whole way of a delivery, with all layers. */
static int
deliver(void)
{
	const struct confine c = { .name = "test", .drop_ids = true,
	    .fsize_octets = CONFINE_ANY_SIZE,
	    .uid = OWN, .gid = OWN, .keep_owner_caps = true,
	    .sandbox = SANDBOX_OWNER, .nproc = 100, .owner_uids = ranges + 1,
	    .owner_gids = ranges + 1, .owner_uids_n = 2, .owner_gids_n = 2 };
	struct confine_report r;
	struct spawn_end end;
	struct why why;
	int box, ready[2];
	pid_t pid;
	char x;

	NEED(confine(&c, &r, &why) == 0 && r.filtered && r.no_new_privs);
	NEED(fd_pipe(ready) == 0 && (pid = fork()) >= 0);
	if (pid == 0) {
		int step = 0;

		if (confine_become_owner(FIRST + 3, FIRST + 3, false,
		    &why) != 0 || (box = fs_open_top(box_path)) < 0)
			step = 1;
		else if (confine_enter_mailbox(box, false, &why) != 0 ||
		    confine_narrow(SANDBOX_FILES, &why) != 0)
			step = 2;
		else if (fs_replace(box, "mail", SPAN_LIT("x"), 0600) != 0)
			step = 3;
		else if (access("/mail", F_OK) != 0)
			step = 4;
		else if (kill(getppid(), 0) == 0)
			step = 5;
		if (step != 0)
			_exit(step);
		(void)!fd_write_all(ready[1], "x", 1);
		clock_sleep_ms(60000);
		_exit(6);
	}
	fd_close(&ready[1]);
	if (fd_read(ready[0], &x, 1) == 1)
		NEED(spawn_kill(pid, SIGKILL) == 0);	/* CAP_KILL */
	NEED(spawn_wait(pid, clock_deadline(5000), &end) == 0);
	return end.signal == SIGKILL ? 0 : 100 + end.code;
}

/* Root, and where namespaces can be made: not inside a chroot, for one. */
static void
need_namespaces(void)
{
	struct spawn_end end;
	struct why why;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	if ((pid = fork()) == 0)
		_exit(namespace_leave(&why) == 0 ? 0 : 1);
	T_TRUE(spawn_wait(pid, clock_deadline(20000), &end) == 0);
	if (end.code != 0) {
		print_message("no user namespaces here\n");
		skip();
	}
}

/* Leaves, has its maps written by us, then does work(). */
static int
inside(int (*work)(void))
{
	int there[2], here[2];
	struct spawn_end end;
	struct why why;
	char x;
	pid_t pid;

	T_TRUE(fd_pipe(there) == 0 && fd_pipe(here) == 0);
	if ((pid = fork()) == 0) {
		if (namespace_leave(&why) != 0 ||
		    fd_write_all(there[1], "x", 1) != 0 ||
		    fd_read(here[0], &x, 1) != 1)
			_exit(251);
		_exit(work());
	}
	T_TRUE(fd_read(there[0], &x, 1) == 1);
	T_TRUE(namespace_map(pid, ranges, COUNT(ranges), ranges,
	    COUNT(ranges), &why) == 0);
	/* Maps are written once. */
	T_TRUE(namespace_map(pid, ranges, 1, ranges, 1, &why) == -1);
	T_TRUE(fd_write_all(here[1], "x", 1) == 0);
	T_TRUE(spawn_wait(pid, clock_deadline(20000), &end) == 0);
	for (int i = 0; i < 2; i++) {
		fd_close(&there[i]);
		fd_close(&here[i]);
	}
	return end.code;
}

static void
test_ranges(void **state)
{
	(void)state;
	need_namespaces();
	T_INT(inside(only_the_ranges), 0);
}

static void
test_delivery(void **state)
{
	(void)state;
	need_namespaces();
	T_TRUE(mkdtemp(box_path) != NULL);
	T_TRUE(chown(box_path, FIRST + 3, FIRST + 3) == 0);
	int code = inside(deliver);
	int tmp = fs_open_top("/tmp");

	T_TRUE(fs_remove_tree(tmp, box_path + 5, 10) == 0);
	fd_close(&tmp);
	T_INT(code, 0);
}

static void
test_refused(void **state)
{
	static const struct id_range bad[][2] = {
		{ { 0, 1 }, { 5, 1 } },			/* root */
		{ { 5, 0 }, { 9, 1 } },			/* nothing */
		{ { 5, 10 }, { 14, 1 } },		/* overlap */
		{ { 14, 1 }, { 5, 10 } },
		{ { 4294967295u, 1 }, { 5, 1 } },	/* (uid_t)-1 */
		{ { 5, 4294967295u }, { 1, 1 } },
	};
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		T_TRUE(namespace_map(getpid(), bad[i], 2, ranges, 1,
		    &why) == -1 && why.kind == WHY_PERM);
		T_TRUE(namespace_map(getpid(), ranges, 1, bad[i], 2,
		    &why) == -1 && why.kind == WHY_PERM);
	}
	T_TRUE(namespace_map(getpid(), ranges, 0, ranges, 1, &why) == -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_delivery),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("namespace", tests, NULL, NULL);
}
