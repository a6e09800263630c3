/*
 * session - one client after log-in: TRANSACTION, then UPDATE (RFC 1939 5, 6).
 */
#ifndef POP3D_SESSION_H
#define POP3D_SESSION_H

#include "base/base.h"
#include "login/session.h"
#include "net/stream.h"
#include "pop3d/maildrop.h"

/* Tag of the session's start: the client has said UTF8 (RFC 6856 2.1). */
#define SESSION_UTF8	"UTF8"

struct session {
	const struct login_session *how;
	bool		utf8;
	int64_t		lend_ms;	/* idle so long, it lends the maildrop; 0: never */
	struct stream	stream;
	struct maildrop drop;
	unsigned	errors;
	bool		done;
	bool		lent;		/* the maildrop, by lend.c */
	bool		lost;		/* and gone: no octet moves any more */
	size_t		retrieved, deleted;	/* for the log */
};

/* For lib/login: the whole session. */
void	session_run(const struct login_session *in);
void	session_refuse(int client, const struct session_start *start,
	    const char *why);

#endif
