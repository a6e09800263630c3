/*
 * hijack - see hijack.h.
 * A process is looked into from where it is weakest: where it reads.  The
 * octets that wait are peeked at, so that neither the size of the reader's
 * buffer nor its parser matters.  The calls are made with the raw numbers and
 * all 64 bits of the arguments, because that is what an intruder would do; so
 * what stands in the way is the system alone and nothing of the library.
 *
 * All of this is for tests: `make install` refuses such a build, and it says
 * so in the log whenever a daemon starts.
 */
#include "os/hijack.h"

#ifdef PAQ_HIJACK

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/span.h"

#define IDLE_MS		120000	/* without an order it is let go */
#define CHILDREN_MAX	4096

static struct {
	bool	 allowed;
	char	 name[28];
	_Alignas(16) char memory[HIJACK_MEMORY];
	char	 packet[4 + sizeof(struct hijack_order) + HIJACK_MEMORY];
	pid_t	 children[CHILDREN_MAX];
} hijack;

void
hijack_allow(const char *name)
{
	hijack.allowed = true;
	span_copy_cut(span_str(name), hijack.name, sizeof(hijack.name));
	log_error(LF_STR("event", "hijack-build"), LF_STR("daemon", name));
}

static bool
wait_for(int fd, short what)
{
	struct pollfd p = { .fd = fd, .events = what };
	int rc;

	do
		rc = poll(&p, 1, IDLE_MS);
	while (rc < 0 && errno == EINTR);	/* a child has ended */
	return rc == 1;
}

/* A stream brings pieces, a channel the whole packet. */
static bool
get(int fd, char *to, size_t n)
{
	while (n > 0) {
		ssize_t got;

		if (!wait_for(fd, POLLIN))
			return false;
		got = recv(fd, to, n, MSG_DONTWAIT);
		if (got <= 0)
			return false;
		to += got;
		n -= (size_t)got;
	}
	return true;
}

static bool
put(int fd, const char *from, size_t n)
{
	while (n > 0) {
		ssize_t done;

		if (!wait_for(fd, POLLOUT))
			return false;
		done = send(fd, from, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (done <= 0)
			return false;
		from += done;
		n -= (size_t)done;
	}
	return true;
}

/* Whole packets where the socket keeps them apart. */
static ssize_t
get_order(int fd, int type)
{
	uint32_t n;
	ssize_t got;

	if (type == SOCK_SEQPACKET) {
		if (!wait_for(fd, POLLIN))
			return -1;
		got = recv(fd, hijack.packet, sizeof(hijack.packet),
		    MSG_DONTWAIT);
		return got > 4 ? got - 4 : -1;
	}
	if (!get(fd, hijack.packet, 4))
		return -1;
	memcpy(&n, hijack.packet, 4);
	if (n > sizeof(hijack.packet) - 4 || !get(fd, hijack.packet + 4, n))
		return -1;
	return (ssize_t)n;
}

static bool
say(int fd, const void *head, size_t head_n, const char *more, size_t more_n)
{
	uint32_t n = (uint32_t)(head_n + more_n);

	memcpy(hijack.packet, &n, 4);
	memcpy(hijack.packet + 4, head, head_n);
	if (more_n > 0)
		memcpy(hijack.packet + 4 + head_n, more, more_n);
	return put(fd, hijack.packet, 4 + (size_t)n);
}

static bool
makes_children(uint64_t number)
{
	return number == SYS_clone || number == SYS_clone3
#ifdef SYS_fork
	    || number == SYS_fork || number == SYS_vfork
#endif
	    ;
}

static int64_t
call(const struct hijack_order *o)
{
	const uint64_t *a = o->args;
	long rc = syscall((long)o->number, a[0], a[1], a[2], a[3], a[4],
	    a[5]);
	int error = errno;

	if (rc == 0 && makes_children(o->number))
		_exit(0);	/* the child; the parent tells of it */
	return rc == -1 ? -error : rc;
}

static int64_t
call_32(const struct hijack_order *o)
{
#ifdef __x86_64__
	long rc = -ENOSYS;

	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(o->number),
	    "b"(o->args[0]), "c"(o->args[1]), "d"(o->args[2]),
	    "S"(o->args[3]), "D"(o->args[4]) : "memory");
	return rc;
#else
	(void)o;
	return -ENOSYS;
#endif
}

/* As many children at once as there may be. */
static int64_t
forks(uint64_t most)
{
	size_t n = 0;
	int error = 0;

	while (n < most && n < CHILDREN_MAX) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				(void)pause();
		if (pid < 0) {
			error = errno;
			break;
		}
		hijack.children[n++] = pid;
	}
	for (size_t i = 0; i < n; i++)
		(void)kill(hijack.children[i], SIGKILL);
	for (size_t i = 0; i < n; i++)
		(void)waitpid(hijack.children[i], NULL, 0);
	return n == 0 ? -error : (int64_t)n;
}

/* false: let go. */
static bool
obey(int fd, int type)
{
	struct hijack_order o;
	struct hijack_result r;
	ssize_t n = get_order(fd, type);

	if (n < (ssize_t)sizeof(o))
		return false;
	memcpy(&o, hijack.packet + 4, sizeof(o));
	if (o.op == HIJACK_LET_GO ||
	    o.more_n != (size_t)n - sizeof(o) || o.at > HIJACK_MEMORY ||
	    o.more_n > HIJACK_MEMORY - o.at || o.out_at > HIJACK_MEMORY ||
	    o.out_n > HIJACK_MEMORY - o.out_at)
		return false;
	memcpy(hijack.memory + o.at, hijack.packet + 4 + sizeof(o), o.more_n);
	if (o.op == HIJACK_FORKS)
		r.result = forks(o.number);
	else
		r.result = o.op == HIJACK_CALL_32 ? call_32(&o) : call(&o);
	return say(fd, &r, sizeof(r), hijack.memory + o.out_at, o.out_n);
}

/* A descriptor that blocks is waited for here: else what comes is read there. */
static void
wait_if_blocking(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && (flags & O_NONBLOCK) == 0)
		(void)!poll(&p, 1, -1);
}

void
hijack_look(int fd, bool waits)
{
	static const char magic[] = HIJACK_MAGIC;
	struct hijack_hello hello = { .pid = (uint32_t)getpid(),
		.memory = (uint64_t)(uintptr_t)hijack.memory };
	char text[sizeof(magic) - 1];
	int type = 0, error = errno;
	socklen_t size = sizeof(type);

	if (!hijack.allowed)
		return;
	if (waits)
		wait_if_blocking(fd);
	if (recv(fd, text, sizeof(text),
	    MSG_PEEK | MSG_DONTWAIT) != sizeof(text) ||
	    memcmp(text, magic, sizeof(text)) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
		errno = error;
		return;
	}
	(void)!recv(fd, text, sizeof(text), MSG_DONTWAIT);
	memcpy(hello.name, hijack.name, sizeof(hello.name));
	if (say(fd, &hello, sizeof(hello), NULL, 0))
		while (obey(fd, type))
			;
	errno = error;
}

#else

/* ISO C wants something in each file. */
typedef int hijack_is_off;

#endif
