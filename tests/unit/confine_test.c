/*
 * confine: each class of sandbox, in a child that is confined for good: what
 * must work does, what must not fails or ends the process (SIGSYS).  As root
 * with a jail and another user; else (or with CONFINE_TEST_UNPRIVILEGED set)
 * as the user that we are, with what is left: no_new_privs, Landlock, the
 * call filter.
 */
#include "os/confine.h"

#include <sys/capability.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <crypt.h>
#include <db.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/rand.h"
#include "os/spawn.h"
#include "t.h"

#define UID	5431u
#define GID	5432u
#define FIRST	20000u		/* mailbox owners */
#define MANY	1000u

static char jail[] = "/tmp/confine_test.XXXXXX";
static int top = -1, outside = -1;
static bool root;

#define NEED(claim)	do { if (!(claim)) return errno != 0 ? errno : 250; \
			} while (0)

/* ----------------------------------------------------- what a probe does */

/* 0: it worked; else an errno (250: wrong without errno). */
static int
stdio_works(void)
{
	struct pollfd pfd = { .fd = 0 };
	struct epoll_event ev = { .events = EPOLLIN };
	struct itimerspec it = { .it_value = { .tv_nsec = 1000000 } };
	struct rusage ru;
	struct rlimit rl;
	struct utsname un;
	struct tms tms;
	struct timespec ts;
	struct stat sb;
	sigset_t set;
	char text[64];
	int p[2], q[2], ep, ev_fd, tfd, sfd, n;
	void *m;

	NEED((m = malloc(300000)) != NULL && (m = realloc(m, 3 << 20)) != NULL);
	memset(m, 1, 3 << 20);
	free(m);
	NEED(clock_gettime(CLOCK_REALTIME, &ts) == 0 && clock_mono_ms() > 0);
	clock_sleep_ms(1);
	rand_octets(text, sizeof(text));
	NEED(fd_pipe(p) == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, q) == 0);
	NEED(fd_write_all(p[1], "abc", 3) == 0);
	NEED(ioctl(p[0], FIONREAD, &n) == 0 && n == 3);
	NEED(splice(p[0], NULL, q[0], NULL, 1, 0) == 1);
	NEED(fd_send(q[0], "hello", 5, p[1]) == 0);
	NEED(fd_recv(q[1], text, sizeof(text), &n) == 1 && text[0] == 'a');
	NEED(fd_recv(q[1], text, sizeof(text), &n) == 5 && n >= 0);
	fd_close(&n);
	NEED(poll(&pfd, 1, 0) >= 0);
	NEED((ep = epoll_create1(EPOLL_CLOEXEC)) >= 0);
	NEED(epoll_ctl(ep, EPOLL_CTL_ADD, q[0], &ev) == 0);
	NEED(epoll_wait(ep, &ev, 1, 0) >= 0);
	NEED((ev_fd = eventfd(1, EFD_CLOEXEC)) >= 0);
	NEED(fd_read(ev_fd, text, 8) == 8);
	NEED((tfd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) >= 0);
	NEED(timerfd_settime(tfd, 0, &it, NULL) == 0);
	NEED(fd_read(tfd, text, 8) == 8);
	NEED(sigemptyset(&set) == 0 && sigaddset(&set, SIGUSR1) == 0);
	NEED((sfd = signalfd(-1, &set, SFD_CLOEXEC)) >= 0);
	NEED(signal(SIGUSR2, SIG_IGN) != SIG_ERR && raise(SIGUSR2) == 0);
	NEED(getrusage(RUSAGE_SELF, &ru) == 0 && times(&tms) != (clock_t)-1);
	NEED(getrlimit(RLIMIT_NOFILE, &rl) == 0 && uname(&un) == 0);
	NEED(sched_yield() == 0 && getpid() > 0 && getppid() > 0);
	NEED(fstat(p[0], &sb) == 0);
	NEED(fsync(outside) == 0 && fdatasync(outside) == 0);
	NEED(ftruncate(outside, 10) == 0);
	NEED(lseek(outside, 0, SEEK_SET) == 0);
	NEED(sendfile(p[1], outside, NULL, 5) == 5);
	NEED(dup2(p[0], 60) == 60 && fcntl(60, F_SETFD, FD_CLOEXEC) == 0);
	fd_close_all_but(50, NULL, 0);
	NEED(prctl(PR_SET_NAME, "probe") == 0);
	NEED(syscall(SYS_membarrier, 0, 0, 0) >= 0);
	return 0;
}

