/*
 * jwt - signed tokens that say who somebody is: compact form, RS256, ES256 or
 * EdDSA with Ed25519, by keys of a local file (a JWK set).  Pure: keys, rules
 * and time are passed in.
 */
#ifndef TRUST_JWT_H
#define TRUST_JWT_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"

#define JWT_KEYS_MAX	32
#define JWT_FILE_MAX	(64 * KIB)
#define JWT_TOKEN_MAX	6000	/* octets */
#define JWT_USER_MAX	320
#define JWT_SKEW_S	30	/* by which clocks may differ */

struct jwt_keys;

/*
 * text     {"keys": [...]}; keys for other purposes and of other kinds are
 *          passed over
 * returns  NULL with why: no such text, a key that is none, or none to use
 */
struct jwt_keys *jwt_keys_parse(struct span text, struct why *why) must_use;
void	jwt_keys_free(struct jwt_keys **k);
size_t	jwt_keys_count(const struct jwt_keys *k);

struct jwt_rules {
	struct span issuer;	/* "iss" must be this */
	struct span audience;	/* "aud" must be or hold this */
	const char *user_claim;	/* the claim that names the account */
	int64_t	    now_s;	/* wall time */
};
/*
 * user     set to the account's name: the claim, without control characters
 * returns  false: not signed by one of the keys, over, not begun, from another
 *          issuer, for another audience, or without what must be in it; why is
 *          one word for the log
 */
bool	jwt_holds(const struct jwt_keys *keys, struct span token,
	    const struct jwt_rules *rules, char user[JWT_USER_MAX + 1],
	    const char **why) must_use;

#endif
