/* ask_auth - all that a session asks of authd. */
#ifndef SMTPD_ASK_AUTH_H
#define SMTPD_ASK_AUTH_H

#include "base/base.h"
#include "ipc/msg_auth.h"
#include "smtpd/session.h"
#include "trust/sasl.h"

/*
 * Is this the password of that user?
 * returns  AUTH_OK: s->login is the account; AUTH_WRONG; AUTH_TEMPORARY
 */
enum auth_result ask_auth(struct session *s, const struct sasl *sasl)
	    must_use;

#endif
