/*
 * sasl - mechanisms by name, which of them a client is offered, and the
 * server's side of those that only carry a password: PLAIN (RFC 4616) and LOGIN
 * (two prompts).  These take the client's lines and give user name and
 * password; whether they are right is authd's affair.
 *
 *	sasl_begin(&s, mech);
 *	r = sasl_step(&s, initial, &challenge);	-- initial.p NULL: none
 *	while (r == SASL_MORE)			-- send challenge, read a line
 *		r = sasl_step(&s, line, &challenge);
 */
#ifndef TRUST_SASL_H
#define TRUST_SASL_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"
#include "base/span.h"

#define SASL_USER_MAX	255	/* octets, also of a password */
#define SASL_LINE_MAX	8000	/* octets of base64 in one response */

enum sasl_mech {
	SASL_PLAIN,
	SASL_LOGIN,
	SASL_SCRAM_SHA_1,
	SASL_SCRAM_SHA_256,
	SASL_SCRAM_SHA_1_PLUS,
	SASL_SCRAM_SHA_256_PLUS,
	SASL_EXTERNAL,
	SASL_OAUTHBEARER,
	SASL_XOAUTH2,
	SASL_MECHS
};
#define SASL_BIT(mech)	(1u << (mech))
/* Those that need keys to judge tokens by. */
#define SASL_TOKENS	(SASL_BIT(SASL_OAUTHBEARER) | SASL_BIT(SASL_XOAUTH2))

enum sasl_result {
	SASL_MORE,		/* send the challenge and call again */
	SASL_DONE,		/* user and password are there */
	SASL_CANCELLED,		/* the client said "*" */
	SASL_BAD		/* no valid response; nothing is kept */
};

/* What decides which of them a client is offered. */
struct sasl_place {
	unsigned configured;	/* sasl_configured() */
	bool clear;	/* a password or token may be sent as it is */
	bool scram;	/* SCRAM may be used: TLS, or allowed without */
	bool bound;	/* TLS with data to bind to */
	bool certified;	/* the client showed a certificate with an address */
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
/*
 * names    the words of a setting: SCRAM-SHA-256 stands for its -PLUS form too
 * returns  SASL_BIT()s; words that are no mechanism count for nothing
 */
unsigned sasl_configured(struct span names);
/* SASL_BIT()s of those that this client is offered, and may use. */
unsigned sasl_offered(const struct sasl_place *place);
/* Their names, each with before in front: " AUTH=". */
void	sasl_list(struct buf *out, unsigned mechs, const char *before);
/* PLAIN and LOGIN: sasl_step().  All others are authd's, step by step. */
bool	sasl_is_password(enum sasl_mech mech);
/*
 * A response as it came: base64, "=" for an empty initial one.
 * returns  SASL_DONE: out (cap SASL_LINE_MAX) has its octets; SASL_CANCELLED;
 *	    SASL_BAD
 */
enum sasl_result sasl_response(struct span line, bool initial,
	    struct buf *out) must_use;

/*
 * What a client says by OAUTHBEARER (RFC 7628 3.1) or XOAUTH2.
 * user     whom it wants to be, still quoted; may be empty
 * token    behind "Bearer"
 * returns  0; -1: no such message (also: only what answers a failure)
 */
int	sasl_bearer(enum sasl_mech mech, struct span message,
	    struct span *user, struct span *token) must_use;

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
