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
};
const struct ipc_type sign_req_type =
    IPC_TYPE(sign_req, IPC_NUM_SIGN_REQ, IPC_FD_NONE, req_fields);

static const struct ipc_field rep_fields[] = {
	IPC_BLOB(sign_rep, sig, 1, SIGN_SIG_MAX),
};
const struct ipc_type sign_rep_type =
    IPC_TYPE(sign_rep, IPC_NUM_SIGN_REP, IPC_FD_NONE, rep_fields);
