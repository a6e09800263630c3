/*
 * sandbox_linux_calls - which system calls a class of sandbox may make, as
 * tables.  What stands in none of them gets ENOSYS, so that a newer C library
 * finds its way back to an older call.  A few that only an intruder would make
 * kill the process.  Calls are named, not numbered: one that this machine does
 * not have is passed over.
 *
 * Modules of PAM and users' programs call what they like; for them there is only
 * what they may not (calls_killed, calls_beyond, calls_no_family), and it is an
 * error: a program that looks what it may do goes on without.
 */
#ifdef __linux__

#include "os/sandbox_linux.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA	0x53564d41	/* the C library names its maps */
#endif
#ifdef __s390__
#define CLONE_FLAGS_ARG	1
#else
#define CLONE_FLAGS_ARG	0
#endif
#define CLONE_SPACES	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | \
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP)

#define S	CALLS_STDIO
#define K	CALLS_FORK
#define F	CALLS_FILES
#define N	CALLS_NET
#define O	CALLS_OWNER
#define M	CALLS_MODULES
#define P	CALLS_PROGRAMS

#define IS(i, v)	{ true, (i), SCMP_CMP_EQ, (uint64_t)(v), 0 }
#define HAS(i, bits)	{ true, (i), SCMP_CMP_MASKED_EQ, (uint64_t)(bits), \
			    (uint64_t)(bits) }
/* Of an int the kernel does not look at the upper half. */
#define INT_IS(i, v)	{ true, (i), SCMP_CMP_MASKED_EQ, UINT32_MAX, \
			    (uint64_t)(v) }
#define ISNT(i, v)	{ true, (i), SCMP_CMP_NE, (uint64_t)(v), 0 }
#define ABOVE(i, v)	{ true, (i), SCMP_CMP_GT, (uint64_t)(v), 0 }
#define LACKS(i, bits)	{ true, (i), SCMP_CMP_MASKED_EQ, (uint64_t)(bits), 0 }

/* Behind its type a socket's second argument has flags. */
#define SOCKET_IS(i, type) { true, (i), SCMP_CMP_MASKED_EQ, \
			    ~(uint64_t)(SOCK_NONBLOCK | SOCK_CLOEXEC), \
			    (uint64_t)(type) }

#define INET_(name, family, type, protocol) \
	CALL_IF(name, N, IS(0, family), SOCKET_IS(1, type), IS(2, protocol))
#define INET(name, type, protocol) \
	INET_(name, AF_INET, type, protocol), \
	INET_(name, AF_INET6, type, protocol)

#define CALL(name, with)	{ name, (with), 0, { { .used = false } } }
#define CALL_IF(name, with, ...) { name, (with), 0, { __VA_ARGS__ } }
#define CALL_IN(name, with, without, ...) \
	{ name, (with), (without), { __VA_ARGS__ } }
/* No file gets a set-uid or set-gid bit: others could run it. */
#define SETID_BITS	06000
#define CALL_MODE(name, with, i)	CALL_IF(name, with, LACKS(i, SETID_BITS))
#define PRCTL(option, with)	CALL_IF("prctl", with, IS(0, option))
#define FCNTL(command, with)	CALL_IF("fcntl", with, IS(1, command))

/* Sanitizers map what they instrument; nobody else makes code at run time. */
#if SANDBOX_SANITIZED
#define NO_EXEC_MAP(name)	CALL(name, S)
#else
#define NO_EXEC_MAP(name)	CALL_IF(name, S, LACKS(2, PROT_EXEC))
#endif

