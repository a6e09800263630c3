/*
 * sandbox_linux_landlock - Landlock (landlock(7)): paths, TCP, signals.
 *
 * The constants are our own copies: the headers of a distribution know those
 * of its kernel's day, the kernel that runs may know more.  What it does not
 * know is left out by its ABI number.  ABI 1 refuses every rename and link
 * from one directory into another, which a queue lives of, so it is not used.
 *
 * Landlock does not cover chmod, chown, times and extended attributes, UDP,
 * and connect() to a path socket: the call filter does.
 */
#ifdef __linux__

#include "os/sandbox_linux.h"

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/fd.h"

#define SYS_CREATE	444	/* the same on all machines */
#define SYS_ADD_RULE	445
#define SYS_RESTRICT	446

#define CREATE_VERSION	1u
#define RULE_BENEATH	1
#define RULE_PORT	2

enum {				/* handled_access_fs */
	LL_EXECUTE = 1 << 0, LL_WRITE_FILE = 1 << 1, LL_READ_FILE = 1 << 2,
	LL_READ_DIR = 1 << 3, LL_REMOVE_DIR = 1 << 4,
	LL_REMOVE_FILE = 1 << 5, LL_MAKE_CHAR = 1 << 6,
	LL_MAKE_DIR = 1 << 7, LL_MAKE_REG = 1 << 8, LL_MAKE_SOCK = 1 << 9,
	LL_MAKE_FIFO = 1 << 10, LL_MAKE_BLOCK = 1 << 11,
	LL_MAKE_SYM = 1 << 12, LL_REFER = 1 << 13, LL_TRUNCATE = 1 << 14,
	LL_IOCTL_DEV = 1 << 15
};
enum { LL_BIND_TCP = 1 << 0, LL_CONNECT_TCP = 1 << 1 };
enum { LL_SCOPE_ABSTRACT = 1 << 0, LL_SCOPE_SIGNAL = 1 << 1 };

#define LL_ABI2		((uint64_t)(LL_TRUNCATE - 1))
#define LL_READ		((uint64_t)(LL_READ_FILE | LL_READ_DIR))
#define LL_WRITE	(LL_READ | LL_WRITE_FILE | LL_REMOVE_DIR | \
	LL_REMOVE_FILE | LL_MAKE_DIR | LL_MAKE_REG | LL_REFER | LL_TRUNCATE)

/* struct landlock_ruleset_attr of ABI 6; older kernels take a prefix. */
struct ruleset {
	uint64_t fs, net, scoped;
};

struct beneath {
	uint64_t access;
	int32_t	 dir;
} __attribute__((packed));

struct port {
	uint64_t access, port;
};

static size_t
ruleset_size(long abi)
{
	if (abi >= 6)
		return sizeof(struct ruleset);
	return abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static struct ruleset
ruleset_for(const struct landlock_want *want, long abi)
{
	struct ruleset set = { .fs = 0 };

	if (want->restrict_paths)
		set.fs = LL_ABI2 | (abi >= 3 ? LL_TRUNCATE : 0) |
		    (abi >= 5 ? LL_IOCTL_DEV : 0);
	if (abi >= 4 && want->restrict_tcp)
		set.net = LL_BIND_TCP | LL_CONNECT_TCP;
	else if (abi >= 4 && want->restrict_bind)
		set.net = LL_BIND_TCP;
	if (abi >= 6)
		set.scoped = LL_SCOPE_ABSTRACT |
		    (want->scope_signals ? LL_SCOPE_SIGNAL : 0);
	return set;
}

static int
add_dirs(int rules, const int *dirs, uint64_t access)
{
	struct beneath b = { .access = access };

	for (; dirs != NULL && *dirs >= 0; dirs++) {
		b.dir = *dirs;
		if (syscall(SYS_ADD_RULE, rules, RULE_BENEATH, &b, 0) != 0)
			return -1;
	}
	return 0;
}

/* Port 0 is whichever is free: for an address of ours to connect from. */
static int
add_any_port(int rules)
{
	const struct port p = { .access = LL_BIND_TCP, .port = 0 };

	return (int)syscall(SYS_ADD_RULE, rules, RULE_PORT, &p, 0);
}

/* What cannot be told from the ruleset: is it in force? */
static bool
in_force(const struct landlock_want *want)
{
	int fd;

	if (!want->restrict_paths || want->read_dirs != NULL ||
	    want->write_dirs != NULL)
		return true;
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES;
	fd_close(&fd);
	errno = EPERM;
	return false;
}

int
landlock_restrict(const struct landlock_want *want)
{
	long abi = syscall(SYS_CREATE, NULL, 0, CREATE_VERSION);
	struct ruleset set;
	int rules, rc = -1;

	if (abi < 2)
		return 0;	/* not built in, turned off, or too old */
	set = ruleset_for(want, abi);
	if (set.fs == 0 && set.net == 0 && set.scoped == 0)
		return (int)abi;
	rules = (int)syscall(SYS_CREATE, &set, ruleset_size(abi), 0);
	if (rules < 0)
		return -1;
	if (set.fs == 0 ||
	    (add_dirs(rules, want->read_dirs, LL_READ & set.fs) == 0 &&
	    add_dirs(rules, want->write_dirs, LL_WRITE & set.fs) == 0))
		rc = (set.net == LL_BIND_TCP && add_any_port(rules) != 0) ||
		    syscall(SYS_RESTRICT, rules, 0) != 0 || !in_force(want) ?
		    -1 : (int)abi;
	fd_close(&rules);
	return rc;
}

#else
typedef int sandbox_linux_landlock_is_off;
#endif
