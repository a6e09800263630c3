/*
 * request_priv - what the files of request share; nobody else includes this.
 */
#ifndef AUTHD_REQUEST_PRIV_H
#define AUTHD_REQUEST_PRIV_H

#include <sys/queue.h>

#include "helpers/authd/request.h"
#include "ipc/msg_auth.h"

/* Which answer is waited for. */
enum login_kind { LOGIN_AUTH, LOGIN_SESSION, LOGIN_SASL };

struct login {
	LIST_ENTRY(login) next;
	struct request_state *state;
	struct ipc_peer *peer;		/* NULL: gone */
	uint32_t request;
	enum login_kind kind;
	const char *mech;		/* for logs; NULL: a password */
	bool	 known;			/* the account exists */
	bool	 seen;			/* has logged in from there */
	struct account account;
	struct login_req req;		/* the password until it is judged */
	int	 client;		/* the connection, or -1 */
	int64_t	 since_ms;
	struct event *timer;
};

/* request.c */
struct login *login_new(struct request_state *s, struct ipc_peer *peer,
	    uint32_t request, enum login_kind kind);
struct gate_who login_who(const struct login *l);	/* now */
/* Say it; l is gone. */
void	login_answer(struct login *l, enum auth_result result);
/* It was wrong: say so after the delay. */
void	login_refuse(struct login *l);
/* The account has been proven: grant what was asked for and say so. */
void	login_accept(struct login *l, const char *app);

/* request_sasl.c */
enum verdict	request_sasl_begin(struct ipc_peer *peer,
		    const struct ipc_msg *msg, void *ctx);
enum verdict	request_sasl_more(struct ipc_peer *peer,
		    const struct ipc_msg *msg, void *ctx);
enum verdict	request_sasl_end(struct ipc_peer *peer,
		    const struct ipc_msg *msg, void *ctx);
enum verdict	request_claim(struct ipc_peer *peer,
		    const struct ipc_msg *msg, void *ctx);
void	request_sasl_closed(struct ipc_peer *peer);

#endif
