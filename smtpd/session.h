/*
 * session - one connection: greeting, commands, end.  Straight-line code with
 * deadlines in a process that serves nobody else.
 *
 * States and their edges:
 *	START	nothing said		-> READY (EHLO HELO LHLO), END
 *	READY	hello was said		-> MAIL, START (STARTTLS), END
 *	MAIL	a sender was accepted	-> RCPT, READY (RSET, EHLO), END
 *	RCPT	and a recipient		-> CHUNK, READY (message, RSET, EHLO),
 *					   END
 *	CHUNK	and a part of the text	-> READY (message, RSET, EHLO), END
 *	END	the connection is over
 */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include "base/base.h"
#include "base/id.h"
#include "base/span.h"
#include "ipc/client.h"
#include "ipc/msg_auth.h"
#include "mail/received.h"
#include "net/stream.h"
#include "os/sock.h"
#include "smtpd/envelope.h"
#include "smtpd/limits.h"
#include "smtpd/policy.h"
#include "smtpd/settings.h"

enum session_state {		/* bits: the command table has sets of them */
	ST_START = 1 << 0,
	ST_READY = 1 << 1,
	ST_MAIL = 1 << 2,
	ST_RCPT = 1 << 3,
	ST_CHUNK = 1 << 4,
	ST_END = 1 << 5
};
#define ST_ANY	(ST_START | ST_READY | ST_MAIL | ST_RCPT | ST_CHUNK)

struct intake;

/* The channels of a session process; they serve all of its connections. */
struct channels {
	struct ipc_client lookupd, qmgr;
	struct ipc_client authd;	/* only on submission, else closed */
};

/* What TLS says for a log-in: data to bind it to, and who the client is. */
struct session_ties {
	uint8_t	exporter[AUTH_BINDING_MAX];	/* tls-exporter */
	size_t	exporter_len;			/* 0: none */
	uint8_t	end_point[AUTH_BINDING_MAX];	/* tls-server-end-point */
	size_t	end_point_len;
	char	certified[AUTH_USER_MAX + 1];	/* by a certificate, or "" */
};

struct session {
	const struct settings *set;
	struct channels *ch;
	struct stream net;
	enum session_state state;
	struct facts facts;
	struct counts count;
	struct sock_addr peer;
	char	 client[SOCK_IP_SIZE];	/* its address as text, or "local" */
	char	 id[SESSION_ID_SIZE];	/* for logs */
	char	 helo[LIMIT_HELO_OCTETS + 1];
	const char *tls;		/* version, or NULL: in the clear */
	const char *cipher;
	struct session_ties ties;
	uint32_t exchange;		/* the last one of SASL with authd */
	char	 login[AUTH_USER_MAX + 1];	/* account, or "uid:N", or "" */
	enum received_how how;
	const char *last;		/* the command at hand, for logs */
	char	 origin[SOCK_IP_SIZE];	/* XFORWARD: for the log, or "" */
	struct envelope env;
	struct intake *chunks;		/* the message at hand, in ST_CHUNK */
	unsigned messages;		/* accepted */
	int	 chan;		/* to the listener, or -1: it is silent */
	bool	 stress;	/* few places were left at its begin */
	unsigned judged;	/* errors that step() has seen */
	bool	 behind;		/* a proxy passed it on, or XCLIENT spoke */
	bool	 odd;			/* something was wrong with this client */
};

struct session_client {
	const struct settings *set;
	struct channels *ch;
	int	fd;			/* owned from here on */
	struct sock_addr peer;
	enum listener_kind kind;
	uint32_t uid;			/* LISTENER_LOCAL: whose program it is */
	int	chan;			/* to the listener, not owned, or -1 */
	bool	stress;			/* few places are left */
	unsigned tls_served;		/* with TLS, by this process; counted here */
};

/*
 * Serve a connection to its end.
 * returns  true: all went well and the client said goodbye; only then may
 *	    this process serve another connection
 */
bool	session_serve(struct session_client *start);

/* The only way to change the state; an edge that is not above is a bug. */
void	session_enter(struct session *s, enum session_state to);
/* Whose connection it is: address and what follows from it. */
void	session_is_from(struct session *s, const struct sock_addr *client);
/*
 * A proxy or XCLIENT speaks for a client without saying who it is: the address
 * at hand, the proxy's, gives it no rights.
 */
void	session_is_unknown(struct session *s);
/* What the client proved, by a log-in or by TLS, is not the next one's. */
void	session_forget_client(struct session *s);
/*
 * TLS from here on; what was known of the client is forgotten (RFC 3207 4.2).
 * Output is flushed, no input waits.  false: the session is at its end.
 */
bool	session_tls(struct session *s) must_use;
/* Forget the message at hand. */
void	session_reset(struct session *s);
/* enum ehlo_cap that this client is offered. */
unsigned	session_caps(const struct session *s);
/* How long this client may take: most, or less when few places are left. */
int64_t	session_patience_ms(const struct session *s, int64_t most);
/*
 * The next line, within smtp_timeout.
 * limit    octets with CRLF
 * returns  true and *line; false: there was none, the client has been told or
 *	    the session is at its end
 */
bool	session_line(struct session *s, size_t limit, struct span *line)
	    must_use;
/* Say it (a 421) and end. */
void	session_bye(struct session *s, enum say what);
/* The client has gone: log it and end. */
void	session_lost(struct session *s, const char *why);

#endif