const struct call_rule calls_allowed[] = {
	/* descriptors that are open */
	CALL("read", S), CALL("write", S), CALL("readv", S),
	CALL("writev", S), CALL("pread64", S), CALL("pwrite64", S),
	CALL("preadv", S), CALL("pwritev", S), CALL("preadv2", S),
	CALL("pwritev2", S), CALL("lseek", S), CALL("close", S),
	CALL("close_range", S), CALL("dup", S), CALL("dup2", S),
	CALL("dup3", S), CALL("fstat", S),
	CALL("fsync", S), CALL("fdatasync", S), CALL("ftruncate", S),
	CALL("fadvise64", S),
	CALL("sync_file_range", S), CALL("sendfile", S), CALL("splice", S),
	CALL("tee", S), CALL("copy_file_range", S), CALL("flock", S),
	CALL("pipe", S), CALL("pipe2", S),
	/* By command: F_SETOWN and F_SETSIG are a kill() of another kind. */
	FCNTL(F_DUPFD, S), FCNTL(F_DUPFD_CLOEXEC, S), FCNTL(F_GETFD, S),
	FCNTL(F_SETFD, S), FCNTL(F_GETFL, S), FCNTL(F_SETFL, S),
	FCNTL(F_GETLK, F), FCNTL(F_SETLK, F), FCNTL(F_SETLKW, F),
	FCNTL(F_OFD_GETLK, F), FCNTL(F_OFD_SETLK, F),
	FCNTL(F_OFD_SETLKW, F), FCNTL(F_SETLEASE, F), FCNTL(F_GETLEASE, F),
	FCNTL(F_NOTIFY, F),
	FCNTL(F_SETSIG, F),	/* of a lease; its owner is who took it */
	CALL_IF("ioctl", S, IS(1, FIONREAD)),
	CALL_IF("ioctl", S, IS(1, FIONBIO)),
	CALL_IF("ioctl", S, IS(1, FIOCLEX)),
	/* The C library's fstat(); a path is useless where no path leads. */
	CALL_IN("newfstatat", S, F, HAS(3, AT_EMPTY_PATH)),

	/* sockets that are open */
	CALL("recvfrom", S), CALL("recvmsg", S), CALL("recvmmsg", S),
	/* A mailbox session shares its log channel with all others. */
	CALL_IN("shutdown", S, F, IS(1, SHUT_WR)), CALL("getsockopt", S),
	CALL("getsockname", S), CALL("getpeername", S),
	/* Not SO_LINGER: whoever is passed that socket would wait in close(). */
	/* Not of sessions: they share a log channel with their parent. */
	CALL_IF("setsockopt", K, IS(1, SOL_SOCKET), IS(2, SO_SNDBUF)),
	CALL_IF("setsockopt", K, IS(1, SOL_SOCKET), IS(2, SO_RCVBUF)),
	CALL_IF("setsockopt", S, IS(1, SOL_SOCKET), IS(2, SO_KEEPALIVE)),
	CALL_IF("setsockopt", S, IS(1, SOL_SOCKET), IS(2, SO_REUSEADDR)),
	CALL_IF("setsockopt", S, IS(1, IPPROTO_IP)),
	CALL_IF("setsockopt", S, IS(1, IPPROTO_IPV6)),
	CALL_IF("setsockopt", S, IS(1, IPPROTO_TCP)),
	/* MSG_FASTOPEN on a listener that was shut down is a connect(). */
	CALL_IN("sendto", S, N, LACKS(3, MSG_FASTOPEN)),
	CALL_IN("sendmsg", S, N, LACKS(2, MSG_FASTOPEN)),
	CALL_IN("sendmmsg", S, N, LACKS(3, MSG_FASTOPEN)),
	/*
	 * Channels, and libevent's wake-up pair.  Not of datagrams: such a
	 * socket sends to any address that it is given.
	 */
	CALL_IF("socketpair", S, IS(0, AF_UNIX), SOCKET_IS(1, SOCK_STREAM)),
	CALL_IF("socketpair", S, IS(0, AF_UNIX), SOCKET_IS(1, SOCK_SEQPACKET)),

	/* waiting */
	CALL("poll", S), CALL("ppoll", S), CALL("select", S),
	CALL("pselect6", S), CALL("epoll_create", S),
	CALL("epoll_create1", S), CALL("epoll_ctl", S),
	CALL("epoll_wait", S), CALL("epoll_pwait", S),
	CALL("epoll_pwait2", S), CALL("eventfd2", S),
	CALL("timerfd_create", S), CALL("timerfd_settime", S),
	CALL("timerfd_gettime", S), CALL("signalfd4", S),
	CALL("pause", S), CALL("restart_syscall", S),

	/* memory, locks between threads */
	NO_EXEC_MAP("mmap"), NO_EXEC_MAP("mprotect"), CALL("munmap", S),
	CALL("mremap", S), CALL("brk", S), CALL("madvise", S),
	CALL("msync", S), CALL("mlock", S), CALL("mlock2", S),
	CALL("munlock", S), CALL("futex", S), CALL("futex_waitv", S),
	CALL("set_robust_list", S), CALL("get_robust_list", S),
	CALL("rseq", S), CALL("membarrier", S), CALL("sched_yield", S),
	CALL("sched_getaffinity", S), CALL("getcpu", S),
	CALL("set_tid_address", S),

	/* time, chance, who am I */
	CALL("clock_gettime", S), CALL("clock_getres", S),
	CALL("clock_nanosleep", S), CALL("nanosleep", S),
	CALL("gettimeofday", S), CALL("time", S), CALL("times", S),
	CALL("getitimer", S), CALL("setitimer", S), CALL("alarm", S),
	CALL("getrandom", S), CALL("getpid", S), CALL("gettid", S),
	CALL("getppid", S), CALL("getpgrp", S), CALL("getpgid", S),
	CALL("getsid", S), CALL("getuid", S), CALL("geteuid", S),
	CALL("getgid", S), CALL("getegid", S), CALL("getresuid", S),
	CALL("getresgid", S), CALL("getgroups", S), CALL("capget", S),
	CALL("getrusage", S), CALL("getrlimit", S), CALL("uname", S),
	CALL("sysinfo", S), CALL("umask", S),
	/* Limits may be read, and only one's own. */
	CALL_IF("prlimit64", S, IS(0, 0), IS(2, 0)),
	/* A child sets how much it may write; higher than now it cannot be. */
	CALL_IF("prlimit64", K, IS(0, 0), IS(1, RLIMIT_FSIZE)),
	PRCTL(PR_SET_NAME, S), PRCTL(PR_GET_NAME, S),
	PRCTL(PR_SET_PDEATHSIG, S), PRCTL(PR_GET_DUMPABLE, S),
	CALL_IF("prctl", S, IS(0, PR_SET_DUMPABLE), IS(1, 0)),
	PRCTL(PR_GET_NO_NEW_PRIVS, S), PRCTL(PR_SET_NO_NEW_PRIVS, S),
	PRCTL(PR_GET_SECCOMP, S), PRCTL(PR_CAPBSET_READ, S),
	PRCTL(PR_SET_VMA, S),

	/* signals and the end */
	CALL("rt_sigaction", S), CALL("rt_sigprocmask", S),
	CALL("rt_sigreturn", S), CALL("rt_sigpending", S),
	CALL("rt_sigtimedwait", S), CALL("rt_sigsuspend", S),
	CALL("sigaltstack", S), CALL("exit", S), CALL("exit_group", S),

	/* processes: children, their ends, and filters that narrow theirs */
	CALL("fork", K), CALL("vfork", K),
	CALL_IF("clone", K, LACKS(CLONE_FLAGS_ARG, CLONE_SPACES)),
	CALL("wait4", K), CALL("waitid", K), CALL("kill", K),
	CALL("tgkill", K), CALL("pidfd_open", K),
	CALL("pidfd_send_signal", K), CALL("setsid", K),
	CALL("setpgid", K), CALL("accept", K), CALL("accept4", K),
	CALL("seccomp", K), PRCTL(PR_SET_SECCOMP, K),

	/* files beneath the root and what Landlock left */
	CALL_MODE("open", F, 2), CALL_MODE("openat", F, 3),
	CALL_MODE("creat", F, 1), CALL("stat", F), CALL("lstat", F),
	CALL("newfstatat", F), CALL("statx", F), CALL("access", F),
	CALL("faccessat", F), CALL("faccessat2", F), CALL("readlink", F),
	CALL("readlinkat", F), CALL("rename", F), CALL("renameat", F),
	CALL("renameat2", F), CALL("link", F), CALL("linkat", F),
	CALL("unlink", F), CALL("unlinkat", F), CALL_MODE("mkdir", F, 1),
	CALL_MODE("mkdirat", F, 2), CALL("rmdir", F), CALL("getdents", F),
	CALL("getdents64", F), CALL("chdir", F), CALL("fchdir", F),
	CALL("getcwd", F), CALL("statfs", F), CALL("fstatfs", F),
	CALL_MODE("fchmod", F, 1), CALL("fchown", F), CALL("syncfs", F),
	CALL("readahead", F), CALL("inotify_init", F),
	CALL("inotify_init1", F), CALL("inotify_add_watch", F),
	CALL("inotify_rm_watch", F),
	/* Is the maker of this lock file still there? */
	CALL_IF("kill", F, IS(1, 0)),
	/* futimens(): by descriptor, never by path. */
	CALL_IF("utimensat", F, IS(1, 0)),

	/* the internet */
	INET("socket", SOCK_STREAM, 0), INET("socket", SOCK_STREAM, IPPROTO_TCP),
	INET("socket", SOCK_DGRAM, 0), INET("socket", SOCK_DGRAM, IPPROTO_UDP),
	CALL("connect", N), CALL("bind", N), CALL("sendto", N),
	CALL("sendmsg", N), CALL("sendmmsg", N),

	/* to become the owner of a mailbox; by range in sandbox_linux_ids.c */
	CALL("setresuid", O), CALL("setresgid", O),
	CALL_IF("setgroups", O, IS(0, 0)), CALL("chroot", O),
	CALL("capset", O), PRCTL(PR_SET_KEEPCAPS, O),
	PRCTL(PR_CAPBSET_DROP, O), PRCTL(PR_CAP_AMBIENT, O),
	CALL("landlock_create_ruleset", O), CALL("landlock_add_rule", O),
	CALL("landlock_restrict_self", O),
};
const size_t calls_allowed_n = COUNT(calls_allowed);