static void
stop_loop(evutil_socket_t fd, short what, void *base)
{
	(void)fd;
	(void)what;
	(void)event_base_loopbreak(base);
}

static void
on_signal(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
}

static int
event_loop_works(void)
{
	struct event_base *base = event_base_new();
	struct event *sig, *timer;
	struct timeval tv = { .tv_usec = 1000 };

	NEED(base != NULL);
	sig = evsignal_new(base, SIGTERM, on_signal, NULL);
	NEED(sig != NULL && event_add(sig, NULL) == 0);
	timer = evtimer_new(base, stop_loop, base);
	NEED(timer != NULL && event_add(timer, &tv) == 0);
	event_free(sig);
	NEED(event_base_dispatch(base) >= 0);
	event_free(timer);
	event_base_free(base);
	return 0;
}

static int
count_one(const char *name, enum fs_kind kind, void *ctx)
{
	(void)name;
	(void)kind;
	(*(int *)ctx)++;
	return 0;
}

static int
files_work(void)
{
	struct fs_space sp;
	struct fs_stat st;
	struct statvfs v;
	struct buf text;
	int fd, r, ino, n = 0;

	NEED((fd = fs_create(top, "f1")) >= 0);
	NEED(fd_write_all(fd, "text", 4) == 0 && fs_sync(fd) == 0);
	NEED(fs_datasync(fd) == 0 && fs_dirsync(top) == 0);
	NEED(fs_lock_try(fd) == 0 && flock(fd, LOCK_EX) == 0);
	NEED(fs_fset_mtime(fd, 1000) == 0 && fs_chmod(fd, 0640) == 0);
	NEED((r = fs_open_read(top, "f1")) >= 0);
	NEED(fd_no_writer(r) == -1 && errno == EAGAIN);
	fd_close(&fd);
	NEED(fd_no_writer(r) == 0);
	NEED(fs_set_mtime(top, "f1", 5000) == 0);
	NEED(fs_stat(top, "f1", &st) == 0 && st.mtime_ns == 5000);
	NEED(fs_rename_new(top, "f1", top, "f2") == 0);
	NEED(fs_link(top, "f2", top, "f1") == 0);
	NEED(fs_mkdirs(top, "d/e") == 0 && (fd = fs_open_dir(top, "d")) >= 0);
	NEED(fs_rename(top, "f1", fd, "f3") == 0);
	NEED(fs_link(top, "f2", fd, "f4") == 0);
	fd_close(&fd);
	NEED(fs_list(top, count_one, &n) == 0 && n >= 2);
	NEED(fs_space(top, &sp) == 0 && statvfs(".", &v) == 0);
	buf_init(&text, 100);
	NEED(fs_slurp(top, "d/f3", &text) == 0 && text.n == 4);
	buf_fini(&text);
	NEED(fs_replace(top, "f2", SPAN_LIT("new"), 0600) == 0);
	NEED((ino = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) >= 0);
	NEED(inotify_add_watch(ino, ".", IN_CREATE) >= 0);
	NEED(fs_remove_tree(top, "d", 100) == 0);
	NEED(fs_unlink(top, "f2") == 0);
	fd_close(&ino);
	fd_close(&r);
	return 0;
}

static int
fork_works(void)
{
	struct spawn_end end;
	int s[2];
	pid_t pid;

	NEED(fd_stream_pair(s) == 0);
	NEED((pid = spawn_fork()) >= 0);
	if (pid == 0)
		_exit(fd_write_all(s[0], "x", 1) == 0 ? 3 : 4);
	NEED(spawn_wait(pid, clock_deadline(5000), &end) == 0);
	NEED(end.code == 3);
	NEED((pid = spawn_fork()) >= 0);
	if (pid == 0) {
		spawn_die_with_parent();
		clock_sleep_ms(60000);
		_exit(0);
	}
	NEED(spawn_kill(pid, SIGTERM) == 0);
	while (!spawn_reap(&end))
		clock_sleep_ms(1);
	NEED(end.signal == SIGTERM);
	return 0;
}

static int
udp_works(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int a, b;
	char c;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	NEED((a = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) >= 0);
	NEED((b = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) >= 0);
	NEED(bind(a, (struct sockaddr *)&in, sizeof(in)) == 0);
	NEED(getsockname(a, (struct sockaddr *)&in, &len) == 0);
	NEED(connect(b, (struct sockaddr *)&in, sizeof(in)) == 0);
	NEED(send(b, "x", 1, 0) == 1 && recv(a, &c, 1, 0) == 1);
	NEED(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	return 0;
}

static int
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

static int
try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

/* A connected socket can be turned elsewhere, if connect() is left. */
static int
try_reconnect(void)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	return connect(0, &sa, sizeof(sa)) == 0 ? 0 : errno;
}

