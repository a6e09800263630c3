/*
 * answerable - may a program answer this message?  Bounces look at the sender
 * alone (RFC 5321 4.5.5); automatic answers (vacation) at the header too, so
 * that machines never write to machines or to lists.
 */
#ifndef MAIL_ANSWERABLE_H
#define MAIL_ANSWERABLE_H

#include "base/base.h"
#include "base/span.h"
#include "mail/addr.h"

/*
 * sender  envelope sender
 * header  of the message
 * why     NULL, or set to a few words (static) when it may not
 */
bool	answerable(const struct addr *sender, struct span header,
	    const char **why);

#endif
