/* msg_queue - see msg_queue.h.  An id has one length; ours are never less. */
#include "ipc/msg_queue.h"

/* The largest value of message_size_max (conf/keys). */
#define SIZE_MOST	UINT64_C(4294967296)

static const struct ipc_field new_fields[] = {
	IPC_U64(queue_new, size_octets, 0, SIZE_MOST),
};
const struct ipc_type queue_new_type =
    IPC_TYPE(queue_new, IPC_NUM_QUEUE_NEW, IPC_FD_NONE, new_fields);

static const struct ipc_field file_fields[] = {
	IPC_TEXT(queue_file, id, ID_LEN, ID_LEN),
};
const struct ipc_type queue_file_type =
    IPC_TYPE(queue_file, IPC_NUM_QUEUE_FILE, IPC_FD_ONE, file_fields);

static const struct ipc_field commit_fields[] = {
	IPC_TEXT(queue_commit, id, ID_LEN, ID_LEN),
};
const struct ipc_type queue_commit_type =
    IPC_TYPE(queue_commit, IPC_NUM_QUEUE_COMMIT, IPC_FD_NONE, commit_fields);

static const struct ipc_field committed_fields[] = {
	IPC_TEXT(queue_committed, id, ID_LEN, ID_LEN),
};
const struct ipc_type queue_committed_type = IPC_TYPE(queue_committed,
    IPC_NUM_QUEUE_COMMITTED, IPC_FD_NONE, committed_fields);

static const struct ipc_field abort_fields[] = {
	IPC_TEXT(queue_abort, id, ID_LEN, ID_LEN),
};
const struct ipc_type queue_abort_type =
    IPC_TYPE(queue_abort, IPC_NUM_QUEUE_ABORT, IPC_FD_NONE, abort_fields);

static const struct ipc_field mine_fields[] = {
	IPC_U32(queue_mine, uid, 0, UINT32_MAX),
};
const struct ipc_type queue_mine_type =
    IPC_TYPE(queue_mine, IPC_NUM_QUEUE_MINE, IPC_FD_ONE, mine_fields);
