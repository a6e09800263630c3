/*
 * watch - see watch.h.  Only that something happened is of interest, not what:
 * the next folder_sync() sees for itself.
 */
#include "store/watch.h"

void
watch_open(struct watch *w, const struct folder *f)
{
	int dirs[2];

	folder_dirs(f, dirs);
	if (notify_open(&w->notify, dirs, COUNT(dirs)) != 0)
		notify_close(&w->notify);	/* the caller polls */
	w->fd = w->notify.fd;
}

void
watch_drain(struct watch *w)
{
	notify_drain(&w->notify);
}

void
watch_close(struct watch *w)
{
	notify_close(&w->notify);
	w->fd = -1;
}
