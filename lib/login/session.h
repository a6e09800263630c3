/*
 * session - the parent that becomes a mailbox's owner: gets SESSION_START with
 * the client's connection from authd, forks, and the child becomes the owner for
 * good, chroots into the Maildir and serves one client in a straight line.
 */
#ifndef LOGIN_SESSION_H
#define LOGIN_SESSION_H

#include "base/base.h"
#include "daemon/service.h"
#include "ipc/msg_auth.h"

struct login_session {
	const struct session_start *start;	/* who, tag, pending input */
	int client;		/* the connection; non-blocking */
	int root;		/* the Maildir; also the root directory */
	const struct conf_view *conf;
};

struct login_session_proto {
	enum role   role;	/* ROLE_POP3_SESSION or ROLE_IMAP_SESSION */
	const char *clients_max;	/* setting: sessions at once */
	/*
	 * Runs in the child, confined.  Answers the login first.  Returns when the
	 * client is done; the process then ends.
	 */
	void (*run)(const struct login_session *s);
	/* The mailbox cannot be opened, or too many sessions: tell the client
	   (temporary), in the protocol's words.  Runs in the parent or child. */
	void (*refuse)(int client, const struct session_start *start,
	    const char *why);
};

/*
 * The whole daemon role: confine (owner capabilities in the namespace), serve
 * authd, fork sessions, until told to stop.  The Maildir is made if it is not
 * there yet.
 * returns  exit code for main()
 */
int	login_session_main(const struct service *svc,
	    const struct login_session_proto *proto, int argc, char **argv);

#endif
