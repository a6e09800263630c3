/*
 * spawn: what a started program gets, and what it does not.
 */
#include "os/spawn.h"

#include <errno.h>
#ifdef __linux__
#include <sched.h>
#endif
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "t.h"

/* Runs script with sh, its output into out; fds[1] is the pipe. */
static int
run(char *script, const struct spawn_how *how, struct buf *out)
{
	static char sh[] = "sh", c[] = "-c";
	char *argv[] = { sh, c, script, NULL };
	struct spawn_end end;
	int p[2], fds[3];
	pid_t pid;

	T_TRUE(fd_pipe(p) == 0);
	fds[0] = -1;
	fds[1] = p[1];
	fds[2] = p[1];
	pid = how != NULL ? spawn_with("/bin/sh", argv, fds, 3, how) :
	    spawn("/bin/sh", argv, fds, 3);
	T_TRUE(pid > 0);
	fd_close(&p[1]);
	buf_clear(out);
	T_TRUE(fs_slurp_fd(p[0], out) == 0);
	fd_close(&p[0]);
	T_TRUE(spawn_wait(pid, clock_deadline(5000), &end) == 0);
	T_TRUE(end.pid == pid);
	return end.code;
}

static void
test_environment(void **state)
{
	static char show[] = "env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e "
	    "^OLDPWD= | sort; umask; cat; ls /proc/self/fd | wc -w; "
	    "grep -e ^SigBlk -e ^SigIgn /proc/self/status | cut -f2 | "
	    /* The C library's own two, which posix_spawn() (of others) leaves
	       ignored and sigaction() does not touch. */
	    "sed 's/0000000[01][08]0000000/0000000000000000/'; exit 3";
	struct buf out;
	sigset_t block;

	(void)state;
	/* None of this may reach the program. */
	T_TRUE(sigemptyset(&block) == 0 && sigaddset(&block, SIGUSR1) == 0);
	T_TRUE(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
	T_TRUE(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
	int leak = dup(0);	/* not CLOEXEC */
	buf_init(&out, 4096);
	T_TRUE(run(show, NULL, &out) == 3);
	/* 0, 1, 2, and the directory that ls reads. */
	T_SPAN(buf_span(&out), SPAN_LIT("PATH=/usr/bin:/bin\n0077\n4\n"
	    "0000000000000000\n0000000000000000\n"));
	T_TRUE(sigprocmask(SIG_UNBLOCK, &block, NULL) == 0);
	fd_close(&leak);
	buf_fini(&out);
}

static void
test_how(void **state)
{
	static char show[] = "pwd; echo $WHO";
	static char who[] = "WHO=me";
	char *env[] = { who, NULL };
	const struct spawn_how how = { .cwd = "/usr", .env = env };
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	T_TRUE(run(show, &how, &out) == 0);
	T_SPAN(buf_span(&out), SPAN_LIT("/usr\nme\n"));
	buf_fini(&out);
}

/* Sources and targets overlap: 0 gets 1, 1 gets 0. */
static void
test_map(void **state)
{
	static char sh[] = "sh", c[] = "-c",
	    script[] = "read a; read b <&4; echo $a $b >&1";
	char *argv[] = { sh, c, script, NULL };
	int in[2], in4[2], out[2], fds[5];
	struct spawn_end end;
	char text[16];
	pid_t pid;

	(void)state;
	T_TRUE(fd_pipe(in) == 0 && fd_pipe(in4) == 0 && fd_pipe(out) == 0);
	fds[0] = in[0];
	fds[1] = out[1];
	fds[2] = fds[3] = -1;
	fds[4] = in4[0];
	T_TRUE(fd_write_all(in[1], "first\n", 6) == 0);
	T_TRUE(fd_write_all(in4[1], "fourth\n", 7) == 0);
	T_TRUE((pid = spawn("/bin/sh", argv, fds, 5)) > 0);
	T_TRUE(spawn_wait(pid, INT64_MAX, &end) == 0 && end.code == 0);
	T_TRUE(fd_read(out[0], text, sizeof(text)) == 13);
	T_TRUE(memcmp(text, "first fourth\n", 13) == 0);
	for (int i = 0; i < 2; i++) {
		fd_close(&in[i]);
		fd_close(&in4[i]);
		fd_close(&out[i]);
	}
}

static void
test_failures(void **state)
{
	static char name[] = "x";
	char *argv[] = { name, NULL };
	const struct spawn_how nowhere = { .cwd = "/nonexistent",
	    .env = (char *[]){ NULL } };
	struct spawn_end end;

	(void)state;
	T_TRUE(spawn("/nonexistent", argv, NULL, 0) == -1 && errno == ENOENT);
	T_TRUE(spawn("/etc/passwd", argv, NULL, 0) == -1 && errno == EACCES);
	T_TRUE(spawn_with("/bin/true", argv, NULL, 0, &nowhere) == -1);
	T_TRUE(errno == ENOENT);
	T_TRUE(!spawn_reap(&end));	/* no child is left of these */
	T_TRUE(spawn_kill(0, SIGTERM) == -1 && errno == EINVAL);
	T_TRUE(spawn_kill(-1, SIGTERM) == -1 && errno == EINVAL);
}

static void
test_ends(void **state)
{
	struct spawn_end end;
	int64_t start;
	pid_t pid;

	(void)state;
	if ((pid = spawn_fork()) == 0) {
		(void)signal(SIGSEGV, SIG_DFL);	/* a sanitizer has its own */
		(void)raise(SIGSEGV);
		_exit(0);
	}
	T_TRUE(pid > 0 && spawn_wait(pid, INT64_MAX, &end) == 0);
	T_TRUE(end.signal == SIGSEGV && end.fault && end.code == -1);
	if ((pid = spawn_fork()) == 0) {
		clock_sleep_ms(60000);
		_exit(0);
	}
	start = clock_mono_ms();
	T_TRUE(spawn_wait(pid, clock_deadline(60), &end) == -1);
	T_TRUE(errno == EAGAIN && clock_mono_ms() - start >= 59);
	T_TRUE(!spawn_reap(&end));
	T_TRUE(spawn_kill(pid, SIGTERM) == 0);
	while (!spawn_reap(&end))
		clock_sleep_ms(1);
	T_TRUE(end.pid == pid && end.signal == SIGTERM && !end.fault);
	T_TRUE(spawn_wait(pid, INT64_MAX, &end) == -1 && errno == ECHILD);
}

/* What a listener has, its sessions have. */
static void
test_batches(void **state)
{
#ifdef __linux__
	struct spawn_end end;
	pid_t pid, inner;

	(void)state;
	T_TRUE(sched_getscheduler(0) == SCHED_OTHER);
	if ((pid = spawn_fork()) == 0) {
		spawn_in_batches();
		inner = spawn_fork();
		if (inner == 0)
			_exit(sched_getscheduler(0) == SCHED_BATCH ? 0 : 1);
		_exit(inner > 0 && spawn_wait(inner, INT64_MAX, &end) == 0 ?
		    end.code : 2);
	}
	T_TRUE(pid > 0 && spawn_wait(pid, INT64_MAX, &end) == 0);
	T_TRUE(end.code == 0);
#else
	(void)state;
	spawn_in_batches();	/* does nothing, and no harm */
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_how),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_batches),
	};

	return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
