/*
 * readdressed - the header of a message with the addresses that stand for those
 * in it, by the canonical maps.
 */
#ifndef SMTPD_READDRESSED_H
#define SMTPD_READDRESSED_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "smtpd/session.h"

/*
 * header   whole, at most LIMIT_HEADER_OCTETS
 * id       of the message, for logs
 * out      gets it, changed where policy and lookupd's answers to RCPT have it
 *	    so, else as it is; room for LIMIT_HEADER_OCTETS
 * returns  0; -1 with why (WHY_TEMP): lookupd cannot tell now
 */
int	readdressed(struct session *s, const char *id, struct span header,
	    struct buf *out, struct why *why) must_use;

#endif
