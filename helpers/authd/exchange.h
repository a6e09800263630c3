/*
 * exchange - one log-in that takes several steps (SASL): what the client says
 * comes in, what it is to be told goes out.  Knows accounts and mechanisms,
 * nothing of peers, time or delays.
 */
#ifndef AUTHD_EXCHANGE_H
#define AUTHD_EXCHANGE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "helpers/authd/users.h"
#include "ipc/msg_auth.h"
#include "map/account.h"
#include "trust/jwt.h"

#define EXCHANGE_SECRET	32	/* octets */

/* What all exchanges share. */
struct exchange_world {
	struct users *users;
	unsigned      configured;	/* sasl_configured() */
	struct jwt_keys *tokens;	/* NULL: none can be judged */
	struct jwt_rules rules;		/* without the time */
	/* From it come the salts of those who do not exist. */
	uint8_t	      secret[EXCHANGE_SECRET];
};

struct exchange;

/* begin: the facts are copied, the response is not looked at. */
struct exchange *exchange_new(const struct exchange_world *world,
	    const struct sasl_begin *begin);
void	exchange_free(struct exchange **x);	/* wipes */

/*
 * response   of the client, decoded; p == NULL: it gave no initial one
 * challenge  cap AUTH_CHALLENGE_MAX; appended to, for AUTH_CHALLENGE
 * returns    AUTH_CHALLENGE; or what it comes to, and the exchange is over:
 *	      AUTH_OK, AUTH_WRONG, AUTH_BAD, AUTH_TEMPORARY
 */
enum auth_result exchange_step(struct exchange *x, struct span response,
	    struct buf *challenge) must_use;

/* After AUTH_OK; its hash and extra are gone. */
const struct account *exchange_account(const struct exchange *x);
/* Who it claims to be, for log and throttle; "" if that was not said. */
const char *exchange_user(const struct exchange *x);
/* Has the user that it claims to be what the mechanism compares with? */
bool	exchange_known(const struct exchange *x);
/* The facts of exchange_new(), without response. */
const struct sasl_begin *exchange_facts(const struct exchange *x);

#endif
