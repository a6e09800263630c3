/*
 * msg_deliver - see msg_deliver.h.
 * A LOCAL_WORKER for the pipe role names no owner and no Maildir, so 0 and ""
 * are in bounds; the deliverer refuses them where an owner is needed.
 */
#include "ipc/msg_deliver.h"

#define ADDRESS	LOOKUP_ADDRESS_MAX
#define ID_MOST	(UINT32_MAX - 1)	/* -1 means "leave as it is" */
#define ESC_MOST 9			/* "5.999.999" */
/* message_size_max (conf/keys) and what is put in front of a message. */
#define SIZE_MOST (UINT64_C(4294967296) + UINT64_C(1048576))
/* An envelope of recipients_max recipients, each with two addresses. */
#define AT_MOST	UINT64_C(268435456)

static const struct ipc_field out_worker_fields[] = {
	IPC_U8(out_worker, generic, 0, 1),
	IPC_U8(out_worker, auth, 0, 1),
};
const struct ipc_type out_worker_type =
    IPC_TYPE(out_worker, IPC_NUM_OUT_WORKER, IPC_FD_ONE, out_worker_fields);

static const struct ipc_field worker_fields[] = {
	IPC_TEXT(local_worker, user, 0, ADDRESS),
	IPC_U32(local_worker, uid, 0, ID_MOST),
	IPC_U32(local_worker, gid, 0, ID_MOST),
	IPC_TEXT(local_worker, home, 0, 511),
	IPC_TEXT(local_worker, maildir, 0, 511),
	IPC_U8(local_worker, system_user, 0, 1),
};
const struct ipc_type local_worker_type =
    IPC_TYPE(local_worker, IPC_NUM_LOCAL_WORKER, IPC_FD_ONE, worker_fields);

static const struct ipc_field job_fields[] = {
	IPC_TEXT(job, id, ID_LEN, ID_LEN),
	IPC_TEXT(job, sender, 0, ADDRESS),
	IPC_U64(job, at_octets, 1, AT_MOST),
	IPC_U64(job, size_octets, 0, SIZE_MOST),
	IPC_U8(job, body_8bit, 0, 1),
	IPC_U8(job, transport, TRANSPORT_SMTP, TRANSPORT_LMTP),
	IPC_TEXT(job, nexthop, 0, 255),
	IPC_U16(job, port, 0, UINT16_MAX),
	IPC_U8(job, tls, DEMAND_DEFAULT, DEMANDS - 1),
	IPC_TEXT(job, source, 0, LOOKUP_SOURCE_MAX),
	IPC_TEXT(job, auth, 0, ADDRESS),
	IPC_U8(job, smtputf8, 0, 1),
	IPC_U8(job, ret, 0, 2),
	IPC_TEXT(job, envid, 0, 100),
	IPC_U32(job, nrcpts, 1, JOB_RCPTS_MOST),
};
const struct ipc_type job_type =
    IPC_TYPE(job, IPC_NUM_JOB, IPC_FD_ONE, job_fields);

static const struct ipc_field rcpt_fields[] = {
	IPC_U32(job_rcpt, index, 0, UINT32_MAX),
	IPC_TEXT(job_rcpt, address, 1, ADDRESS),
	IPC_TEXT(job_rcpt, original, 0, ADDRESS),
	IPC_TEXT(job_rcpt, detail, 0, 64),
	IPC_U8(job_rcpt, notify, 0, 15),
	IPC_TEXT(job_rcpt, orcpt, 0, 500),
};
const struct ipc_type job_rcpt_type =
    IPC_TYPE(job_rcpt, IPC_NUM_JOB_RCPT, IPC_FD_NONE, rcpt_fields);

static const struct ipc_field go_fields[] = {
	IPC_U8(job_go, more, 0, 1),
};
const struct ipc_type job_go_type =
    IPC_TYPE(job_go, IPC_NUM_JOB_GO, IPC_FD_NONE, go_fields);

static const struct ipc_field result_fields[] = {
	IPC_U32(result, index, 0, UINT32_MAX),
	IPC_U8(result, kind, RESULT_DONE, RESULT_NEVER),
	IPC_TEXT(result, esc, 0, ESC_MOST),
	IPC_TEXT(result, text, 0, 511),
	IPC_TEXT(result, remote, 0, 255),
	IPC_U8(result, told, 0, 1),
};
const struct ipc_type result_type =
    IPC_TYPE(result, IPC_NUM_RESULT, IPC_FD_NONE, result_fields);

static const struct ipc_field forward_fields[] = {
	IPC_U32(result_forward, index, 0, UINT32_MAX),
	IPC_TEXT(result_forward, address, 1, ADDRESS),
};
const struct ipc_type result_forward_type = IPC_TYPE(result_forward,
    IPC_NUM_RESULT_FORWARD, IPC_FD_NONE, forward_fields);

static const struct ipc_field end_fields[] = {
	IPC_U8(job_end, reusable, 0, 1),
	IPC_U8(job_end, site_down, 0, 1),
};
const struct ipc_type job_end_type =
    IPC_TYPE(job_end, IPC_NUM_JOB_END, IPC_FD_NONE, end_fields);

static const struct ipc_field orphan_fields[] = {
	IPC_TEXT(orphan, id, ID_LEN, ID_LEN),
};
const struct ipc_type orphan_type =
    IPC_TYPE(orphan, IPC_NUM_ORPHAN, IPC_FD_NONE, orphan_fields);

static const struct ipc_field orphan_result_fields[] = {
	IPC_TEXT(orphan_result, id, ID_LEN, ID_LEN),
	IPC_U32(orphan_result, index, 0, UINT32_MAX),
	IPC_U8(orphan_result, kind, RESULT_DONE, RESULT_NEVER),
	IPC_TEXT(orphan_result, esc, 0, ESC_MOST),
	IPC_TEXT(orphan_result, text, 0, 511),
};
const struct ipc_type orphan_result_type = IPC_TYPE(orphan_result,
    IPC_NUM_ORPHAN_RESULT, IPC_FD_NONE, orphan_result_fields);
