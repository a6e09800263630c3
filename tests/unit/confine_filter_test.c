/*
 * A filter that was made before the fork confines the child as one that is
 * made in it does: no open, no signal to others, and the end for a socket;
 * writes, fsync and signals to itself as before.
 */
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/confine.h"
#include "os/fd.h"
#include "os/fs.h"

/* Which claim was wrong; it should not come back at all. */
static int
in_child(const struct confine_filter *f, int file, pid_t parent)
{
	struct why why;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    confine_filter_load(f, &why) != 0)
		return 1;
	if (fd_write_all(file, "x", 1) != 0 || fs_sync(file) != 0)
		return 2;
	if (open("/dev/null", O_RDONLY) >= 0)
		return 3;
	if (kill(parent, 0) == 0)
		return 4;
	if (kill(getpid(), 0) != 0)
		return 5;
	/* What only an intruder would do is the end. */
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 6 : 7;
}

static int
run(const struct confine_filter *f)
{
	char name[] = "/tmp/confine_filter_XXXXXX";
	int file = mkstemp(name), status;
	pid_t parent = getpid(), pid;

	T_TRUE(file >= 0);
	T_INT(unlink(name), 0);
	pid = fork();
	T_TRUE(pid >= 0);
	if (pid == 0)
		_exit(in_child(f, file, parent));
	T_INT(waitpid(pid, &status, 0), pid);
	fd_close(&file);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
narrow(void **state)
{
	struct confine_filter *f;
	struct why why;

	(void)state;
#ifndef __linux__
	skip();
#endif
	f = confine_filter_new(SANDBOX_STDIO, &why);
	T_TRUE(f != NULL);
	/* Twice: the process id of the first is not kept. */
	T_INT(run(f), -SIGSYS);
	T_INT(run(f), -SIGSYS);
	confine_filter_free(&f);
	T_TRUE(f == NULL);
}

/* Unknown code: the first claim that was wrong, or 0. */
static int
in_unknown(const struct confine_filter *f, bool module)
{
	char *const none[] = { NULL };
	struct why why;
	pid_t pid;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    confine_filter_load(f, &why) != 0)
		return 1;
	if (open("/dev/null", O_RDONLY) < 0 || (pid = fork()) < 0 ||
	    socket(AF_INET, SOCK_STREAM, 0) < 0 ||
	    socket(AF_UNIX, SOCK_DGRAM, 0) < 0 ||
	    socket(AF_NETLINK, SOCK_RAW, 0) < 0)
		return 2;
	if (pid == 0)
		_exit(0);
	if (unshare(CLONE_NEWUSER) == 0 || errno != EPERM)
		return 3;
	/* The C library knows no fork() with flags; the kernel cuts them. */
	if (syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) >= 0 ||
	    errno != EPERM)
		return 4;
	if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS)
		return 5;
	if (socket(AF_VSOCK, SOCK_STREAM, 0) >= 0 || errno != EAFNOSUPPORT ||
	    socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT) >= 0 ||
	    socket(AF_INET, SOCK_STREAM, 262) >= 0)	/* IPPROTO_MPTCP */
		return 6;
	if (personality(ADDR_NO_RANDOMIZE) >= 0 || personality(0xffffffff) < 0)
		return 7;
	if (syscall(SYS_ioctl, 0, UINT64_C(1) << 32 | TIOCSTI, "x") == 0 ||
	    errno != EPERM)
		return 8;
	if ((setuid(getuid()) == 0) == module)
		return 9;
	(void)execve("/no/such/file", none, none);
	return (errno == EPERM) == module ? 0 : 10;
}

static void
unknown(void **state)
{
	struct confine_filter *f;
	struct why why;
	int status;
	pid_t pid;

	(void)state;
#ifndef __linux__
	skip();
#endif
	for (int module = 0; module < 2; module++) {
		f = confine_filter_new(module ? SANDBOX_MODULES :
		    SANDBOX_PROGRAMS, &why);
		T_TRUE(f != NULL);
		pid = fork();
		T_TRUE(pid >= 0);
		if (pid == 0)
			_exit(in_unknown(f, module));
		T_INT(waitpid(pid, &status, 0), pid);
		T_INT(status, 0);
		confine_filter_free(&f);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(narrow),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