static int
try_fastopen(void)
{
	return send(0, "x", 1, MSG_FASTOPEN) >= 0 ? 0 : errno;
}

/* Has the kernel signal whomever it is told to, with any signal. */
static int
try_set_owner(void)
{
	int q[2];

	if (fd_stream_pair(q) != 0)
		return 255;
	return fcntl(q[0], F_SETOWN, getppid()) == 0 ? 0 : errno;
}

static int
try_set_owner_ex(void)
{
	struct f_owner_ex owner = { .type = F_OWNER_PID, .pid = getppid() };
	int q[2];

	if (fd_stream_pair(q) != 0)
		return 255;
	return fcntl(q[0], F_SETOWN_EX, &owner) == 0 ? 0 : errno;
}

/* The kernel cuts the command to 32 bits. */
static int
try_set_owner_wide(void)
{
	int q[2];

	if (fd_stream_pair(q) != 0)
		return 255;
	return syscall(SYS_fcntl, q[0], (1L << 32) + F_SETOWN,
	    getppid()) == 0 ? 0 : errno;
}

/* Reaches every datagram socket that has a name, /dev/log to begin with. */
static int
try_datagrams(void)
{
	int q[2];

	return socketpair(AF_UNIX, SOCK_DGRAM, 0, q) == 0 ? 0 : errno;
}

/* close() of a connection that was passed on would then wait, in others too. */
static int
try_linger(void)
{
	const struct linger how = { 1, 3600 };
	int q[2];

	if (fd_stream_pair(q) != 0)
		return 255;
	return setsockopt(q[0], SOL_SOCKET, SO_LINGER, &how,
	    sizeof(how)) == 0 ? 0 : errno;
}

/* The log channel of a session is that of all sessions of its parent. */
static int
try_shutdown(void)
{
	int q[2];

	return fd_stream_pair(q) != 0 ? 255 :
	    shutdown(q[0], SHUT_WR) == 0 ? 0 : errno;
}

static int
try_open(void)
{
	return open("/", O_RDONLY) >= 0 ? 0 : errno;
}

static int
try_exec(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };

	return execve("/bin/true", argv, NULL) == 0 ? 0 : errno;
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 ? 0 : errno;
}

static int
try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 ? 0 : errno;
}

static int
try_unshare(void)
{
	return unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
}

static int
try_clone_newuser(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid > 0 ? 0 : errno;
}

static int
try_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0) >= 0 ? 0 : errno;
}

static int
try_mount(void)
{
	return syscall(SYS_mount, "a", "/", "tmpfs", 0, 0) == 0 ? 0 : errno;
}

static int
try_setuid(void)
{
	return syscall(SYS_setuid, 0) == 0 ? 0 : errno;
}

static int
try_setresuid(void)
{
	return syscall(SYS_setresuid, 0, 0, 0) == 0 ? 0 : errno;
}

static int
try_chroot(void)
{
	return chroot("/") == 0 ? 0 : errno;
}

static int
try_unknown(void)
{
	return syscall(SYS_memfd_create, "x", 0) >= 0 ? 0 : errno;
}

static int
try_chmod(void)
{
	return syscall(SYS_chmod, ".", 0700) == 0 ? 0 : errno;
}

static int
try_utime_path(void)
{
	return utimensat(AT_FDCWD, ".", NULL, 0) == 0 ? 0 : errno;
}

static int
try_xattr(void)
{
	return setxattr(".", "user.x", "y", 1, 0) == 0 ? 0 : errno;
}

static int
try_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 ? 0 : errno;
}

static int
try_raise_limit(void)
{
	struct rlimit rl = { 10, 10 };

	return setrlimit(RLIMIT_NOFILE, &rl) == 0 ? 0 : errno;
}

static int
try_foreign_limit(void)
{
	struct rlimit rl;

	return prlimit(getppid(), RLIMIT_NOFILE, NULL, &rl) == 0 ? 0 : errno;
}

#ifndef __SANITIZE_ADDRESS__
static int
try_exec_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 0 : errno;
}
#endif

static int
try_kill_parent(void)
{
	return kill(getppid(), SIGURG) == 0 ? 0 : errno;
}

