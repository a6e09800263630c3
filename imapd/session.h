/*
 * session - one client after log-in: reads commands, carries them out, ends.
 * Straight-line code; every read and write has a deadline.
 *
 *	AUTHENTICATED <-> SELECTED -> LOGOUT	(RFC 3501 section 3)
 */
#ifndef IMAPD_SESSION_H
#define IMAPD_SESSION_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "imapd/content.h"
#include "imapd/input.h"
#include "imapd/names.h"
#include "imapd/progress.h"
#include "imapd/saved.h"
#include "imapd/view.h"
#include "imapd/workaround.h"
#include "net/stream.h"
#include "store/folder.h"

enum session_state {		/* one bit each: struct command.states */
	STATE_AUTHENTICATED = 1,
	STATE_SELECTED = 2,
	STATE_LOGOUT = 4
};

enum session_enabled {		/* by the client: RFC 5161, RFC 7162 */
	ENABLED_CONDSTORE = 1,
	ENABLED_QRESYNC = 2,
	ENABLED_UTF8 = 4,	/* UTF8=ACCEPT (RFC 6855) */
	ENABLED_REV2 = 8	/* IMAP4rev2 (RFC 9051) */
};

enum uses_make { USES_LEAVE, USES_CREATE, USES_SUBSCRIBE };

struct session_how {
	int	    fd;		/* the connection, non-blocking; taken over */
	int	    root;	/* descriptor of the mail root; borrowed */
	const char *user, *session;	/* for the log; session may be NULL */
	const char *tag;	/* of the log-in, answered first; "": greeting */
	struct span pending;	/* input that came behind the log-in */
	char	    separator;	/* of the hierarchy, as clients see it */
	struct span special_use;	/* "name=use;..." (RFC 6154 2) */
	enum uses_make uses_make;	/* those that are missing */
	unsigned    workarounds;	/* enum workaround */
	bool	    literal_minus;	/* LITERAL- (RFC 7888 5), not LITERAL+ */
	int64_t	    idle_ms;	/* a client may be silent */
	int64_t	    progress_ms; /* between two signs of life */
	uint64_t    message_max_octets;
	uint64_t    folders_max;	/* quota; 0: none */
};

struct command;

struct session {
	const struct session_how *how;
	struct stream net;
	struct input in;
	enum session_state state;
	struct arena *mem;		/* of the command */
	struct span tag;		/* of the command; in s->in */
	const struct command *command;
	struct buf answer;		/* the tagged line, without tag */
	unsigned bad;			/* answers of BAD in a row */
	struct folder *folder;		/* STATE_SELECTED */
	struct view view;
	struct uids late;		/* new, not told: WORKAROUND_DELAY_NEWMAIL */
	struct saved saved;		/* "$" */
	struct buf flags_told;		/* the FLAGS line, last told */
	unsigned enabled;		/* enum session_enabled */
	struct names_form names;
	bool	 modseqs;		/* the selected folder keeps numbers */
	bool	 modseq_held;		/* expunges above modseq_known wait */
	uint64_t modseq_known;		/* the client knows all up to here */
	bool	 expunged;		/* by this command */
	bool	 told;			/* the command itself has told all changes */
	struct progress progress;
	struct content content;
};

/* Serve the client until it or its time ends. */
void	session_serve(const struct session_how *how);
/* The only way to another state. */
void	session_enter(struct session *s, enum session_state state);
/* The client speaks IMAP4rev2. */
bool	session_is_rev2(const struct session *s);
/* From here on the client has time, as long as octets move. */
void	session_pace(struct session *s);
/* Close the selected folder, if there is one. */
void	session_unselect(struct session *s);

#endif
