/*
 * acceptor - the listeners of a process with a libevent loop: accepts clients
 * and hands each to a callback, which starts a session for it.  Bounded four
 * ways: clients in all, clients of one address (IPv6: of one /64), clients of
 * one network (sock_network_of), accepts per wake-up.  When descriptors or
 * memory run out it rests for a moment instead of spinning.
 */
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include "base/base.h"
#include "os/sock.h"

struct event_base;
struct acceptor;

enum acceptor_refusal {
	ACCEPTOR_SOURCE_FULL,	/* too many of this address */
	ACCEPTOR_NETWORK_FULL,	/* too many of its network */
	ACCEPTOR_ALL_FULL,	/* too many in all */
	ACCEPTOR_BANNED		/* acceptor_ban() */
};

struct acceptor_how {
	unsigned total_max;	/* clients at once; 0 is not allowed */
	/* Of one address; loopback and local: three quarters of the total. */
	unsigned source_max;
	/* Of total_max, for the addresses of one network together: 1 to 100. */
	unsigned network_percent;
	/* Whose network is never full; may be NULL. */
	bool (*exempt)(const struct sock_addr *peer, void *ctx);
	/*
	 * A proxy's: its clients count, by acceptor_admit(), and not itself, and
	 * it is never shut out.  May be NULL.
	 */
	bool (*shared)(const struct sock_addr *peer, void *ctx);
	/*
	 * A client: fd (non-blocking) is the callee's.  tag: of the listener.
	 * true: counted until acceptor_ended(); false: it is over already.
	 */
	bool (*client)(int fd, const struct sock_addr *peer, int tag,
	    void *ctx);
	/*
	 * May send one short line (never block); fd stays the acceptor's.
	 * May be NULL.
	 */
	void (*refused)(int fd, const struct sock_addr *peer, int tag,
	    enum acceptor_refusal why, void *ctx);
	void *ctx;
};

/* base and how->ctx must outlive it. */
struct acceptor *acceptor_new(struct event_base *base,
	    const struct acceptor_how *how);
/* Closes the listeners; sessions are not touched. */
void	acceptor_free(struct acceptor **a);
/*
 * One more listener, non-blocking (sock_listen), the acceptor's from here on.
 * returns  0, or -1: more than ACCEPTOR_LISTENERS_MAX (fd is closed)
 */
#define ACCEPTOR_LISTENERS_MAX	32
int	acceptor_listen(struct acceptor *a, int fd, int tag) must_use;

/* A counted client has gone. */
void	acceptor_ended(struct acceptor *a, const struct sock_addr *peer);
/*
 * One that was counted, of a shared address, is passed on for this client.
 * returns  true: its address and network count it, until acceptor_left();
 *	    false with *why, by the rules for those who come themselves
 */
bool	acceptor_admit(struct acceptor *a, const struct sock_addr *client,
	    enum acceptor_refusal *why) must_use;
void	acceptor_left(struct acceptor *a, const struct sock_addr *client);
/* This address (IPv6: /64) is refused for a while; a shared one is not. */
void	acceptor_ban(struct acceptor *a, const struct sock_addr *peer,
	    int64_t for_ms);
/*
 * Of this address, more (or fewer: less) clients are served by a process that
 * this one has taken the place of: they count here for at most
 * ACCEPTOR_CARRIED_MS.
 */
#define ACCEPTOR_CARRIED_MS	(600 * 1000)
void	acceptor_carry(struct acceptor *a, const struct sock_addr *peer,
	    unsigned n, bool less);
/*
 * What a successor should know: for up to most addresses with clients, or shut
 * out, not local ones.  banned_ms: what is left of it.
 */
void	acceptor_hand_over(struct acceptor *a, unsigned most,
	    void (*each)(const struct sock_addr *peer, unsigned n,
	    int64_t banned_ms, void *ctx), void *ctx);
/* No new clients any more; the listeners are closed. */
void	acceptor_stop(struct acceptor *a);
unsigned	acceptor_count(const struct acceptor *a);
unsigned	acceptor_count_of(const struct acceptor *a,
	    const struct sock_addr *peer);

#endif
