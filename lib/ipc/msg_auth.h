/*
 * msg_auth - proofs of identity to authd; and authd's word to the session
 * parents, which is the only way by which a mailbox is ever named to them.
 *
 * A front sends the client's connection along with the proof.  If the proof
 * holds, authd sends that connection on to the session parent together with
 * the mailbox; if not, it is closed there and the front, which kept its own
 * copy, goes on.
 *
 * Where a proof takes several steps (SASL other than PLAIN and LOGIN), authd
 * has the exchange and the asker carries the client's responses to it:
 * SASL_BEGIN, SASL_MORE for each further response, each answered by SASL_REP.
 * AUTH_OK ends it well.  A front then claims the mailbox, once, with
 * LOGIN_CLAIM and the connection; whose mailbox it is, authd remembers.
 */
#ifndef IPC_MSG_AUTH_H
#define IPC_MSG_AUTH_H

#include "base/why.h"
#include "ipc/catalogue.h"

#define AUTH_USER_MAX		320
#define AUTH_PASSWORD_MAX	1024
#define AUTH_PENDING_MAX	4096
#define AUTH_TAG_MAX		64
#define AUTH_RESPONSE_MAX	6000	/* octets of a client's response, decoded */
#define AUTH_CHALLENGE_MAX	372	/* fits a line of SMTP in base64 */
#define AUTH_BINDING_MAX	64
#define AUTH_MECH_LAST		8	/* of enum sasl_mech, trust/sasl.h */

enum auth_service { AUTH_SMTP, AUTH_POP3, AUTH_IMAP };

struct auth_req {		/* smtpd session -> authd */
	char	user[AUTH_USER_MAX + 1];
	uint8_t	password[AUTH_PASSWORD_MAX];
	size_t	password_len;
	char	client[48];	/* address as text, for throttle and log */
	char	session[17];	/* the session's id, for logs */
};
enum auth_result {
	AUTH_OK,
	AUTH_WRONG,
	AUTH_TEMPORARY,
	/* SASL_REP alone: */
	AUTH_BAD,		/* no message of that mechanism */
	AUTH_CHALLENGE,		/* go on */
	/* never sent: */
	AUTH_CANCELLED		/* by the client */
};
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
	char	tag[AUTH_TAG_MAX + 1];	/* IMAP: of the command to be answered;
					   POP3: "UTF8" when that was said */
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

struct sasl_begin {		/* smtpd session, front -> authd */
	uint32_t exchange;	/* the asker's number for it, until it ends */
	uint8_t	 service, mech;
	char	 client[48];
	char	 session[17];
	uint8_t	 exporter[AUTH_BINDING_MAX];	/* tls-exporter; empty: none */
	size_t	 exporter_len;
	uint8_t	 end_point[AUTH_BINDING_MAX];	/* tls-server-end-point */
	size_t	 end_point_len;
	char	 certified[AUTH_USER_MAX + 1];	/* by a certificate, or "" */
	uint8_t	 initial;	/* is there an initial response? */
	uint8_t	 response[AUTH_RESPONSE_MAX];
	size_t	 response_len;
};
struct sasl_more {
	uint32_t exchange;
	uint8_t	 response[AUTH_RESPONSE_MAX];
	size_t	 response_len;
};
struct sasl_end {		/* the client has cancelled, or is gone */
	uint32_t exchange;
};
struct sasl_rep {		/* all but AUTH_CHALLENGE and AUTH_OK end it */
	uint8_t	 result;
	char	 user[AUTH_USER_MAX + 1];	/* canonical, when AUTH_OK */
	uint8_t	 challenge[AUTH_CHALLENGE_MAX];
	size_t	 challenge_len;
};
struct login_claim {		/* front -> authd after AUTH_OK; LOGIN_REP */
	uint32_t exchange;
	char	 tag[AUTH_TAG_MAX + 1];
	uint8_t	 pending[AUTH_PENDING_MAX];
	size_t	 pending_len;
};

extern const struct ipc_type auth_req_type, auth_rep_type, login_req_type,
    login_rep_type, session_start_type, sasl_begin_type, sasl_more_type,
    sasl_end_type, sasl_rep_type, login_claim_type;

#endif
