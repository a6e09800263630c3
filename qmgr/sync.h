/*
 * sync - what has to wait for a disk waits in another process: a helper that
 * is handed descriptors and syncs them, while the loop goes on.
 */
#ifndef QMGR_SYNC_H
#define QMGR_SYNC_H

#include <event2/event.h>

#include "base/base.h"
#include "os/spawn.h"
#include "queue/entry.h"

struct sync;

/* ok: it is on stable storage.  Never called from within sync_*(). */
typedef void sync_done(bool ok, void *arg);

struct sync *sync_new(struct event_base *base, const struct queue *q);

/*
 * Make the names in incoming durable: those that are there now.  All that
 * ask while one sync runs share the next one.
 */
void	sync_incoming(struct sync *s, sync_done *done, void *arg);
/* The octets of a file; the descriptor stays the caller's. */
void	sync_file(struct sync *s, int fd, sync_done *done, void *arg);
/*
 * A file was moved into this directory: it is synced before incoming is, so
 * that no sync can make the loss of the old name durable before the new one.
 */
void	sync_moved(struct sync *s, size_t dir);
/* A child ended; nothing happens if it was not the helper. */
void	sync_child(struct sync *s, const struct spawn_end *end);
/* The log channel is another: the helper gets it. */
void	sync_pass_log(const struct sync *s);

#endif
