/*
 * orphan - deliveries that outlived the qmgr that had ordered them.  Their
 * parents tell us of them when they get to know us; such a message is not
 * tried again before the result is here, or some minutes have passed.
 */
#ifndef QMGR_ORPHAN_H
#define QMGR_ORPHAN_H

#include "ipc/server.h"
#include "qmgr/message.h"

struct orphans;

struct orphans *orphans_new(void);

/* The message is read back: waits for its orphan, or begins a pass. */
void	orphan_gate(struct message *m);
void	orphan_tick(struct qmgr *q, int64_t now_ms);

enum verdict orphan_on_orphan(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
enum verdict orphan_on_result(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);

#endif
