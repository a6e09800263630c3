/*
 * sandbox_linux - what the Linux files of the sandbox share.
 */
#ifndef OS_SANDBOX_LINUX_H
#define OS_SANDBOX_LINUX_H

#ifdef __linux__

#include <seccomp.h>

#include "base/base.h"
#include "base/why.h"
#include "os/confine.h"
#include "os/namespace.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED	1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED	0
#endif

/*
 * What kills a process would end a test at its first try: in such a build it
 * gets this error instead, which no call returns by itself.
 */
#ifdef PAQ_HIJACK
#define FILTER_KILLS	(SECCOMP_RET_ERRNO | EHWPOISON)
#define FILTER_KILLS_BY_LIBRARY	SCMP_ACT_ERRNO(EHWPOISON)
#else
#define FILTER_KILLS	SECCOMP_RET_KILL_PROCESS
#define FILTER_KILLS_BY_LIBRARY	SCMP_ACT_KILL_PROCESS
#endif

/* What a class of sandbox is made of. */
enum call_set {
	CALLS_STDIO = 1,
	CALLS_FORK = 2,
	CALLS_FILES = 4,
	CALLS_NET = 8,
	CALLS_OWNER = 16,
	CALLS_MODULES = 32,	/* these two: all that no table refuses */
	CALLS_PROGRAMS = 64
};

struct call_arg {
	bool	 used;
	unsigned index;
	enum scmp_compare op;
	uint64_t a, b;
};

/* For the classes with one of `with` (0: all) and none of `without`. */
struct call_rule {
	const char *name;
	unsigned    with, without;
	struct call_arg args[3];
};

extern const struct call_rule calls_allowed[], calls_killed[],
    calls_not_found[], calls_denied[], calls_beyond[], calls_no_family[];
extern const size_t calls_allowed_n, calls_killed_n, calls_not_found_n,
    calls_denied_n, calls_beyond_n, calls_no_family_n;

/*
 * Landlock.  dirs: lists ended by -1, or NULL.  restrict_paths: false leaves
 * paths alone.  verify: tries that the ports and scopes are in force; not
 * where a filter kills who makes a socket.
 * returns  the ABI used; 0: the system has none that is useful; -1: failed
 */
struct landlock_want {
	const int *read_dirs, *write_dirs;
	bool restrict_paths, scope_signals;
	/* No TCP at all; or no port that others could connect to. */
	bool restrict_tcp, restrict_bind;
	/* Connections to these only; none: to any, unless restrict_tcp. */
	const uint16_t *connect_ports;
	size_t connect_ports_n;
	bool verify;
};
int	landlock_restrict(const struct landlock_want *want) must_use;

/* 0, or -1 with errno. */
int	seccomp_by_class(enum sandbox sandbox) must_use;
/* The same filter for the process pid, as a BPF program written to out. */
int	seccomp_export(enum sandbox sandbox, uint32_t pid, int out) must_use;
int	seccomp_ids(const struct id_range *uids, size_t nuids,
	    const struct id_range *gids, size_t ngids) must_use;

#endif
#endif
