/*
 * sendmail_message - one message from standard input to smtpd.
 */
#ifndef TOOLS_SENDMAIL_MESSAGE_H
#define TOOLS_SENDMAIL_MESSAGE_H

#include "base/base.h"
#include "tools/sendmail_options.h"

/*
 * path     of smtpd's local socket
 * returns  an exit code of sysexits(3); the reason of a failure was written to
 *	    standard error
 */
int	sendmail_message(const struct sendmail_options *o, const char *path);
/* To standard error; returns code. */
int	sendmail_complain(int code, const char *what);

#endif
