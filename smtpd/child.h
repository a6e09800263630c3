/*
 * child - the process of a session: after the fork, and between connections.
 * It and the listener speak by packets of a few octets over a socket pair:
 *
 *	listener -> child	CHILD_TAKE, port	with a connection
 *	child -> listener	CHILD_HAVE		I hold it, drop your copy
 *	child -> listener	CHILD_IDLE		it is over; another?
 *	child -> listener	CHILD_ASK, event	tally.h: is it allowed?
 *	child -> listener	CHILD_MINE		with a local user's connection:
 *							his part of the queue
 *	listener -> child	CHILD_ANSWER, verdict, say
 *	end of channel		to the child: go
 */
#ifndef SMTPD_CHILD_H
#define SMTPD_CHILD_H

#include "base/base.h"
#include "os/confine.h"
#include "smtpd/session.h"

#define CHILD_TAKE	'T'
#define CHILD_HAVE	'H'
#define CHILD_IDLE	'I'
#define CHILD_ASK	'A'
#define CHILD_MINE	'M'
#define CHILD_ANSWER	'R'
#define CHILD_TAKE_SIZE	4	/* octets: letter, port big-endian, stress */
#define CHILD_ANSWER_SIZE	3

struct child_start {
	const struct settings *set;
	const struct confine_filter *filter;	/* SANDBOX_STDIO */
	int	fd;			/* the client */
	struct sock_addr peer;
	enum listener_kind kind;
	int	lookupd, qmgr;		/* fresh channels */
	int	authd, keyd;		/* the same, or -1 */
	int	chan;			/* to the listener */
	bool	stress;			/* few places are left */
};

/* In the child of a fork: serve, then end the process. */
_Noreturn void	child_run(const struct child_start *start);

#endif
