/*
 * orphans - deliveries that outlived the qmgr that had ordered them: which are
 * still under way, and the results of the others, for the next qmgr.
 */
#ifndef SMTP_OUT_ORPHANS_H
#define SMTP_OUT_ORPHANS_H

#include "base/base.h"
#include "ipc/msg_deliver.h"
#include "ipc/server.h"

/* Rule handlers for ORPHAN and ORPHAN_RESULT of a worker; ctx is unused. */
enum verdict	orphans_begin(struct ipc_peer *worker,
	    const struct ipc_msg *msg, void *ctx);
enum verdict	orphans_take(struct ipc_peer *worker,
	    const struct ipc_msg *msg, void *ctx);
/* This worker has ended. */
void	orphans_end(const struct ipc_peer *worker);
/* A new qmgr: it is told all that is kept. */
void	orphans_tell(struct ipc_server *srv);

#endif
