/*
 * sandbox_linux_landlock - Landlock (landlock(7)): paths, TCP, signals.
 *
 * The constants are our own copies: the headers of a distribution know those
 * of its kernel's day, the kernel that runs may know more.  What it does not
 * know is left out by its ABI number.  ABI 1 refuses every rename and link
 * from one directory into another, which a queue lives of, so it is not used.
 *
 * What was asked for is then tried, as far as one process can: a path, an abstract
 * socket from before, the parent, a port.
 *
 * Landlock does not cover chmod, chown, times and extended attributes, UDP,
 * and connect() to a path socket: the call filter does.
 */
#ifdef __linux__

#include "os/sandbox_linux.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
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
	else if (abi >= 4)
		set.net = (want->restrict_bind ? LL_BIND_TCP : 0) |
		    (want->connect_ports_n > 0 ? LL_CONNECT_TCP : 0);
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

static int
add_port(int rules, uint64_t access, uint16_t port)
{
	const struct port p = { .access = access, .port = port };

	return (int)syscall(SYS_ADD_RULE, rules, RULE_PORT, &p, 0);
}

static int
add_ports(int rules, const struct landlock_want *want, uint64_t net)
{
	if (want->restrict_tcp)
		return 0;
	/* 0 is whichever is free: for an address of ours to connect from. */
	if ((net & LL_BIND_TCP) != 0 && add_port(rules, LL_BIND_TCP, 0) != 0)
		return -1;
	if ((net & LL_CONNECT_TCP) != 0)
		for (size_t i = 0; i < want->connect_ports_n; i++)
			if (add_port(rules, LL_CONNECT_TCP,
			    want->connect_ports[i]) != 0)
				return -1;
	return 0;
}

/* ------------------------------------------------------- is it in force? */

struct probe {
	int		   outside;	/* made before the ruleset */
	struct sockaddr_un at;		/* its name, abstract */
	socklen_t	   at_n;
};

/* A socket at a name that the system chooses. */
static int
probe_begin(struct probe *p)
{
	const sa_family_t family = AF_UNIX;

	p->at_n = sizeof(p->at);
	p->outside = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return p->outside >= 0 && bind(p->outside,
	    (const struct sockaddr *)&family, sizeof(family)) == 0 &&
	    getsockname(p->outside, (struct sockaddr *)&p->at,
	    &p->at_n) == 0 ? 0 : -1;
}

static bool
refuses_abstract(const struct probe *p)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)&p->at,
	    p->at_n) != 0 && errno == EPERM;

	fd_close(&fd);
	return refused;
}

/* Our parent is outside; who is nobody's child has none to try. */
static bool
refuses_signals(void)
{
	pid_t parent = getppid();

	return parent <= 1 || kill(parent, 0) != 0;
}

/*
 * Nobody serves port 0, and no list allows it; 65535 may be tried for a moment
 * at worst.  A system without IPv4 has nothing to be tried.
 */
static bool
refuses_ports(uint64_t net)
{
	const struct sockaddr_in none = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in last = none;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = true;

	if (fd < 0)
		return errno == EAFNOSUPPORT;
	last.sin_port = 0xffff;
	if ((net & LL_CONNECT_TCP) != 0)
		refused = connect(fd, (const struct sockaddr *)&none,
		    sizeof(none)) != 0 && errno == EACCES;
	if (refused && (net & LL_BIND_TCP) != 0)
		refused = bind(fd, (const struct sockaddr *)&last,
		    sizeof(last)) != 0 && errno == EACCES;
	fd_close(&fd);
	return refused;
}

static bool
refuses_paths(const struct landlock_want *want)
{
	int fd;

	if (!want->restrict_paths || want->read_dirs != NULL ||
	    want->write_dirs != NULL)
		return true;
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES;
	fd_close(&fd);
	return false;
}

/* What cannot be told from the ruleset. */
static bool
in_force(const struct landlock_want *want, const struct ruleset *set,
    const struct probe *p)
{
	bool all = refuses_paths(want);

	if (all && want->verify && (set->scoped & LL_SCOPE_ABSTRACT) != 0)
		all = refuses_abstract(p);
	if (all && want->verify && (set->scoped & LL_SCOPE_SIGNAL) != 0)
		all = refuses_signals();
	if (all && want->verify && set->net != 0)
		all = refuses_ports(set->net);
	if (!all)
		errno = EPERM;
	return all;
}

static int
add_rules(int rules, const struct ruleset *set,
    const struct landlock_want *want)
{
	if (set->fs != 0 &&
	    (add_dirs(rules, want->read_dirs, LL_READ & set->fs) != 0 ||
	    add_dirs(rules, want->write_dirs, LL_WRITE & set->fs) != 0))
		return -1;
	return add_ports(rules, want, set->net);
}

int
landlock_restrict(const struct landlock_want *want)
{
	long abi = syscall(SYS_CREATE, NULL, 0, CREATE_VERSION);
	struct probe probe = { .outside = -1 };
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
	if ((!want->verify || probe_begin(&probe) == 0) &&
	    add_rules(rules, &set, want) == 0 &&
	    syscall(SYS_RESTRICT, rules, 0) == 0 &&
	    in_force(want, &set, &probe))
		rc = (int)abi;
	fd_close(&probe.outside);
	fd_close(&rules);
	return rc;
}

#else
typedef int sandbox_linux_landlock_is_off;
#endif
