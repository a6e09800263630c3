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
