/*
 * front_priv - what the files of front share; nobody else includes this.
 */
#ifndef LOGIN_FRONT_PRIV_H
#define LOGIN_FRONT_PRIV_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/id.h"
#include "login/conn.h"
#include "login/front.h"
#include "login/relay.h"
#include "net/acceptor.h"
#include "net/pace.h"
#include "trust/sasl.h"

/*
 * HANDSHAKE -> TALKING		TLS is up
 * TALKING -> HANDSHAKE		STARTTLS
 * TALKING -> ASKED -> TALKING	a login that was refused, a challenge
 * all but HANDSHAKE -> CLOSING	the last words are on their way
 */
enum client_state { HANDSHAKE, TALKING, ASKED, CLOSING };

struct front_client {
	LIST_ENTRY(front_client) next;
	struct front	*front;
	struct conn	 conn;
	int		 inner;		/* under TLS: to the session, or -1 */
	struct sock_addr peer;
	char		 address[SOCK_IP_SIZE];
	char		 session[SESSION_ID_SIZE];
	enum client_state state;
	struct event	*readable, *writable, *timer;
	struct event	*more;		/* TLS has octets: after the others */
	struct buf	 in, out;
	unsigned	 errors, logins;
	struct login_req *login;	/* being put together, or NULL */
	struct front_sasl *sasl;	/* an exchange, or NULL */
	uint32_t	 request;	/* ASKED: its id, and who was asked */
	const struct ipc_peer *authd;
	bool		 lent;		/* it has the connection, too */
	bool		 late;		/* its time is over */
	bool		 shaking;	/* counted in the front */
	bool		 known;		/* the first octets were looked at */
	bool		 tls_first;	/* no greeting yet */
	bool		 tls_next;	/* TLS begins when the output is out */
	bool		 read_stopped;	/* TLS writes before it reads on */
	max_align_t	 proto_state[];
};

struct front {
	const struct front_proto *proto;
	struct acceptor	  *acceptor;
	struct ipc_server *srv;
	struct hash	  *asked;	/* request id -> client */
	uint32_t	   request;	/* the last one, of all authds */
	uint32_t	   exchange;	/* likewise */
	int64_t		   asks_since_ms;	/* a second of questions */
	unsigned	   asks;		/* to authd in it */
	unsigned	   mechs;	/* sasl_configured() */
	LIST_HEAD(, front_client) clients;
	struct tls_server *tls;		/* NULL: no certificate */
	struct pace	  *pace;	/* of handshakes */
	int64_t		   failed_ms;	/* when one that failed was logged */
	uint64_t	   failed_unsaid;	/* since then */
	int64_t		   refused_ms;	/* when a refused one was logged */
	unsigned	   handshakes, handshakes_max;	/* under way */
	LIST_HEAD(, front_relay) relays;
	bool		   stopping;
};

/* front.c */
void	client_free(struct front_client *c);
/* Sends what it can.  false: the client is gone (freed). */
bool	client_push(struct front_client *c);
/* Reads and carries out what there is; the client may be gone afterwards. */
void	client_read(struct front_client *c);
void	client_start_closing(struct front_client *c);
void	client_say_bye(struct front_client *c, const char *why);
/* Let the protocol use up what has come in.  false: the client is gone. */
bool	client_feed(struct front_client *c);
extern struct front *the_front;		/* for the rule handlers */

/* front_login.c */
/* c->login has been put together: to authd with it. */
void	client_ask(struct front_client *c);
void	client_forget_login(struct front_client *c);
/* Tell the client, and count. */
void	client_login_failed(struct front_client *c, enum auth_result result);
/*
 * A question without the connection; the client is ASKED.
 * returns  false: there is nobody to ask, or too much is asked
 */
bool	client_question(struct front_client *c, const struct ipc_type *type,
	    const void *msg);
void	front_peer_closed(struct ipc_peer *peer, void *ctx);

/* front_sasl.c */
/* While c->sasl is there, its input is responses: as front_proto.input. */
size_t	client_sasl_input(struct front_client *c, struct span in);
void	client_sasl_answer(struct front_client *c, const struct sasl_rep *rep);
/* What authd has of it is given up, what is here wiped. */
void	client_sasl_over(struct front_client *c);
/* authd has accepted: what claims the mailbox. */
void	client_sasl_claim(const struct front_client *c,
	    struct login_claim *claim);

/* front_tls.c */
/* Begin a handshake; the client may be gone afterwards. */
void	client_tls(struct front_client *c);
void	client_handshake(struct front_client *c);
/* It is over, or the client goes. */
void	client_shaken(struct front_client *c);
/* What goes to authd as the connection: itself, or one end of a pair. */
int	client_inner(struct front_client *c) must_use;
/* The login was accepted: the client leaves for a relay, or altogether. */
void	client_relay(struct front_client *c);
void	front_relays_free(struct front *f);

#endif
