/*
 * app_password - passwords of applications: made here from random octets, never
 * chosen, so that one fast hash protects them well enough: 100 bits cannot be
 * guessed at any speed, and their judgement costs next to nothing.  Pure: the
 * random octets are passed in.
 *
 * As text: 20 letters and digits of base32 (RFC 4648 section 6, lower case) in
 * groups of four, "k3pf-q2xm-...".  Case, '-' and spaces do not matter when it
 * comes back.  Stored: base64 of SHA-256(the 20 characters, salt) and the salt.
 */
#ifndef TRUST_APP_PASSWORD_H
#define TRUST_APP_PASSWORD_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define APP_PASSWORD_CHARS	20
#define APP_PASSWORD_RANDOM	13	/* octets: 100 of their bits are used */
#define APP_PASSWORD_SALT	8	/* octets */
#define APP_PASSWORD_TEXT	25	/* with '-' and NUL */
#define APP_PASSWORD_HASH	56	/* characters of base64 */

void	app_password_make(const uint8_t octets[APP_PASSWORD_RANDOM],
	    char out[APP_PASSWORD_TEXT]);

/*
 * Could this be one?  Only then it is worth to be compared.
 * out      the 20 characters alone, NUL ended
 */
bool	app_password_plain(struct span typed,
	    char out[APP_PASSWORD_CHARS + 1]) must_use;

/*
 * plain    of app_password_plain
 * returns  0: base64 is appended to out; -1: out is full
 */
int	app_password_hash(const char *plain,
	    const uint8_t salt[APP_PASSWORD_SALT], struct buf *out) must_use;
/*
 * hash     base64 as stored; anything else fits nothing
 * The same work for all hashes of APP_PASSWORD_HASH characters.
 */
bool	app_password_fits(struct span hash, const char *plain);

#endif
