/*
 * commit - sessions put messages into the queue.
 *
 * NEW makes a file and gives a descriptor for writing away.  COMMIT believes
 * nothing: the kernel says that no writer is left, the file says what it
 * holds; then the name is made durable together with all others that wait,
 * and only then the session hears COMMITTED (RFC 5321 6.1).
 */
#ifndef QMGR_COMMIT_H
#define QMGR_COMMIT_H

#include "ipc/server.h"
#include "qmgr/qmgr.h"

struct receive;

struct receive *receive_new(void);
/* A session's channel ended: what it had not committed is removed. */
void	commit_peer_gone(struct qmgr *q, struct ipc_peer *peer);

enum verdict commit_on_new(struct ipc_peer *peer, const struct ipc_msg *msg,
	    void *ctx);
enum verdict commit_on_commit(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);
enum verdict commit_on_abort(struct ipc_peer *peer,
	    const struct ipc_msg *msg, void *ctx);

#endif
