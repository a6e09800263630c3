/*
 * sasl - the server's side of PLAIN (RFC 4616) and LOGIN (two prompts): takes
 * the client's lines, gives user name and password.  Whether they are right is
 * authd's affair.
 *
 *	sasl_begin(&s, mech);
 *	r = sasl_step(&s, initial, &challenge);	-- initial.p NULL: none
 *	while (r == SASL_MORE)			-- send challenge, read a line
 *		r = sasl_step(&s, line, &challenge);
 */
#ifndef TRUST_SASL_H
#define TRUST_SASL_H

#include "base/base.h"
#include "base/secret.h"
#include "base/span.h"

#define SASL_USER_MAX	255	/* octets, also of a password */
#define SASL_LINE_MAX	1400	/* octets of base64 in one response */

enum sasl_mech { SASL_PLAIN, SASL_LOGIN };

enum sasl_result {
	SASL_MORE,		/* send the challenge and call again */
	SASL_DONE,		/* user and password are there */
	SASL_CANCELLED,		/* the client said "*" */
	SASL_BAD		/* no valid response; nothing is kept */
};

struct sasl {
	enum sasl_mech mech;
	enum { SASL_FIRST, SASL_USER, SASL_PASSWORD, SASL_OVER } state;
	struct secret user;
	struct secret password;
};

/* -1: a mechanism that we do not have.  name: any case. */
int	sasl_mech_parse(struct span name, enum sasl_mech *out) must_use;
const char *sasl_mech_name(enum sasl_mech mech);

void	sasl_begin(struct sasl *s, enum sasl_mech mech);
void	sasl_fini(struct sasl *s);	/* wipes */

/*
 * response   in base64, without line end; p == NULL: no initial response; "="
 *            alone: an empty one
 * challenge  set with SASL_MORE: base64, to be sent behind "334 " or "+ "
 */
enum sasl_result sasl_step(struct sasl *s, struct span response,
	    const char **challenge) must_use;

#endif