static int
try_abort(void)
{
	(void)signal(SIGABRT, SIG_DFL);
	abort();
}

#ifdef __x86_64__
/* The numbers of i386: 20 is getpid there, writev here. */
static int
try_other_machine(void)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory");
	return r > 0 ? 0 : ENOSYS;
}

static int
try_x32(void)
{
	return syscall(0x40000000 | SYS_getpid) > 0 ? 0 : errno;
}
#endif

/* ------------------------------------------------------------- the table */

#define DIES	(-SIGSYS)
#define ABORTS	(-SIGABRT)
#define CLASS(c)	(1u << SANDBOX_##c)
#define ALL	(CLASS(STDIO) | CLASS(FORK) | CLASS(FILES) | \
	CLASS(FILES_FORK) | CLASS(NET) | CLASS(OWNER))
#define FORKING	(CLASS(FORK) | CLASS(FILES_FORK) | CLASS(NET) | CLASS(OWNER))
#define FILING	(CLASS(FILES) | CLASS(FILES_FORK) | CLASS(OWNER))

static const struct {
	const char *name;
	int	  (*probe)(void);
	unsigned    classes;	/* in these the result is `in` */
	int	    in, out;	/* 0, errno, or -signal */
} probes[] = {
	{ "stdio", stdio_works, ALL, 0, 0 },
	{ "event loop", event_loop_works, ALL, 0, 0 },
	{ "open", try_open, FILING, 0, ENOENT },
	{ "fork", fork_works, FORKING, 0, EPERM },
	{ "fork bare", try_fork, FORKING, 0, EPERM },
	{ "udp", udp_works, CLASS(NET), 0, DIES },
	{ "socket", try_socket, CLASS(NET), 0, DIES },
	{ "unix socket", try_unix_socket, CLASS(NET), ENOSYS, DIES },
	{ "reconnect", try_reconnect, CLASS(NET), ENOTSOCK, DIES },
	{ "fastopen", try_fastopen, CLASS(NET), ENOTSOCK, ENOSYS },
	{ "exec", try_exec, ALL, DIES, 0 },
	{ "ptrace", try_ptrace, ALL, DIES, 0 },
	{ "unshare", try_unshare, ALL, DIES, 0 },
	{ "clone newuser", try_clone_newuser, ALL, DIES, 0 },
	{ "clone3", try_clone3, ALL, ENOSYS, 0 },
	{ "mount", try_mount, ALL, DIES, 0 },
	{ "setuid", try_setuid, ALL, DIES, 0 },
	{ "setresuid", try_setresuid, CLASS(OWNER), EPERM, DIES },
	{ "chroot", try_chroot, CLASS(OWNER), EPERM, DIES },
	{ "unknown", try_unknown, ALL, ENOSYS, 0 },
	{ "chmod", try_chmod, ALL, EPERM, 0 },
	{ "utime by path", try_utime_path, ALL, ENOSYS, 0 },
	{ "xattr", try_xattr, ALL, EPERM, 0 },
	{ "dumpable again", try_dumpable, ALL, ENOSYS, 0 },
	{ "setrlimit", try_raise_limit, ALL, ENOSYS, 0 },
	{ "limits of others", try_foreign_limit, ALL, ENOSYS, 0 },
#ifndef __SANITIZE_ADDRESS__
	{ "executable memory", try_exec_memory, ALL, ENOSYS, 0 },
#endif
	{ "F_SETOWN", try_set_owner, ALL, ENOSYS, 0 },
	{ "F_SETOWN_EX", try_set_owner_ex, ALL, ENOSYS, 0 },
	{ "F_SETOWN, 64 bits", try_set_owner_wide, ALL, ENOSYS, 0 },
	{ "datagrams", try_datagrams, ALL, ENOSYS, 0 },
	{ "linger", try_linger, ALL, ENOSYS, 0 },
	{ "shutdown", try_shutdown, FILING, ENOSYS, 0 },
	{ "kill parent", try_kill_parent, FORKING, EPERM, ENOSYS },
	{ "abort", try_abort, ALL, ABORTS, 0 },
#ifdef __x86_64__
	{ "int 0x80", try_other_machine, ALL, DIES, 0 },
	{ "x32", try_x32, ALL, DIES, 0 },
#endif
};

static const struct id_range owners[] = {
	{ 3000, 10 }, { FIRST, MANY }, { 70000, 1 }
};

