/*
 * proof - is this who he says he is, by a password?  Passwords of applications
 * are tried at once; crypt(3) and SCRAM keys are slow on purpose, so they are
 * judged in a few child processes beside the loop (judge.h); more questions
 * than they can take wait for their turn (turns.h), bounded.
 */
#ifndef AUTHD_PROOF_H
#define AUTHD_PROOF_H

#include <event2/event.h>

#include "base/base.h"
#include "base/secret.h"
#include "base/span.h"
#include "map/account.h"
#include "os/spawn.h"

#define PROOF_WORKERS	2
#define PROOF_QUEUE_MAX	1024	/* questions waiting */
#define PROOF_NETWORK_MAX 64	/* of them from one network */
#define PROOF_HASH_MAX	512	/* octets of a stored hash */
#define PROOF_MAX_MS	20000	/* for one judgement; slower hashes are no use */

enum proof_result { PROOF_HOLDS, PROOF_FAILS, PROOF_UNKNOWN /* try later */ };

struct proof_try {
	const struct account *account;	/* NULL: unknown; the same work */
	struct span password;
	unsigned    service;	/* one bit of enum account_service */
	struct span client;	/* address as text: whose turn it is */
	bool	    known;	/* this user has logged in from there */
};

struct proof;

/* Once, before confinement. */
void	proof_prepare(void);
/* Forks the workers: after confinement, before the first question. */
struct proof *proof_new(struct event_base *base, const uint8_t seed[16]);
void	proof_free(struct proof **p);
/*
 * Ask.  What try points to is copied.  done() is called once, from the loop or
 * at once.
 * app      the name of the application whose password it was, or ""
 */
void	proof_ask(struct proof *p, const struct proof_try *try,
	    void (*done)(enum proof_result result, const char *app, void *ctx),
	    void *ctx);
/* A child ended: if it was a worker, there will be another. */
void	proof_child_ended(struct proof *p, const struct spawn_end *end);
/* The log channel is another: the workers get it. */
void	proof_pass_log(const struct proof *p);

#endif