#define NEVER(name)	CALL(name, 0)
#define NEVER_CLONE(space) \
	CALL_IF("clone", 0, HAS(CLONE_FLAGS_ARG, space))
#define ONLY(name, without) \
	{ name, 0, (without), { { .used = false } } }

/* (In the classes of unknown code: refused.) */
const struct call_rule calls_killed[] = {
	ONLY("execve", P), ONLY("execveat", P), NEVER("ptrace"),
	NEVER("process_vm_readv"), NEVER("process_vm_writev"),
	NEVER("process_madvise"), NEVER("kcmp"), NEVER("pidfd_getfd"),
	NEVER("mount"), NEVER("umount"), NEVER("umount2"),
	NEVER("pivot_root"), NEVER("move_mount"), NEVER("open_tree"),
	NEVER("fsopen"), NEVER("fsconfig"), NEVER("fsmount"),
	NEVER("fspick"), NEVER("mount_setattr"), NEVER("setns"),
	NEVER("unshare"), NEVER("init_module"), NEVER("finit_module"),
	NEVER("delete_module"), NEVER("kexec_load"),
	NEVER("kexec_file_load"), NEVER("reboot"), NEVER("swapon"),
	NEVER("swapoff"), NEVER("iopl"), NEVER("ioperm"), NEVER("bpf"),
	NEVER("perf_event_open"), NEVER("userfaultfd"), NEVER("keyctl"),
	NEVER("add_key"), NEVER("request_key"),
	NEVER("open_by_handle_at"), NEVER("quotactl"), NEVER("acct"),
	NEVER("settimeofday"), NEVER("clock_settime"), NEVER("adjtimex"),
	NEVER("sethostname"), NEVER("setdomainname"),
	NEVER_CLONE(CLONE_NEWNS), NEVER_CLONE(CLONE_NEWUTS),
	NEVER_CLONE(CLONE_NEWIPC), NEVER_CLONE(CLONE_NEWUSER),
	NEVER_CLONE(CLONE_NEWPID), NEVER_CLONE(CLONE_NEWNET),
	NEVER_CLONE(CLONE_NEWCGROUP),
	/* A program may say who it is; in its namespace are no others. */
	ONLY("setuid", P), ONLY("setgid", P), ONLY("setreuid", P),
	ONLY("setregid", P), ONLY("setfsuid", P), ONLY("setfsgid", P),
	ONLY("setresuid", O | P), ONLY("setresgid", O | P),
	ONLY("setgroups", O | P), ONLY("chroot", O),
	ONLY("socket", N | M | P), ONLY("connect", N | M | P),
	ONLY("bind", N | M | P), ONLY("listen", M | P),
};
const size_t calls_killed_n = COUNT(calls_killed);