static struct confine
plan(enum sandbox class)
{
	struct confine c = {
		.name = "test", .sandbox = class, .nofile = 64,
		.fsize_octets = CONFINE_ANY_SIZE,
		.jail = root ? jail : NULL, .drop_ids = root,
		.uid = UID, .gid = GID, .mem_max_octets = 256 * MIB,
		.nproc = (CLASS(STDIO) & (1u << class)) != 0 ||
		    class == SANDBOX_FILES ? 0 : 64,
		.scope_signals = true,
		.owner_uids = owners, .owner_uids_n = COUNT(owners),
		.owner_gids = owners, .owner_gids_n = COUNT(owners),
	};

	return c;
}

/* Runs probe in a confined child: its result, or -signal. */
static int
confined(const struct confine *c, int (*probe)(void))
{
	struct confine_report r;
	struct spawn_end end;
	struct why why = { .kind = WHY_NONE };
	pid_t pid = fork();

	if (pid == 0) {
		if (confine(c, &r, &why) != 0) {
			print_error("%s\n", why.text);
			_exit(251);
		}
		if (!r.filtered || !r.no_new_privs || !r.undumpable ||
		    !r.caps_dropped || r.chrooted != root ||
		    r.ids_dropped != root)
			_exit(252);
		errno = 0;
		_exit(probe());
	}
	T_TRUE(pid > 0 && spawn_wait(pid, clock_deadline(20000), &end) == 0);
	return end.signal != 0 ? -end.signal : end.code;
}

static void
try_class(enum sandbox class)
{
	struct confine c = plan(class);
	int want;

	for (size_t i = 0; i < COUNT(probes); i++) {
		t_case(probes[i].name);
		want = (probes[i].classes & (1u << class)) != 0 ?
		    probes[i].in : probes[i].out;
		T_INT(confined(&c, probes[i].probe), want);
	}
}

/* KiB that a process has locked. */
static long
locked_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	T_TRUE(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmLck:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	(void)fclose(f);
	return kib;
}

/* What a child with that limit has locked; its report's word in *unlocked. */
static long
lock_with(rlim_t limit, size_t most, int *unlocked)
{
	struct confine c = plan(SANDBOX_STDIO);
	int out[2], hold[2];
	pid_t pid;
	long kib;

	c.lock_memory = true;
	c.mem_max_octets = most;
	T_TRUE(pipe(out) == 0 && pipe(hold) == 0);
	pid = fork();
	if (pid == 0) {
		struct rlimit l = { limit, limit };
		struct confine_report r;
		struct why why;

		(void)close(hold[1]);
		if (setrlimit(RLIMIT_MEMLOCK, &l) != 0 ||
		    confine(&c, &r, &why) != 0 || write(out[1], &r.unlocked,
		    sizeof(r.unlocked)) != sizeof(r.unlocked))
			_exit(1);
		_exit(read(hold[0], out, 1) == 0 ? 0 : 2);
	}
	(void)close(out[1]);
	T_TRUE(read(out[0], unlocked, sizeof(*unlocked)) ==
	    sizeof(*unlocked));
	kib = locked_kib(pid);
	(void)close(hold[1]);
	T_TRUE(waitpid(pid, NULL, 0) == pid);
	(void)close(out[0]);
	(void)close(hold[0]);
	return kib;
}

static void
test_locked(void **state)
{
	struct rlimit l;
	int unlocked = -1;
	long kib;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("skipped: a sanitizer maps terabytes\n");
	skip();
#endif
	T_INT(getrlimit(RLIMIT_MEMLOCK, &l), 0);
	if (l.rlim_max > 256 * MIB)
		l.rlim_max = 256 * MIB;
	kib = lock_with(l.rlim_max, (size_t)l.rlim_max, &unlocked);
	if (unlocked == ENOMEM) {
		print_message("skipped: only %llu octets may be locked\n",
		    (unsigned long long)l.rlim_max);
		skip();
	}
	T_INT(unlocked, 0);
	T_TRUE(kib > 1000);
	/* Not by half: what is locked could not grow. */
	T_INT(lock_with(l.rlim_max, (size_t)l.rlim_max + 1, &unlocked), 0);
	T_INT(unlocked, EPERM);
}

static void
test_stdio(void **state)
{
	(void)state;
	try_class(SANDBOX_STDIO);
}

static void
test_fork(void **state)
{
	(void)state;
	try_class(SANDBOX_FORK);
}

