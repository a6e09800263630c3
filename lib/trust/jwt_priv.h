/*
 * jwt_priv - what the files of jwt share; nobody else includes this.
 */
#ifndef TRUST_JWT_PRIV_H
#define TRUST_JWT_PRIV_H

#include <openssl/evp.h>

#include "base/buf.h"
#include "trust/jwt.h"

enum jwt_alg { JWT_RS256, JWT_ES256, JWT_EDDSA, JWT_NO_ALG };

struct jwt_key {
	enum jwt_alg alg;
	char	     kid[128];	/* or "" */
	EVP_PKEY    *key;
};

struct jwt_keys {
	struct jwt_key v[JWT_KEYS_MAX];
	size_t	       n;
};

/* "RS256" and so on; all else, "none" first of all, is JWT_NO_ALG. */
enum jwt_alg jwt_alg(struct span name);
/* base64url without padding, appended.  -1: it is none. */
int	jwt_base64url(struct buf *out, struct span in) must_use;
/* A string member, appended.  -1: none. */
int	jwt_text(struct span object, const char *key, struct buf *out)
	    must_use;

#endif
