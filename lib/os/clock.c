/*
 * clock - see clock.h.  Monotonic time is CLOCK_MONOTONIC: it never steps, and
 * a deadline made in one process holds in its children.  Test builds (-DFAULT)
 * add PAQUEBOT_CLOCK_SHIFT seconds to both clocks, so that a test can live
 * through five days of retries, and to wall time the seconds that the file
 * PAQUEBOT_CLOCK_FILE holds at that moment, so that it can jump.
 */
#include "os/clock.h"

#ifdef FAULT
#include <sys/mman.h>
#endif

#include <errno.h>
#ifdef FAULT
#include <fcntl.h>
#include <stdlib.h>
#endif
#include <time.h>
#ifdef FAULT
#include <unistd.h>
#endif

#include "base/bug.h"
#ifdef FAULT
#include "base/num.h"
#endif

static int64_t
shift_s(void)
{
#ifdef FAULT
	static int64_t shift = -1;
	uint64_t v;

	if (shift < 0) {
		shift = 0;
		if (num_parse(span_str(getenv("PAQUEBOT_CLOCK_SHIFT")), 0,
		    UINT32_MAX, &v) == 0)
			shift = (int64_t)v;
	}
	return shift;
#else
	return 0;
#endif
}

#ifdef FAULT
static const volatile int64_t *jump_s;

/* Before main: later no file can be opened. */
__attribute__((constructor)) static void
map_jump(void)
{
	const char *path = getenv("PAQUEBOT_CLOCK_FILE");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *page;

	if (fd < 0)
		return;
	page = mmap(NULL, sizeof(*jump_s), PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page != MAP_FAILED)
		jump_s = page;
}
#endif

static struct timespec
now(clockid_t which)
{
	struct timespec ts;

	if (clock_gettime(which, &ts) != 0)
		bug("clock_gettime: errno %d", errno);
	ts.tv_sec += shift_s();
#ifdef FAULT
	if (which == CLOCK_REALTIME && jump_s != NULL)
		ts.tv_sec += *jump_s;
#endif
	return ts;
}

int64_t
clock_mono_ms(void)
{
	struct timespec ts = now(CLOCK_MONOTONIC);

	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_wall_s(void)
{
	return now(CLOCK_REALTIME).tv_sec;
}

uint64_t
clock_wall_us(void)
{
	struct timespec ts = now(CLOCK_REALTIME);

	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

int64_t
clock_boot_s(void)
{
#ifdef CLOCK_BOOTTIME
	struct timespec up;

	if (clock_gettime(CLOCK_BOOTTIME, &up) == 0)
		return clock_wall_s() - up.tv_sec;
#endif
	return 0;
}

int
clock_zone_minutes(int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL)
		return 0;
	return (int)(tm.tm_gmtoff / 60);
}

int64_t
clock_deadline(int64_t from_now_ms)
{
	int64_t t = clock_mono_ms(), out;

	if (__builtin_add_overflow(t, from_now_ms, &out))
		return from_now_ms > 0 ? INT64_MAX : INT64_MIN;
	return out;
}

void
clock_sleep_ms(int64_t ms)
{
	struct timespec ts;

	if (ms <= 0)
		return;
	ts.tv_sec = (time_t)(ms / 1000);
	ts.tv_nsec = (long)(ms % 1000) * 1000000;
	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		continue;
}