static void
test_files(void **state)
{
	struct confine c = plan(SANDBOX_FILES);

	(void)state;
	try_class(SANDBOX_FILES);
	t_case("files");
	T_INT(confined(&c, files_work), 0);
	c = plan(SANDBOX_FILES_FORK);
	T_INT(confined(&c, files_work), 0);
	try_class(SANDBOX_FILES_FORK);
}

static void
test_net(void **state)
{
	(void)state;
	try_class(SANDBOX_NET);
}

static void
test_owner_class(void **state)
{
	(void)state;
	try_class(SANDBOX_OWNER);
}

/* ------------------------------------------- libraries that helpers use */

/* lookupd, authd: a map is opened and read after confinement. */
static int
database_works(void)
{
	DB *db = NULL;
	DBT key = { .data = (char[]){ "k" }, .size = 1 }, value = { .data = 0 };

	NEED(db_create(&db, NULL, 0) == 0);
	NEED(db->open(db, NULL, root ? "/map.db" : "map.db", NULL, DB_HASH,
	    DB_RDONLY, 0) == 0);
	NEED(db->get(db, NULL, &key, &value, 0) == 0 && value.size == 3);
	NEED(db->close(db, 0) == 0);
	return 0;
}

/* authd: the slow work is a child's. */
static int
crypt_works(void)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	struct spawn_end end;
	pid_t pid;
	char *hash;

	NEED(data != NULL && (pid = spawn_fork()) >= 0);
	if (pid == 0) {
		hash = crypt_r("secret", "$y$j9T$abcdefgh$", data);
		_exit(hash != NULL && hash[0] == '$' ? 0 : 1);
	}
	NEED(spawn_wait(pid, clock_deadline(20000), &end) == 0);
	free(data);
	return end.code;
}

static void
test_libraries(void **state)
{
	struct confine c = plan(SANDBOX_FILES);
	DBT key = { .data = (char[]){ "k" }, .size = 1 },
	    value = { .data = (char[]){ "abc" }, .size = 3 };
	char path[sizeof(jail) + 8];
	DB *db = NULL;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/map.db", jail);
	T_TRUE(db_create(&db, NULL, 0) == 0);
	T_TRUE(db->open(db, NULL, path, NULL, DB_HASH, DB_CREATE, 0644) == 0);
	T_TRUE(db->put(db, NULL, &key, &value, 0) == 0);
	T_TRUE(db->close(db, 0) == 0);
	T_INT(confined(&c, database_works), 0);
	c = plan(SANDBOX_FILES_FORK);
	T_INT(confined(&c, database_works), 0);
	T_INT(confined(&c, crypt_works), 0);
}

/* -------------------------------------------------------------- Landlock */

static int
only_read(void)
{
	struct buf text;
	int fd;

	buf_init(&text, 100);
	NEED(fs_slurp(top, "ro/file", &text) == 0);
	buf_fini(&text);
	NEED((fd = fs_open_dir(top, "ro")) >= 0);
	NEED(fs_create(fd, "new") == -1 && errno == EACCES);
	NEED(fs_unlink(fd, "file") == -1 && errno == EACCES);
	NEED(fs_open_rw(fd, "file") == -1 && errno == EACCES);
	fd_close(&fd);
	NEED(fs_open_dir(top, "no") == -1 && errno == EACCES);
	NEED(fs_open_read(top, "no/file") == -1 && errno == EACCES);
	NEED((fd = fs_open_dir(top, "rw")) >= 0);
	NEED(fs_replace(fd, "file", SPAN_LIT("x"), 0600) == 0);
	return 0;
}

static void
test_landlock(void **state)
{
	struct confine c = plan(SANDBOX_FILES);
	int ro[2] = { -1, -1 }, rw[2] = { -1, -1 };

	(void)state;
	if (syscall(444, NULL, 0, 1) < 2)
		skip();		/* this kernel has no Landlock */
	ro[0] = fs_open_dir(top, "ro");
	rw[0] = fs_open_dir(top, "rw");
	c.read_dirs = ro;
	c.write_dirs = rw;
	T_INT(confined(&c, only_read), 0);
	fd_close(&ro[0]);
	fd_close(&rw[0]);
}

/* ---------------------------------------------------- owners of mailboxes */

