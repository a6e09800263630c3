/*
 * notify - see notify.h.  inotify(7) takes paths and no descriptors: a
 * directory is entered by fchdir(2) and watched as ".", so that no /proc is
 * needed in a jail and nothing is resolved anew; then the working directory
 * becomes what it was.  On Linux only; elsewhere callers poll.
 */
#include "os/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

#include "os/fd.h"

#ifdef __linux__
#define WATCHED	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | \
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

static int
watch_all(int fd, const int *dirs, size_t n)
{
	int back, rc = 0;

	back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (back < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (fchdir(dirs[i]) != 0 ||
		    inotify_add_watch(fd, ".", WATCHED) < 0)
			rc = -1;
	if (fchdir(back) != 0)
		rc = -1;
	fd_close(&back);
	return rc;
}
#endif

int
notify_open(const int *dirs, size_t n)
{
#ifdef __linux__
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && watch_all(fd, dirs, n) != 0)
		fd_close(&fd);
	return fd;
#else
	(void)dirs;
	(void)n;
	errno = ENOSYS;
	return -1;
#endif
}

void
notify_drain(int fd)
{
#ifdef __linux__
	_Alignas(struct inotify_event) char events[4096];

	while (fd_read(fd, events, sizeof(events)) > 0)
		continue;
#else
	(void)fd;
#endif
}
