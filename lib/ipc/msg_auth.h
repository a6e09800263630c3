/*
 * msg_auth - proofs of identity to authd; and authd's word to the session
 * parents, which is the only way by which a mailbox is ever named to them.
 *
 * A front sends the client's connection along with the proof.  If the proof
 * holds, authd sends that connection on to the session parent together with
 * the mailbox; if not, it is closed there and the front, which kept its own
 * copy, goes on.
 */
#ifndef IPC_MSG_AUTH_H
#define IPC_MSG_AUTH_H

#include "base/why.h"
#include "ipc/catalogue.h"

#define AUTH_USER_MAX		320
#define AUTH_PASSWORD_MAX	1024
#define AUTH_PENDING_MAX	4096
#define AUTH_TAG_MAX		64

enum auth_service { AUTH_SMTP, AUTH_POP3, AUTH_IMAP };

struct auth_req {		/* smtpd session -> authd */
	char	user[AUTH_USER_MAX + 1];
	uint8_t	password[AUTH_PASSWORD_MAX];
	size_t	password_len;
	char	client[48];	/* address as text, for throttle and log */
};
enum auth_result { AUTH_OK, AUTH_WRONG, AUTH_TEMPORARY };
struct auth_rep {
	uint8_t	result;
	char	user[AUTH_USER_MAX + 1];	/* canonical, when AUTH_OK */
};

struct login_req {		/* front -> authd, with the connection */
	uint8_t	service;
	char	user[AUTH_USER_MAX + 1];
	uint8_t	password[AUTH_PASSWORD_MAX];
	size_t	password_len;
	char	client[48];
	char	session[17];	/* the front's session id, for logs */
	char	tag[AUTH_TAG_MAX + 1];	/* IMAP: of the command to be answered */
	uint8_t	pending[AUTH_PENDING_MAX];	/* input already read behind it */
	size_t	pending_len;
};
struct login_rep {		/* AUTH_OK: the session answers the client */
	uint8_t	result;
};

struct session_start {		/* authd -> session parent, with the connection */
	char	 user[AUTH_USER_MAX + 1];
	uint32_t uid, gid;
	char	 home[512];
	char	 maildir[512];
	uint64_t quota_octets;	/* 0: none */
	char	 client[48];
	char	 session[17];
	char	 tag[AUTH_TAG_MAX + 1];
	uint8_t	 pending[AUTH_PENDING_MAX];
	size_t	 pending_len;
};

extern const struct ipc_type auth_req_type, auth_rep_type, login_req_type,
    login_rep_type, session_start_type;

#endif
