/*
 * msg_auth - see msg_auth.h.
 * A mailbox owner is never root: 0 is out of bounds in SESSION_START, so a
 * session parent cannot even be asked.  Passwords are blobs: any octet counts.
 */
#include "ipc/msg_auth.h"

#include "base/id.h"

#define ID_MOST	(UINT32_MAX - 1)	/* -1 means "leave as it is" */
#define SESSION	(SESSION_ID_SIZE - 1)

static const struct ipc_field req_fields[] = {
	IPC_TEXT(auth_req, user, 1, AUTH_USER_MAX),
	IPC_BLOB(auth_req, password, 0, AUTH_PASSWORD_MAX),
	IPC_TEXT(auth_req, client, 2, 47),
	IPC_TEXT(auth_req, session, SESSION, SESSION),
};
const struct ipc_type auth_req_type =
    IPC_TYPE(auth_req, IPC_NUM_AUTH_REQ, IPC_FD_NONE, req_fields);

static const struct ipc_field rep_fields[] = {
	IPC_U8(auth_rep, result, AUTH_OK, AUTH_TEMPORARY),
	IPC_TEXT(auth_rep, user, 0, AUTH_USER_MAX),
};
const struct ipc_type auth_rep_type =
    IPC_TYPE(auth_rep, IPC_NUM_AUTH_REP, IPC_FD_NONE, rep_fields);

static const struct ipc_field login_fields[] = {
	IPC_U8(login_req, service, AUTH_POP3, AUTH_IMAP),
	IPC_TEXT(login_req, user, 1, AUTH_USER_MAX),
	IPC_BLOB(login_req, password, 0, AUTH_PASSWORD_MAX),
	IPC_TEXT(login_req, client, 2, 47),
	IPC_TEXT(login_req, session, SESSION, SESSION),
	IPC_TEXT(login_req, tag, 0, AUTH_TAG_MAX),
	IPC_BLOB(login_req, pending, 0, AUTH_PENDING_MAX),
};
const struct ipc_type login_req_type =
    IPC_TYPE(login_req, IPC_NUM_LOGIN_REQ, IPC_FD_ONE, login_fields);

static const struct ipc_field login_rep_fields[] = {
	IPC_U8(login_rep, result, AUTH_OK, AUTH_TEMPORARY),
};
const struct ipc_type login_rep_type =
    IPC_TYPE(login_rep, IPC_NUM_LOGIN_REP, IPC_FD_NONE, login_rep_fields);

static const struct ipc_field start_fields[] = {
	IPC_TEXT(session_start, user, 1, AUTH_USER_MAX),
	IPC_U32(session_start, uid, 1, ID_MOST),
	IPC_U32(session_start, gid, 1, ID_MOST),
	IPC_TEXT(session_start, home, 0, 511),
	IPC_TEXT(session_start, maildir, 1, 511),
	IPC_U64(session_start, quota_octets, 0, UINT64_MAX),
	IPC_TEXT(session_start, client, 2, 47),
	IPC_TEXT(session_start, session, SESSION, SESSION),
	IPC_TEXT(session_start, tag, 0, AUTH_TAG_MAX),
	IPC_BLOB(session_start, pending, 0, AUTH_PENDING_MAX),
};
const struct ipc_type session_start_type =
    IPC_TYPE(session_start, IPC_NUM_SESSION_START, IPC_FD_ONE, start_fields);

static const struct ipc_field begin_fields[] = {
	IPC_U32(sasl_begin, exchange, 0, UINT32_MAX),
	IPC_U8(sasl_begin, service, AUTH_SMTP, AUTH_IMAP),
	IPC_U8(sasl_begin, mech, 0, AUTH_MECH_LAST),
	IPC_TEXT(sasl_begin, client, 2, 47),
	IPC_TEXT(sasl_begin, session, SESSION, SESSION),
	IPC_BLOB(sasl_begin, exporter, 0, AUTH_BINDING_MAX),
	IPC_BLOB(sasl_begin, end_point, 0, AUTH_BINDING_MAX),
	IPC_TEXT(sasl_begin, certified, 0, AUTH_USER_MAX),
	IPC_U8(sasl_begin, initial, 0, 1),
	IPC_BLOB(sasl_begin, response, 0, AUTH_RESPONSE_MAX),
};
const struct ipc_type sasl_begin_type =
    IPC_TYPE(sasl_begin, IPC_NUM_SASL_BEGIN, IPC_FD_NONE, begin_fields);

static const struct ipc_field more_fields[] = {
	IPC_U32(sasl_more, exchange, 0, UINT32_MAX),
	IPC_BLOB(sasl_more, response, 0, AUTH_RESPONSE_MAX),
};
const struct ipc_type sasl_more_type =
    IPC_TYPE(sasl_more, IPC_NUM_SASL_MORE, IPC_FD_NONE, more_fields);

static const struct ipc_field end_fields[] = {
	IPC_U32(sasl_end, exchange, 0, UINT32_MAX),
};
const struct ipc_type sasl_end_type =
    IPC_TYPE(sasl_end, IPC_NUM_SASL_END, IPC_FD_NONE, end_fields);

static const struct ipc_field sasl_rep_fields[] = {
	IPC_U8(sasl_rep, result, AUTH_OK, AUTH_CHALLENGE),
	IPC_TEXT(sasl_rep, user, 0, AUTH_USER_MAX),
	IPC_BLOB(sasl_rep, challenge, 0, AUTH_CHALLENGE_MAX),
};
const struct ipc_type sasl_rep_type =
    IPC_TYPE(sasl_rep, IPC_NUM_SASL_REP, IPC_FD_NONE, sasl_rep_fields);

static const struct ipc_field claim_fields[] = {
	IPC_U32(login_claim, exchange, 0, UINT32_MAX),
	IPC_TEXT(login_claim, tag, 0, AUTH_TAG_MAX),
	IPC_BLOB(login_claim, pending, 0, AUTH_PENDING_MAX),
};
const struct ipc_type login_claim_type =
    IPC_TYPE(login_claim, IPC_NUM_LOGIN_CLAIM, IPC_FD_ONE, claim_fields);
