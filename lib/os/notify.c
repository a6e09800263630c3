/*
 * notify - see notify.h.  inotify(7) takes paths and no descriptors: a
 * directory is entered by fchdir(2) and watched as ".", so that no /proc is
 * needed in a jail and nothing is resolved anew; then the working directory
 * becomes what it was.  F_NOTIFY of fcntl(2) takes a descriptor, and ends when
 * any copy of it is closed: so it gets one of its own.  Its signal is read as a
 * descriptor and never caught.  On Linux only; elsewhere callers poll.
 */
#include "os/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#include <sys/signalfd.h>
#endif

#include "os/fd.h"

#ifdef __linux__
#define WATCHED	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | \
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define SIGNALLED ((long)(DN_CREATE | DN_DELETE | DN_RENAME | DN_MULTISHOT))

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

/* SIGIO, blocked, as a descriptor; two of them would take it from each other. */
static int
signal_fd(void)
{
	sigset_t set;

	if (sigemptyset(&set) != 0 || sigaddset(&set, SIGIO) != 0 ||
	    sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int
signal_all(struct notify *n, const int *dirs, size_t count)
{
	n->fd = signal_fd();
	if (n->fd < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		n->dirs[i] = openat(dirs[i], ".", O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC);
		if (n->dirs[i] < 0 ||
		    fcntl(n->dirs[i], F_NOTIFY, SIGNALLED) != 0)
			return -1;
	}
	return 0;
}
#endif

int
notify_open(struct notify *n, const int *dirs, size_t count)
{
	*n = NOTIFY_NONE;
	errno = EINVAL;
	if (count > NOTIFY_DIRS_MAX)
		return -1;
#ifdef __linux__
	n->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (n->fd >= 0 && watch_all(n->fd, dirs, count) == 0)
		return 0;
	fd_close(&n->fd);
	if (signal_all(n, dirs, count) == 0)
		return 0;
	notify_close(n);
#else
	(void)dirs;
	errno = ENOSYS;
#endif
	return -1;
}

/* Both kinds are read as whole records, of which only the arrival counts. */
void
notify_drain(struct notify *n)
{
#ifdef __linux__
	_Alignas(struct inotify_event) char events[4096];

	while (n->fd >= 0 && fd_read(n->fd, events, sizeof(events)) > 0)
		continue;
#else
	(void)n;
#endif
}

void
notify_close(struct notify *n)
{
	for (size_t i = 0; i < NOTIFY_DIRS_MAX; i++)
		fd_close(&n->dirs[i]);
	fd_close(&n->fd);
}
