/*
 * fast_clock - preloaded, makes monotonic time run FAST_CLOCK times as fast
 * and waits that much shorter, so that a test can see the end of a deadline of
 * minutes.  The program under test is the one that ships.
 *
 * With FAST_CLOCK_FILE that begins when the first octet of this file is no
 * longer 0: the start of a program is not what is to be over in a moment.
 */
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BILLION	1000000000LL

static long long factor = 1, begin_ns;
static const volatile char *go = "1";
static int (*real_poll)(struct pollfd *, nfds_t, int);
static int (*real_epoll_wait)(int, struct epoll_event *, int, int);

static long long
read_ns(clockid_t id)
{
	struct timespec ts = { 0, 0 };

	(void)syscall(SYS_clock_gettime, id, &ts);
	return ts.tv_sec * BILLION + ts.tv_nsec;
}

static void
watch(const char *path)
{
	void *page;
	int fd;

	if (path == NULL || (fd = open(path, O_RDONLY)) < 0)
		return;
	page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page != MAP_FAILED)
		go = page;
}

/* Is it fast by now?  From this moment on, then. */
static int
is_fast(void)
{
	if (*go == 0)
		return 0;
	if (begin_ns == 0)
		begin_ns = read_ns(CLOCK_MONOTONIC);
	return 1;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *text = getenv("FAST_CLOCK");

	for (factor = 0; text != NULL && *text >= '0' && *text <= '9'; text++)
		factor = factor * 10 + (*text - '0');
	if (factor == 0)
		factor = 1;
	watch(getenv("FAST_CLOCK_FILE"));
	if (*go != 0)
		begin_ns = read_ns(CLOCK_MONOTONIC);
	*(void **)&real_poll = dlsym(RTLD_NEXT, "poll");
	*(void **)&real_epoll_wait = dlsym(RTLD_NEXT, "epoll_wait");
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int fast = (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE) &&
	    is_fast();
	long long now = read_ns(id);

	if (fast)
		now = begin_ns + (now - begin_ns) * factor;
	ts->tv_sec = (time_t)(now / BILLION);
	ts->tv_nsec = (long)(now % BILLION);
	return 0;
}

static int
shorter(int timeout)
{
	return timeout <= 0 || !is_fast() ? timeout :
	    (int)((timeout + factor - 1) / factor);
}

int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	return real_poll(fds, n, shorter(timeout));
}

int
epoll_wait(int fd, struct epoll_event *events, int n, int timeout)
{
	return real_epoll_wait(fd, events, n, shorter(timeout));
}
