/*
 * authenticate - logs in to a relay, by AUTH of SMTP.
 */
#ifndef SMTP_OUT_AUTHENTICATE_H
#define SMTP_OUT_AUTHENTICATE_H

#include "base/base.h"
#include "base/why.h"
#include "smtp-out/credential.h"
#include "smtp-out/talk.h"

/*
 * By the first mechanism that both sides have: PLAIN, LOGIN.  Nothing of c is
 * said unless t is by TLS; whether that is good enough has been seen before.
 * t        EHLO was answered; t->mech is set with success; t->login_refused
 *	    where another host should not be asked with the same words
 * returns  0, or -1 with why (WHY_TEMP): it is never the fault of the mail
 */
int	authenticate(struct talk *t, const struct credential *c,
	    struct why *why) must_use;

#endif
