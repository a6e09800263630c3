/*
 * worker - what the listener knows of its session processes: which client
 * each serves, and which of them wait for the next connection of the same
 * address.
 */
#ifndef SMTPD_WORKER_H
#define SMTPD_WORKER_H

#include <sys/types.h>

#include "base/base.h"
#include "os/sock.h"
#include "smtpd/tally.h"

struct event_base;
struct workers;

struct worker_client {
	struct sock_addr peer;
	bool	 is_user;	/* of the local socket, and uid is known */
	uint32_t uid;
};

/* A connection: where it comes from; through a proxy, whose it is. */
struct worker_whose {
	struct sock_addr peer;
	struct sock_addr client;	/* if it counts, or family 0 */
	bool	 told;			/* whose: only the first word counts */
};

struct worker_events {
	/* A counted connection is over. */
	void (*over)(const struct worker_whose *whose, void *ctx);
	/* It was passed to a process that did not take it: the callee's. */
	void (*orphan)(int fd, const struct sock_addr *peer, void *ctx);
	/*
	 * A session asks; what it says of whom is a claim.
	 * *say     to be logged by the session
	 */
	enum tally_verdict (*ask)(struct worker_whose *whose,
	    struct tally_event *event, bool *say, void *ctx);
	/* A connection of this user of the host, who wants his queue. */
	void (*mine)(uint32_t uid, int fd, void *ctx);
	void *ctx;
};

/* most: processes that may ever be known at once. */
struct workers *workers_new(struct event_base *base, size_t most,
	    const struct worker_events *events);
void	workers_free(struct workers **w);
/* How many serve that user of this host. */
size_t	workers_of_user(const struct workers *ws, uint32_t uid);
size_t	workers_count(const struct workers *w);
/*
 * A process was forked for this client.
 * chan     the listener's end, owned from here on
 * returns  0, or -1: too many; chan is closed, the process is not watched
 */
int	workers_add(struct workers *w, pid_t pid,
	    const struct worker_client *client, int chan) must_use;
/*
 * Give a connection to a waiting process of this very address.
 * fd       owned by the workers if the result is true
 * stress   few places are left
 */
bool	workers_pass(struct workers *w, int fd, const struct sock_addr *peer,
	    bool stress);
/*
 * A process has ended.
 * whose    set: whom it served last
 * returns  false: it was none of ours
 */
bool	workers_ended(struct workers *w, pid_t pid,
	    struct worker_whose *whose);
/* The settings have changed: who has those of before serves no other. */
void	workers_renew(struct workers *w);
/* No process waits any longer; those that wait go. */
void	workers_no_spares(struct workers *w);
/* A signal to all of them. */
void	workers_signal(struct workers *w, int sig);

#endif
