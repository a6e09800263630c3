/*
 * watch - news of a folder, for IDLE: a descriptor to poll beside the client.
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include "base/base.h"
#include "os/notify.h"
#include "store/folder.h"

#define WATCH_POLL_MS	5000	/* how often to sync where fd is -1 */

struct watch {
	int fd;		/* readable: something changed; -1: the system tells
			   nothing, folder_sync() every WATCH_POLL_MS */
	struct notify notify;	/* watch.c's */
};
#define WATCH_NONE	((struct watch){ .fd = -1, .notify = NOTIFY_NONE })

void	watch_open(struct watch *w, const struct folder *f);
/* Forget what was told so far; then folder_sync(). */
void	watch_drain(struct watch *w);
void	watch_close(struct watch *w);

#endif