static int
ids_by_range(void)
{
	static const struct {
		unsigned long a, b, c;
		bool works;
	} calls[] = {
		{ FIRST - 1, FIRST - 1, FIRST - 1, false },
		{ FIRST + MANY, FIRST + MANY, FIRST + MANY, false },
		{ 0, 0, 0, false },
		{ 0x100000000, 0x100000000, 0x100000000, false },
		{ 0x100000000 + FIRST, FIRST, FIRST, false },
		{ FIRST, 0x100000000 + FIRST, FIRST, false },
		{ FIRST, FIRST, 0x100000000 + FIRST, false },
		{ (unsigned long)-1, FIRST, (unsigned long)-1, false },
		{ FIRST, FIRST, 0, false }, { FIRST, 0, FIRST, false },
		{ 0, FIRST, FIRST, false }, { 2999, 2999, 2999, false },
		{ 3010, 3010, 3010, false }, { 70001, 70001, 70001, false },
		{ UID, UID, UID, false },
		{ FIRST, FIRST, FIRST, true }, { 3009, 3009, 3009, true },
		{ FIRST + MANY - 1, FIRST, 70000, true },
		{ 70000, 70000, 70000, true },
	};
	gid_t g = FIRST;

	for (size_t i = 0; i < COUNT(calls); i++) {
		errno = 0;
		bool ok = syscall(SYS_setresgid, calls[i].a, calls[i].b,
		    calls[i].c) == 0;
		NEED(ok == calls[i].works && (ok || errno == EPERM));
		ok = syscall(SYS_setresuid, calls[i].a, calls[i].b,
		    calls[i].c) == 0;
		NEED(ok == calls[i].works && (ok || errno == EPERM));
	}
	NEED(setgroups(0, NULL) == 0);
	NEED(setgroups(1, &g) == -1);
	return 0;
}

