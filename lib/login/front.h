/*
 * front - many clients before log-in: greeting, a few commands, proof of
 * identity to authd, and then out of the way.  Event-driven; holds a few KiB
 * per client, no mailbox, no password longer than a moment.
 *
 * The protocol is a table of functions.  A client is in one of two states:
 * TALKING (its input is given to input()) and ASKED (authd judges; input waits
 * unread in the socket).  When authd accepts, the connection itself has gone to
 * the mailbox session with what was read behind the login, and the client is
 * forgotten here.  Under TLS the session has one end of a socket pair instead,
 * and a relay stays here.
 */
#ifndef LOGIN_FRONT_H
#define LOGIN_FRONT_H

#include "base/base.h"
#include "base/secret.h"
#include "base/span.h"
#include "daemon/service.h"
#include "ipc/msg_auth.h"
#include "trust/sasl.h"

#define FRONT_INPUT_MAX		8192	/* octets of one command with its literals */
#define FRONT_OUTPUT_MAX	16384	/* octets of answers not yet taken */
/* Of memory for one client: input and output, TLS, a relay; room above that. */
#define FRONT_CLIENT_MEM	(160 * KIB)
#define FRONT_ERRORS_MAX	10	/* bad commands before the client is sent off */
#define FRONT_LOGINS_MAX	5	/* log-ins that failed, likewise */
#define FRONT_ASKS_MAX	2000	/* questions to authd in a second, of all */

struct front;
struct front_client;

struct front_proto {
	enum auth_service service;
	enum role	  role;		/* ROLE_POP3_FRONT or ROLE_IMAP_FRONT */
	const char	 *clients_max;	/* names of the settings that hold for it */
	enum listener_kind listener, listener_tls;
	const char	 *alpn;		/* its name in TLS, RFC 7301 6 */
	size_t		  state_size;	/* of the protocol's own state, zeroed */
	/* The first line(s). */
	void (*greet)(struct front_client *c);
	/*
	 * What has come in.  Returns how many octets were used up (a whole
	 * command, or a part of a dialogue); 0: more is needed.  Called again while it
	 * uses some up and the client is TALKING.
	 */
	size_t (*input)(struct front_client *c, struct span in);
	/* What the client has to answer next, in base64; may be empty. */
	void (*challenge)(struct front_client *c, const char *base64);
	/*
	 * No log-in: AUTH_WRONG, AUTH_TEMPORARY, AUTH_BAD (no message of the
	 * mechanism), AUTH_CANCELLED.  Say so; errors are counted already.
	 */
	void (*refused)(struct front_client *c, enum auth_result result);
	/* Words before the end: too many errors, timeout, too long, shutdown. */
	void (*bye)(struct front_client *c, const char *why);
	/* The only line for one client too many, with its CRLF; may be NULL. */
	const char *busy;
};

/* Listeners of proto->listener from the service; runs on service_base(). */
struct front *front_new(const struct front_proto *proto);
void	front_free(struct front **f);
/* The rule rows for ipc_server_new: answers of authd. */
extern const struct ipc_rule front_rules[];
extern const size_t front_rules_n;
/* authd is asked over this server's peer. */
void	front_set_server(struct front *f, struct ipc_server *srv);
/*
 * Stop accepting, say bye to those who have not logged in; the service's loop
 * ends with the last relay.
 */
void	front_stop(struct front *f);
/* New certificates, for clients to come. */
void	front_reload(struct front *f);

/* ------------------------------------------ for the protocol's functions */

void   *front_state(struct front_client *c);	/* proto->state_size octets */
void	front_reply(struct front_client *c, const char *fmt, ...)
	    printf_like(2, 3);			/* CRLF is added */
void	front_reply_raw(struct front_client *c, struct span octets);
/* One error more; says bye and closes at FRONT_ERRORS_MAX. */
void	front_error(struct front_client *c);
void	front_close(struct front_client *c);	/* when the output is out */
/* May a password be asked for here?  (TLS, loopback, plain_login_anywhere) */
bool	front_login_allowed(const struct front_client *c);
enum front_tls {
	FRONT_TLS_NONE,		/* no certificate */
	FRONT_TLS_LATER,	/* nobody signs now */
	FRONT_TLS_OFFERED,
	FRONT_TLS_ACTIVE
};
enum front_tls front_tls(const struct front_client *c);
/*
 * FRONT_TLS_OFFERED only, after the last answer in the clear: TLS begins when
 * that is out, and the protocol's state is zeroed.  Input that is here already
 * ends the client.
 */
void	front_starttls(struct front_client *c);
/*
 * Ask authd; the client is ASKED until it answers.
 * user, password  copied, then the caller's to wipe
 * tag             of the IMAP command; for the session, see msg_auth.h
 */
void	front_login(struct front_client *c, struct span user,
	    struct span password, struct span tag);
/* The SASL mechanisms that this client may use now: SASL_BIT()s. */
unsigned front_mechs(const struct front_client *c);
/*
 * Begin with one of them; its lines are taken care of until refused() is
 * called or the client has logged in.
 * initial  the response that came along, in base64; p == NULL: none
 * tag      as above
 */
void	front_sasl(struct front_client *c, enum sasl_mech mech,
	    struct span initial, struct span tag);

#endif
