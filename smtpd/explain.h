/*
 * explain - tells an operator what a client would be answered to RCPT, at each
 * kind of port.
 */
#ifndef SMTPD_EXPLAIN_H
#define SMTPD_EXPLAIN_H

#include "base/buf.h"
#include "smtpd/settings.h"

#define EXPLAIN_MAX	(16 * KIB)

/*
 * Lines of key=value (ipc/control.h).
 * args  address of the client, number of lookupd's verdict, the recipient
 */
void	explain(const struct settings *set, const char *args,
	    struct buf *out);

#endif
