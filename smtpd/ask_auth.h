/* ask_auth - all that a session asks of authd. */
#ifndef SMTPD_ASK_AUTH_H
#define SMTPD_ASK_AUTH_H

#include "base/base.h"
#include "base/buf.h"
#include "ipc/msg_auth.h"
#include "smtpd/session.h"
#include "trust/sasl.h"

/*
 * Is this the password of that user?
 * returns  AUTH_OK: s->login is the account; AUTH_WRONG; AUTH_TEMPORARY
 */
enum auth_result ask_auth(struct session *s, const struct sasl *sasl)
	    must_use;

/*
 * An exchange that is authd's: begin, then more until it is neither
 * AUTH_CHALLENGE nor AUTH_OK (s->login is the account).
 * response   decoded; ask_sasl_begin: p == NULL: there is no initial one
 * challenge  cleared; to be sent, decoded, with AUTH_CHALLENGE
 */
enum auth_result ask_sasl_begin(struct session *s, enum sasl_mech mech,
	    struct span response, struct buf *challenge) must_use;
enum auth_result ask_sasl_more(struct session *s, struct span response,
	    struct buf *challenge) must_use;
/* The client has given up. */
void	ask_sasl_end(struct session *s);

#endif