/* Where no path leads anywhere, libraries look in vain, but in peace. */
const struct call_rule calls_not_found[] = {
	/* (openat2 hides its mode behind a pointer: nobody has it.) */
	ONLY("open", F), ONLY("openat", F), ONLY("openat2", F),
	ONLY("access", F), ONLY("faccessat", F), ONLY("faccessat2", F),
	ONLY("stat", F), ONLY("lstat", F), ONLY("readlink", F),
	ONLY("readlinkat", F),
};
const size_t calls_not_found_n = COUNT(calls_not_found);

/* Landlock does not see these; under a shared uid they would reach far. */
const struct call_rule calls_denied[] = {
	NEVER("chmod"), NEVER("fchmodat"), NEVER("fchmodat2"),
	NEVER("chown"), NEVER("lchown"), NEVER("fchownat"),
	NEVER("utime"), NEVER("utimes"), NEVER("futimesat"),
	NEVER("setxattr"), NEVER("lsetxattr"), NEVER("fsetxattr"),
	NEVER("removexattr"), NEVER("lremovexattr"),
	NEVER("fremovexattr"), NEVER("mknod"), NEVER("mknodat"),
	NEVER("symlink"), NEVER("symlinkat"), NEVER("truncate"),
	ONLY("fork", K), ONLY("vfork", K),
	CALL_IN("clone", 0, K, LACKS(CLONE_FLAGS_ARG, CLONE_SPACES)),
};
const size_t calls_denied_n = COUNT(calls_denied);