/* All of a delivery: parent -> owner -> mailbox. */
static int
become_owner(void)
{
	struct why why;
	uid_t r, e, s;
	int box;

	NEED(confine_become_owner(FIRST + 5, FIRST + 5, false, &why) == 0);
	NEED(getresuid(&r, &e, &s) == 0 && r == FIRST + 5 && e == r && s == r);
	NEED((box = fs_open_top("/box")) >= 0);
	NEED(confine_enter_mailbox(box, false, &why) == 0);
	NEED(confine_narrow(SANDBOX_FILES, &why) == 0);
	NEED(access("/mine", F_OK) == 0);		/* the new root */
	NEED(access("/../box", F_OK) == -1 && errno == ENOENT);
	NEED(fs_open_dir(top, "ro") == -1 && errno == EACCES);
	NEED(fs_replace(box, "mine", SPAN_LIT("x"), 0600) == 0);
	NEED(kill(getppid(), 0) == -1);
	NEED(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	cap_t caps = cap_get_proc(), none = cap_init();
	NEED(caps != NULL && none != NULL && cap_compare(caps, none) == 0);
	(void)cap_free(caps);
	(void)cap_free(none);
	return 0;
}

static int
become_owner_then_back(void)
{
	struct why why;

	NEED(confine_become_owner(FIRST + 5, FIRST + 5, false, &why) == 0);
	/* In range of the filter, but the capability is gone. */
	NEED(setresuid(FIRST + 6, FIRST + 6, FIRST + 6) == -1);
	NEED(setresgid(FIRST + 6, FIRST + 6, FIRST + 6) == -1);
	NEED(setgroups(0, NULL) == -1);
	NEED(confine_enter_mailbox(-1, false, &why) == 0);
	NEED(chroot("/") == -1 && errno == EPERM);
	NEED(confine_narrow(SANDBOX_STDIO, &why) == 0);
	return try_setresuid();		/* now it ends here */
}

static int
become_root(void)
{
	struct why why;

	NEED(confine_become_owner(0, FIRST, false, &why) == -1);
	NEED(confine_become_owner(FIRST, 0, false, &why) == -1);
	NEED(why.kind == WHY_PERM);
	NEED(confine_become_owner(FIRST + MANY, FIRST, false, &why) == -1);
	NEED(why.kind == WHY_TEMP);
	return 0;
}

static void
test_owner(void **state)
{
	struct confine c = plan(SANDBOX_OWNER);

	(void)state;
	if (!root)
		skip();		/* ids cannot be changed */
	c.keep_owner_caps = true;
	T_INT(confined(&c, ids_by_range), 0);
	T_INT(confined(&c, become_owner), 0);
	T_INT(confined(&c, become_owner_then_back), DIES);
	T_INT(confined(&c, become_root), 0);
	/* Without ranges nothing may be named. */
	c.owner_uids_n = c.owner_gids_n = 0;
	T_INT(confined(&c, become_owner), EPERM);
	/* The parent that had to stay root: the ranges hold it, too. */
	c = plan(SANDBOX_OWNER);
	c.keep_owner_caps = true;
	c.uid = c.gid = 0;
	T_INT(confined(&c, ids_by_range), EPERM);
	T_INT(confined(&c, become_owner), 0);
}

/* ----------------------------------------------------- what else is left */

static int
state_is_right(void)
{
	struct rlimit rl;
	uid_t r, e, s;

	NEED(getrlimit(RLIMIT_CORE, &rl) == 0 && rl.rlim_max == 0);
	NEED(getrlimit(RLIMIT_NPROC, &rl) == 0 && rl.rlim_max == 0);
	NEED(getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_max == 64);
#ifndef __SANITIZE_ADDRESS__
	NEED(getrlimit(RLIMIT_AS, &rl) == 0 && rl.rlim_max == 256 * MIB);
	NEED(mmap(NULL, 300 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0) == MAP_FAILED && errno == ENOMEM);
#endif
	NEED(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	NEED(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	for (int i = 0; root && i < 40; i++)
		NEED(prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 0);
	NEED(getresuid(&r, &e, &s) == 0);
	NEED(!root || (r == UID && e == UID && s == UID));
	NEED(!root || (getgroups(0, NULL) == 0 && getgid() == GID));
	return 0;
}

static void
test_state(void **state)
{
	struct confine c = plan(SANDBOX_STDIO);

	(void)state;
	T_INT(confined(&c, state_is_right), 0);
}

static int
narrow(void)
{
	struct why why;

	NEED(fork_works() == 0);
	NEED(confine_narrow(SANDBOX_STDIO, &why) == 0);
	errno = 0;
	NEED(try_open() == ENOENT && try_fork() == EPERM);
	return stdio_works();
}

static void
test_narrow(void **state)
{
	struct confine c = plan(SANDBOX_FORK);

	(void)state;
	T_INT(confined(&c, narrow), 0);
	/* OWNER may narrow as well; FILES cannot and says so. */
	c = plan(SANDBOX_OWNER);
	T_INT(confined(&c, narrow), 0);
}

static void
test_no_jail(void **state)
{
	struct confine_report r;
	struct spawn_end end;
	struct why why;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		struct confine c = plan(SANDBOX_STDIO);

		c.jail = "/nonexistent";
		_exit(confine(&c, &r, &why) == -1 && why.kind == WHY_TEMP ?
		    0 : 1);
	}
	T_TRUE(spawn_wait(pid, clock_deadline(5000), &end) == 0);
	T_INT(end.code, 0);
}

static int
make_tree(void)
{
	static const char *const dirs[] = { "ro", "no", "rw", "box" };
	int fd;

	for (size_t i = 0; i < COUNT(dirs); i++) {
		if (fs_mkdir(top, dirs[i]) != 0 ||
		    (fd = fs_open_dir(top, dirs[i])) < 0 ||
		    fs_replace(fd, i == 3 ? "mine" : "file", SPAN_LIT("1"),
		    0644) != 0)
			return -1;
		if (root && (fs_chown(fd, i == 3 ? FIRST + 5 : UID,
		    i == 3 ? FIRST + 5 : GID) != 0 ||
		    fs_chmod(fd, 0755) != 0))
			return -1;
		fd_close(&fd);
	}
	return root ? fs_chown(top, UID, GID) : 0;
}

static int
setup(void **state)
{
	(void)state;
	root = geteuid() == 0 && getenv("CONFINE_TEST_UNPRIVILEGED") == NULL;
	if (mkdtemp(jail) == NULL || chmod(jail, 0755) != 0 ||
	    (top = fs_open_top(jail)) < 0 || make_tree() != 0)
		return -1;
	if (!root && chdir(jail) != 0)
		return -1;
	outside = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	return outside >= 0 && fd_write_all(outside, "0123456789", 10) == 0 ?
	    0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	fd_close(&top);
	fd_close(&outside);
	if (chdir("/") != 0 || (top = fs_open_top("/tmp")) < 0 ||
	    fs_remove_tree(top, strrchr(jail, '/') + 1, 1000) != 0)
		return -1;
	fd_close(&top);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_stdio),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_owner_class),
		cmocka_unit_test(test_libraries),
		cmocka_unit_test(test_landlock),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_no_jail),
	};

	fd_no_sigpipe();
	return cmocka_run_group_tests_name("confine", tests, setup, teardown);
}
