/*
 * spawn - see spawn.h.  The child of spawn() does only what is safe between
 * fork and exec: system calls.  Everything it needs is made before the fork.
 * When the exec fails it writes errno into a CLOEXEC pipe; an exec that works
 * closes the pipe, and that is how the parent knows.
 */
#include "os/spawn.h"

#include <sys/stat.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sched.h>
#include <sys/prctl.h>
#endif
#ifdef __FreeBSD__
#include <sys/procctl.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fd.h"

#define FDS_MAX		64	/* that one program gets */
#define WAIT_STEP_MS	10	/* longest sleep between two looks at a child */

struct plan {
	const char *path, *cwd;
	char *const *argv, *const *env;
	const int  *fds;
	size_t	    n;
	int	    report;	/* where errno of a failed exec goes */
};

static void
reset_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &sa, NULL);	/* KILL, STOP refuse */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * fds[i] becomes descriptor i.  First all are copied above the targets, so
 * that no target overwrites a source that is still needed.
 */
static int
place_fds(const struct plan *p, int *report)
{
	int high[FDS_MAX], base = (int)p->n, null;
	size_t i;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -1;
	*report = fcntl(p->report, F_DUPFD_CLOEXEC, base);
	if (*report < 0)
		return -1;
	for (i = 0; i < p->n; i++) {
		high[i] = fcntl(p->fds[i] >= 0 ? p->fds[i] : null,
		    F_DUPFD_CLOEXEC, base);
		if (high[i] < 0)
			return -1;
	}
	for (i = 0; i < p->n; i++)
		if (dup2(high[i], (int)i) < 0)
			return -1;
	fd_close_all_but((int)p->n, report, 1);
	return 0;
}

static _Noreturn void
child(const struct plan *p)
{
	int report = p->report, error;

	(void)setsid();		/* fails only for a group leader */
	(void)umask(077);
	reset_signals();
	if (place_fds(p, &report) == 0 &&
	    (p->cwd == NULL || chdir(p->cwd) == 0))
		(void)execve(p->path, p->argv, p->env);
	error = errno;
	(void)!write(report, &error, sizeof(error));	/* then it is EIO */
	_exit(127);
}

/* 0: the exec worked; else its errno. */
static int
read_report(int fd)
{
	int error = 0;
	ssize_t got = fd_read(fd, &error, sizeof(error));

	if (got == 0)
		return 0;
	return got == (ssize_t)sizeof(error) && error != 0 ? error : EIO;
}

static pid_t
start(struct plan *p)
{
	int report[2], error;
	pid_t pid;

	if (p->n > FDS_MAX) {
		errno = E2BIG;
		return -1;
	}
	if (fd_pipe(report) != 0)
		return -1;
	p->report = report[1];
	pid = fork();
	if (pid == 0)
		child(p);
	fd_close(&report[1]);
	if (pid > 0 && (error = read_report(report[0])) != 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		pid = -1;
		errno = error;
	}
	fd_close(&report[0]);
	return pid;
}

#ifdef FAULT
/* Test builds hand on what makes calls fail and clocks run ahead. */
static size_t
test_settings(char *env[], size_t n)
{
	static char fault[128], shift[64], jump[256];
	const char *v;

	if ((v = getenv("PAQUEBOT_FAULT")) != NULL) {
		(void)snprintf(fault, sizeof(fault), "PAQUEBOT_FAULT=%s", v);
		env[n++] = fault;
	}
	if ((v = getenv("PAQUEBOT_CLOCK_SHIFT")) != NULL) {
		(void)snprintf(shift, sizeof(shift),
		    "PAQUEBOT_CLOCK_SHIFT=%s", v);
		env[n++] = shift;
	}
	if ((v = getenv("PAQUEBOT_CLOCK_FILE")) != NULL) {
		(void)snprintf(jump, sizeof(jump), "PAQUEBOT_CLOCK_FILE=%s",
		    v);
		env[n++] = jump;
	}
	return n;
}
#endif

pid_t
spawn(const char *path, char *const argv[], const int *fds, size_t n)
{
	static char search[] = "PATH=/usr/bin:/bin";
	char *env[5] = { search };
	struct plan p = { .path = path, .argv = argv, .env = env,
	    .fds = fds, .n = n };

#ifdef FAULT
	(void)test_settings(env, 1);
#endif
	return start(&p);
}

pid_t
spawn_with(const char *path, char *const argv[], const int *fds, size_t n,
    const struct spawn_how *how)
{
	struct plan p = { .path = path, .argv = argv, .env = how->env,
	    .cwd = how->cwd, .fds = fds, .n = n };

	return start(&p);
}

int
spawn_replace(const char *path, char *const argv[])
{
	static char search[] = "PATH=/usr/bin:/bin";
	char *env[5] = { search };

#ifdef FAULT
	(void)test_settings(env, 1);
#endif
	return execve(path, argv, env);
}

pid_t
spawn_fork(void)
{
	return fork();
}

static void
end_fill(struct spawn_end *end, pid_t pid, int status)
{
	end->pid = pid;
	end->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	end->fault = end->signal == SIGSEGV || end->signal == SIGBUS ||
	    end->signal == SIGILL || end->signal == SIGABRT ||
	    end->signal == SIGFPE || end->signal == SIGSYS;
}

bool
spawn_reap(struct spawn_end *end)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(-1, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid <= 0)
		return false;
	end_fill(end, pid, status);
	return true;
}

int
spawn_wait(pid_t pid, int64_t deadline_ms, struct spawn_end *end)
{
	int64_t pause_ms = 1;
	bool forever = deadline_ms == INT64_MAX;
	int status;
	pid_t got;

	for (;;) {
		got = waitpid(pid, &status, forever ? 0 : WNOHANG);
		if (got == pid) {
			end_fill(end, pid, status);
			return 0;
		}
		if (got < 0 && errno != EINTR)
			return -1;
		if (clock_mono_ms() >= deadline_ms) {
			errno = EAGAIN;
			return -1;
		}
		if (got == 0)
			clock_sleep_ms(pause_ms);
		if (pause_ms < WAIT_STEP_MS)
			pause_ms *= 2;
	}
}

int
spawn_kill(pid_t pid, int sig)
{
	if (pid <= 1) {		/* 0, -1: whole groups; 1: init */
		errno = EINVAL;
		return -1;
	}
	return kill(pid, sig);
}

int
spawn_kill_group(pid_t pid, int sig)
{
	if (pid <= 1) {
		errno = EINVAL;
		return -1;
	}
	return kill(-pid, sig);
}

pid_t
spawn_self(void)
{
	return getpid();
}

void
spawn_in_batches(void)
{
#ifdef __linux__
	const struct sched_param none = { .sched_priority = 0 };

	/* Refused where somebody gave us a policy of his own: as well. */
	(void)sched_setscheduler(0, SCHED_BATCH, &none);
#endif
}

void
spawn_die_with_parent(void)
{
	/* Without it children see the end of their channel, a little later. */
#if defined(__linux__)
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
#elif defined(__FreeBSD__)
	int sig = SIGKILL;

	(void)procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &sig);
#endif
}
