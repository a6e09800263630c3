/*
 * session - one client after log-in: TRANSACTION, then UPDATE (RFC 1939 5, 6).
 */
#ifndef POP3D_SESSION_H
#define POP3D_SESSION_H

#include "base/base.h"
#include "login/session.h"
#include "net/stream.h"
#include "pop3d/maildrop.h"

struct session {
	const struct login_session *how;
	struct stream	stream;
	struct maildrop drop;
	unsigned	errors;
	bool		done;
	size_t		retrieved, deleted;	/* for the log */
};

/* For lib/login: the whole session. */
void	session_run(const struct login_session *in);
void	session_refuse(int client, const struct session_start *start,
	    const char *why);

#endif
