/* reload - new settings for a running suite. */
#ifndef MASTER_RELOAD_H
#define MASTER_RELOAD_H

#include "base/base.h"
#include "base/buf.h"
#include "ipc/server.h"
#include "master/master.h"

/*
 * 0, or -1 with the mistakes in errors and nothing changed.  Where
 * there are certificates keyd judges them first, and the rest follows.
 */
int	reload(struct master *m, struct buf *errors) must_use;
/* fd hears of pairs that were refused, and of the end; owned from here on. */
void	reload_tell(struct master *m, int fd);
enum verdict reload_on_refused(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
enum verdict reload_on_judged(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
/* That daemon has ended: nothing more is to be expected of it. */
void	reload_lost(struct master *m, const struct proc *p);

#endif
