/*
 * dispatch - jobs to workers; the message as an open descriptor.
 *
 * A worker is a channel whose other end a deliverer's parent got and gave to a
 * child.  It belongs to one destination (for local mail: one mailbox), has one
 * job, or one row of jobs, at a time, and is kept some seconds for the next.
 */
#ifndef QMGR_DISPATCH_H
#define QMGR_DISPATCH_H

#include "ipc/server.h"
#include "qmgr/qmgr.h"

struct dispatch;

struct dispatch *dispatch_new(struct qmgr *q);
/* Start every job that may start. */
void	dispatch_turn(struct qmgr *q);
/* Once a second: workers that were idle long enough are let go. */
void	dispatch_tick(struct qmgr *q, int64_t now_ms);
/* A worker's channel ended. */
void	dispatch_peer_gone(struct qmgr *q, struct ipc_peer *peer);
/* Let idle workers go now. */
void	dispatch_close_idle(struct qmgr *q);
size_t	dispatch_running(const struct qmgr *q);

enum verdict dispatch_on_result(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
enum verdict dispatch_on_forward(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
enum verdict dispatch_on_end(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);

#endif
