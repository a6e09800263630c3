/*
 * wall_clock - preloaded, adds the nanoseconds that stand in the first eight
 * octets of the file WALL_CLOCK to the time of day, and to no other clock.  The
 * file is mapped before the program confines itself, so that a test can set
 * the clock while it runs, forward and back.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BILLION	1000000000LL

static volatile long long *offset_ns;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("WALL_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(long long), PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p != MAP_FAILED)
		offset_ns = p;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	long long ns;

	(void)syscall(SYS_clock_gettime, id, ts);
	if (offset_ns == NULL ||
	    (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return 0;
	ns = ts->tv_nsec + *offset_ns % BILLION;
	ts->tv_sec += (time_t)(*offset_ns / BILLION);
	if (ns < 0) {
		ns += BILLION;
		ts->tv_sec--;
	} else if (ns >= BILLION) {
		ns -= BILLION;
		ts->tv_sec++;
	}
	ts->tv_nsec = (long)ns;
	return 0;
}

time_t
time(time_t *t)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (t != NULL)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = (suseconds_t)(ts.tv_nsec / 1000);
	return 0;
}
