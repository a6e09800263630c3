/*
 * watch - see watch.h.  Only that something happened is of interest, not what:
 * the next folder_sync() sees for itself.
 */
#include "store/watch.h"

#include "os/fd.h"
#include "os/notify.h"

void
watch_open(struct watch *w, const struct folder *f)
{
	int dirs[2];

	folder_dirs(f, dirs);
	w->fd = notify_open(dirs, COUNT(dirs));
}

void
watch_drain(struct watch *w)
{
	if (w->fd >= 0)
		notify_drain(w->fd);
}

void
watch_close(struct watch *w)
{
	fd_close(&w->fd);
}
