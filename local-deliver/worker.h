/*
 * worker - serves the jobs of one mailbox, or of one program, until qmgr closes
 * its channel.
 */
#ifndef LOCAL_DELIVER_WORKER_H
#define LOCAL_DELIVER_WORKER_H

#include "conf/view.h"
#include "local-deliver/owner.h"

/* qmgr: the channel; closed. */
void	worker_mailbox(int qmgr, struct owner *o);
void	worker_pipe(int qmgr, const struct conf_view *conf);

#endif
