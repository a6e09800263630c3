/*
 * notify - news of directories as one descriptor to poll.
 */
#ifndef OS_NOTIFY_H
#define OS_NOTIFY_H

#include "base/base.h"

#define NOTIFY_DIRS_MAX	4

struct notify {
	int fd;		/* CLOEXEC, non-blocking; readable after news; or -1 */
	int dirs[NOTIFY_DIRS_MAX];	/* held open, or -1 */
};
#define NOTIFY_NONE	((struct notify){ .fd = -1, .dirs = { -1, -1, -1, -1 } })

/*
 * News: a name was made, removed or renamed in one of the directories.  Where
 * this user has no inotify(7) instance left (Linux has 128 for each) a signal
 * serves, which a process can have once: SIGIO is blocked from then on.
 * dirs     n open directories, at most NOTIFY_DIRS_MAX; need not stay open
 * returns  0; -1: this system tells nothing (n->fd is -1): look from time to
 *          time instead
 */
int	notify_open(struct notify *n, const int *dirs, size_t count) must_use;
/* Forget what was told so far. */
void	notify_drain(struct notify *n);
void	notify_close(struct notify *n);

#endif
