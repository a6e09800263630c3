/*
 * msg_queue - a session puts a message into the queue.
 *
 * NEW -> FILE with a descriptor open for writing only (or a refusal).  The
 * session writes the file (queue/format.h), syncs and closes it, then COMMIT ->
 * COMMITTED: it is on stable storage under its name; only then 250.  A channel
 * that ends, or ABORT, drops what was not committed.
 */
#ifndef IPC_MSG_QUEUE_H
#define IPC_MSG_QUEUE_H

#include "base/id.h"
#include "ipc/catalogue.h"

struct queue_new {
	uint64_t size_octets;	/* as declared by SIZE, or 0 */
};
struct queue_file {		/* with the descriptor */
	char id[ID_SIZE];
};
struct queue_commit {
	char id[ID_SIZE];
};
struct queue_committed {
	char id[ID_SIZE];
};
struct queue_abort {		/* no answer */
	char id[ID_SIZE];
};
/*
 * With the connection of a user of this host, as the kernel said it to the
 * listener: the messages that are his are written to it.  No answer.
 */
struct queue_mine {
	uint32_t uid;
};

extern const struct ipc_type queue_new_type, queue_file_type,
    queue_commit_type, queue_committed_type, queue_abort_type,
    queue_mine_type;

#endif
