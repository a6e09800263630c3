/*
 * tally - how much the clients of one network, or one account, have had of
 * us lately, in all sessions together.  Pure: the time is passed in.
 *
 * A limit of n in a time is a bucket of n that fills again evenly: n at once,
 * then one more in each n-th part of the time.
 */
#ifndef SMTPD_TALLY_H
#define SMTPD_TALLY_H

#include "base/base.h"
#include "ipc/msg_auth.h"
#include "os/sock.h"

enum tally_kind {
	TALLY_CONNECTION,
	TALLY_MESSAGE,		/* MAIL that was accepted */
	TALLY_RECIPIENT,	/* RCPT that was accepted */
	TALLY_ERROR,		/* a 5yz reply */
	TALLY_KINDS
};

/* The last two: of a connection that a proxy passed on, by the listener. */
enum tally_verdict { TALLY_OK, TALLY_OVER_NETWORK, TALLY_OVER_ACCOUNT,
	TALLY_OVER_ADDRESS, TALLY_SHUT_OUT, TALLY_VERDICTS };

struct tally_limits {		/* 0: none */
	uint32_t network[TALLY_KINDS];	/* sock_network_of() */
	uint32_t account[TALLY_KINDS];
	int64_t	 time_ms;		/* for all of them, at least 1 */
};

/* Somebody wants one of something, or had it (errors). */
struct tally_event {
	enum tally_kind kind;
	struct sock_addr client;	/* family 0: none to be counted */
	char	account[AUTH_USER_MAX + 1];	/* or "" */
};

struct tally;

#define TALLY_ENTRIES_MAX	16384	/* networks and accounts remembered */

/* seed: random octets. */
struct tally *tally_new(const struct tally_limits *limits,
	    const uint8_t seed[16]);
void	tally_free(struct tally **t);
/* Other limits from now on; if they differ all that was counted is forgotten. */
void	tally_limit(struct tally *t, const struct tally_limits *limits);
/*
 * One more.  Messages and recipients of somebody with an account count for
 * the account alone, so that those who share a network do not share a limit;
 * connections and errors count for the network alone.  Loopback is no network.
 * *say     the first refusal of this kind and client in a while: to be
 *	    logged; false when it is TALLY_OK
 * returns  TALLY_OK and it is counted; or which limit is reached
 */
enum tally_verdict	tally_count(struct tally *t,
	    const struct tally_event *e, int64_t now_ms, bool *say) must_use;
/* The same judgement, and nothing is counted. */
enum tally_verdict	tally_look(struct tally *t,
	    const struct tally_event *e, int64_t now_ms, bool *say) must_use;
/* Has this kind any limit for such a one?  If not nobody need ask. */
bool	tally_limited(const struct tally_limits *limits,
	    const struct tally_event *e);

/*
 * An event on its way from a session to the listener: kind, family, 16 octets
 * of address, and the account to the end of the packet.
 */
#define TALLY_EVENT_MAX	(18 + AUTH_USER_MAX)
size_t	tally_put(const struct tally_event *e, uint8_t out[TALLY_EVENT_MAX]);
/* -1: no event at all. */
int	tally_get(const uint8_t *p, size_t n, struct tally_event *e) must_use;

#endif