/*
 * What unknown code may not, beyond calls_killed: ways into the kernel that
 * nothing which delivers mail or judges passwords needs, and ways to be looked
 * into.
 */
const struct call_rule calls_beyond[] = {
	NEVER("io_uring_setup"), NEVER("io_uring_enter"),
	NEVER("io_uring_register"), NEVER("vm86"), NEVER("vm86old"),
	NEVER("modify_ldt"), NEVER("lookup_dcookie"), NEVER("uselib"),
	NEVER("nfsservctl"), NEVER("syslog"), NEVER("migrate_pages"),
	NEVER("move_pages"), NEVER("open_tree_attr"),
	CALL_IF("personality", 0, ISNT(0, 0xffffffff)),	/* may be asked */
	CALL_IF("ioctl", 0, INT_IS(1, TIOCSTI)),
	CALL_IF("ioctl", 0, INT_IS(1, TIOCLINUX)),
	CALL_IF("prctl", 0, INT_IS(0, PR_SET_PTRACER)),
	CALL_IF("prctl", 0, INT_IS(0, PR_SET_MM)),
	/* A program starts dumpable anew. */
	CALL_IF("prctl", M, INT_IS(0, PR_SET_DUMPABLE), ISNT(1, 0)),
};
const size_t calls_beyond_n = COUNT(calls_beyond);

/*
 * Sockets of unknown code: unix, internet, and netlink of the one protocol by
 * which the C library asks for addresses.  "No such family" is what libraries
 * know how to go on from: that of PAM without audit, for one.
 */
#define NO_FAMILY(...)	CALL_IF("socket", 0, __VA_ARGS__)
#define FAMILY(n)	NO_FAMILY(IS(0, n))
const struct call_rule calls_no_family[] = {
	FAMILY(0), FAMILY(3), FAMILY(4), FAMILY(5), FAMILY(6), FAMILY(7),
	FAMILY(8), FAMILY(9), FAMILY(11), FAMILY(12), FAMILY(13), FAMILY(14),
	FAMILY(15), NO_FAMILY(ABOVE(0, AF_NETLINK)),
	NO_FAMILY(IS(0, AF_NETLINK), ISNT(2, NETLINK_ROUTE)),
	/* No SCTP, no MPTCP. */
	NO_FAMILY(IS(0, AF_INET), ABOVE(2, IPPROTO_UDP)),
	NO_FAMILY(IS(0, AF_INET6), ABOVE(2, IPPROTO_UDP)),
};
const size_t calls_no_family_n = COUNT(calls_no_family);

#else
typedef int sandbox_linux_calls_is_off;
#endif
