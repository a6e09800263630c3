/*
 * roles - who is who.  A peer's role comes from the socket pair that master
 * (or the listener of a session) made, never from a message.
 */
#ifndef IPC_ROLES_H
#define IPC_ROLES_H

#include "base/base.h"

enum role {
	ROLE_MASTER,
	ROLE_LOGD,
	ROLE_KEYD,
	ROLE_LOOKUPD,
	ROLE_AUTHD,
	ROLE_DNSD,
	ROLE_QMGR,
	ROLE_SMTPD,		/* the listener */
	ROLE_SMTPD_SESSION,	/* its children */
	ROLE_SMTP_OUT,
	ROLE_SMTP_OUT_WORKER,
	ROLE_DELIVER,		/* local-deliver, the parent */
	ROLE_DELIVER_WORKER,
	ROLE_PIPE,		/* local-deliver in the role that runs programs */
	ROLE_PIPE_WORKER,
	ROLE_POP3_FRONT,
	ROLE_POP3_SESSION,	/* the parent of the mailbox sessions */
	ROLE_IMAP_FRONT,
	ROLE_IMAP_SESSION,
	ROLE_PAMD,
	ROLE_COUNT
};

#define ROLE_BIT(role)	((uint32_t)1 << (role))

/* "smtpd", "smtpd-session"...: for logs, `paquebot status` and documents. */
const char *role_name(enum role role);
/* The role of the child whose channel a listener role introduces; ROLE_COUNT: none. */
enum role role_child(enum role listener);

#endif
