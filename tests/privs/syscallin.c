/*
 * syscallin - makes a running process do one system call, and tells what came
 * of it: what a sandbox leaves open shows in no file of /proc, so the only proof
 * is to try.  The process must sleep in a system call; it goes on afterwards as
 * if nothing had happened, unless its filter has killed it.
 *
 *	syscallin PID open PATH | create PATH | unlink PATH | execve PATH |
 *	    socket FAMILY | connect PORT | kill PID SIGNAL | ptrace PID |
 *	    setuid UID | setresuid UID | unshare FLAGS
 *
 * exit status  0: refused (the error is printed), 1: it succeeded, 3: the process
 * was killed, 2: no trial (printed why).  Linux on x86-64, as root.
 *
 * The argument in memory stands far below the stack pointer, and what was there
 * is put back.
 */
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef __x86_64__
#error "knows the registers of x86-64 only"
#endif

#define BELOW		4096	/* octets under the stack pointer */
#define MEMORY		512
#define INSTRUCTION	2	/* octets of "syscall" */
#define OPCODE		0x050f

enum { REFUSED = 0, SUCCEEDED = 1, NO_TRIAL = 2, KILLED = 3 };

static struct {
	pid_t pid;
	struct user_regs_struct regs;
	unsigned long at;
	char old[MEMORY];
} target;

static _Noreturn void
give_up(const char *what)
{
	perror(what);
	exit(NO_TRIAL);
}

static void
stop(const char *pid)
{
	unsigned long insn;
	int st;

	target.pid = (pid_t)strtol(pid, NULL, 10);
	if (ptrace(PTRACE_SEIZE, target.pid, 0, 0) != 0 ||
	    ptrace(PTRACE_INTERRUPT, target.pid, 0, 0) != 0 ||
	    waitpid(target.pid, &st, __WALL) < 0 || !WIFSTOPPED(st) ||
	    ptrace(PTRACE_GETREGS, target.pid, 0, &target.regs) != 0)
		give_up("ptrace");
	insn = (unsigned long)ptrace(PTRACE_PEEKTEXT, target.pid,
	    target.regs.rip - INSTRUCTION, 0);
	if ((insn & 0xffff) != OPCODE) {
		fprintf(stderr, "not in a system call\n");
		exit(NO_TRIAL);
	}
	target.at = (target.regs.rsp - BELOW) & ~15UL;
}

static void
copy(bool in, char *ours)
{
	struct iovec l = { ours, MEMORY };
	struct iovec r = { (void *)target.at, MEMORY };
	ssize_t n = in ? process_vm_writev(target.pid, &l, 1, &r, 1, 0) :
	    process_vm_readv(target.pid, &l, 1, &r, 1, 0);

	if (n != MEMORY)
		give_up("memory of the process");
}

/* A signal came before the call was made: as if we had not been here. */
static _Noreturn void
leave(int sig)
{
	copy(true, target.old);
	if (ptrace(PTRACE_SETREGS, target.pid, 0, &target.regs) != 0 ||
	    ptrace(PTRACE_DETACH, target.pid, 0, sig) != 0)
		give_up("leave");
	fprintf(stderr, "signal %d came first\n", sig);
	exit(NO_TRIAL);
}

/* Its result, as the kernel returns it; ends here if the process does. */
static long
call(long nr, long a, long b, long c)
{
	struct user_regs_struct r = target.regs;
	int st;

	r.rip -= INSTRUCTION;
	r.rax = (unsigned long)nr;
	r.rdi = (unsigned long)a;
	r.rsi = (unsigned long)b;
	r.rdx = (unsigned long)c;
	r.r10 = r.r8 = r.r9 = 0;
	r.orig_rax = (unsigned long)-1;	/* no restart of what it was in */
	if (ptrace(PTRACE_SETREGS, target.pid, 0, &r) != 0 ||
	    ptrace(PTRACE_SINGLESTEP, target.pid, 0, 0) != 0 ||
	    waitpid(target.pid, &st, __WALL) < 0)
		give_up("step");
	if (WIFEXITED(st) || WIFSIGNALED(st)) {
		printf("killed by signal %d\n", WTERMSIG(st));
		exit(KILLED);
	}
	if (WSTOPSIG(st) != SIGTRAP)
		leave(WSTOPSIG(st));
	if (ptrace(PTRACE_GETREGS, target.pid, 0, &r) != 0)
		give_up("registers");
	return (long)r.rax;
}

static void
go_on(void)
{
	copy(true, target.old);
	if (ptrace(PTRACE_SETREGS, target.pid, 0, &target.regs) != 0 ||
	    ptrace(PTRACE_DETACH, target.pid, 0, 0) != 0)
		give_up("go on");
}

/* A descriptor that came of it is closed again. */
static long
call_fd(long nr, long a, long b, long c)
{
	long fd = call(nr, a, b, c);

	if (fd >= 0)
		(void)call(SYS_close, fd, 0, 0);
	return fd;
}

static long
call_connect(long port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char memory[MEMORY] = { 0 };
	long fd, rc;

	memcpy(memory, &in, sizeof(in));
	copy(true, memory);
	fd = call(SYS_socket, AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return fd;
	rc = call(SYS_connect, fd, (long)target.at, sizeof(in));
	(void)call(SYS_close, fd, 0, 0);
	return rc;
}

static long
try(const char *what, const char *text, long second)
{
	long at = (long)target.at, n = strtol(text, NULL, 0);

	if (strcmp(what, "open") == 0)
		return call_fd(SYS_open, at, O_RDONLY, 0);
	if (strcmp(what, "create") == 0)
		return call_fd(SYS_open, at, O_CREAT | O_WRONLY, 0600);
	if (strcmp(what, "unlink") == 0)
		return call(SYS_unlink, at, 0, 0);
	if (strcmp(what, "execve") == 0)
		return call(SYS_execve, at, 0, 0);
	if (strcmp(what, "socket") == 0)
		return call_fd(SYS_socket, n, SOCK_DGRAM, 0);
	if (strcmp(what, "connect") == 0)
		return call_connect(n);
	if (strcmp(what, "kill") == 0)
		return call(SYS_kill, n, second, 0);
	if (strcmp(what, "ptrace") == 0)
		return call(SYS_ptrace, PTRACE_ATTACH, n, 0);
	if (strcmp(what, "setuid") == 0)
		return call(SYS_setuid, n, 0, 0);
	if (strcmp(what, "setresuid") == 0)
		return call(SYS_setresuid, n, n, n);
	if (strcmp(what, "unshare") == 0)
		return call(SYS_unshare, n, 0, 0);
	fprintf(stderr, "no such call: %s\n", what);
	exit(NO_TRIAL);
}

int
main(int argc, char **argv)
{
	char memory[MEMORY] = { 0 };
	long rc;

	if (argc < 4) {
		fprintf(stderr, "usage: see the source\n");
		return NO_TRIAL;
	}
	stop(argv[1]);
	copy(false, target.old);
	(void)snprintf(memory, sizeof(memory), "%s", argv[3]);
	copy(true, memory);
	rc = try(argv[2], argv[3], argc > 4 ? strtol(argv[4], NULL, 0) : 0);
	/* After an execve() there is nothing to go on with. */
	if (rc < 0 || strcmp(argv[2], "execve") != 0)
		go_on();
	printf("%s\n", rc < 0 ? strerror((int)-rc) : "succeeded");
	return rc < 0 ? REFUSED : SUCCEEDED;
}
