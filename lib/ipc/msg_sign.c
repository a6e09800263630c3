/*
 * msg_sign - see msg_sign.h.
 * The bounds of tbs are those of the two handshake messages that may be
 * signed at all: neither a digest nor a letter fits in between by chance.
 */
#include "ipc/msg_sign.h"

static const struct ipc_field req_fields[] = {
	IPC_U16(sign_req, scheme, SIGN_PKCS1_SHA256, SIGN_ED25519),
	IPC_TEXT(sign_req, host, 1, SIGN_HOST_MAX),
	IPC_BLOB(sign_req, key_id, SIGN_KEY_ID, SIGN_KEY_ID),
	IPC_BLOB(sign_req, tbs, SIGN_TBS_MIN, SIGN_TBS_MAX),
	IPC_BLOB(sign_req, client, 0, 16),
};
const struct ipc_type sign_req_type =
    IPC_TYPE(sign_req, IPC_NUM_SIGN_REQ, IPC_FD_NONE, req_fields);

static const struct ipc_field rep_fields[] = {
	IPC_BLOB(sign_rep, sig, 1, SIGN_SIG_MAX),
};
const struct ipc_type sign_rep_type =
    IPC_TYPE(sign_rep, IPC_NUM_SIGN_REP, IPC_FD_NONE, rep_fields);

static const struct ipc_field cert_req_fields[] = {
	IPC_TEXT(cert_req, host, 1, SIGN_HOST_MAX),
	IPC_U32(cert_req, from, 0, CERT_TOTAL_MAX),
	IPC_U64(cert_req, sum, 0, UINT64_MAX),
};
const struct ipc_type cert_req_type =
    IPC_TYPE(cert_req, IPC_NUM_CERT_REQ, IPC_FD_NONE, cert_req_fields);

static const struct ipc_field cert_rep_fields[] = {
	IPC_U32(cert_rep, from, 0, CERT_TOTAL_MAX),
	IPC_U32(cert_rep, total, 1, CERT_TOTAL_MAX),
	IPC_U64(cert_rep, sum, 0, UINT64_MAX),
	IPC_BLOB(cert_rep, part, 1, CERT_PART_MAX),
};
const struct ipc_type cert_rep_type =
    IPC_TYPE(cert_rep, IPC_NUM_CERT_REP, IPC_FD_NONE, cert_rep_fields);
