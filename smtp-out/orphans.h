/*
 * orphans - results whose qmgr has ended, kept for the next one.
 */
#ifndef SMTP_OUT_ORPHANS_H
#define SMTP_OUT_ORPHANS_H

#include "base/base.h"
#include "ipc/msg_deliver.h"
#include "ipc/server.h"

/* Rule handler for ORPHAN_RESULT of a worker; ctx is unused. */
enum verdict	orphans_take(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
/* Tell the qmgr of srv, if there is one, all that is kept. */
void	orphans_give(struct ipc_server *srv);

#endif
