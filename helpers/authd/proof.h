/*
 * proof - does this password fit this hash?  crypt(3) is slow on purpose, so it
 * runs in a few child processes beside the loop; more questions than they can
 * take wait in a bounded queue.
 */
#ifndef AUTHD_PROOF_H
#define AUTHD_PROOF_H

#include <event2/event.h>

#include "base/base.h"
#include "base/secret.h"
#include "base/span.h"
#include "os/spawn.h"

#define PROOF_WORKERS	2
#define PROOF_QUEUE_MAX	256	/* questions waiting */
#define PROOF_HASH_MAX	512	/* octets of a stored hash */
#define PROOF_MAX_MS	20000	/* for one judgement; slower hashes are no use */

enum proof_result { PROOF_HOLDS, PROOF_FAILS, PROOF_UNKNOWN /* try later */ };

struct proof;

/* Forks the workers: after confinement, before the first question. */
struct proof *proof_new(struct event_base *base);
void	proof_free(struct proof **p);
/*
 * Ask.  done() is called once, from the loop or at once.
 * field     the password field of the account (map/account.h); SPAN_NONE for an
 *           unknown user: the same work is done, and fails
 * password  copied
 */
void	proof_ask(struct proof *p, struct span field, struct span password,
	    void (*done)(enum proof_result result, void *ctx), void *ctx);
/* A child ended: if it was a worker, there will be another. */
void	proof_child_ended(struct proof *p, const struct spawn_end *end);

#endif
