/*
 * logins - the file in which authd keeps who has logged in, when and from
 * where; written by authd, read by it at its start and by the operator's tool.
 * Lines of words with one space between them:
 *
 *	use TIME SERVICE NETWORK USER APP	last use of a password; APP "-":
 *						the account's own
 *	known TIME NETWORK USER			USER has logged in from there
 *
 * TIME is unix time; the rest has no spaces.  It may be lost or cut at any
 * line: nobody is kept out by that.
 */
#ifndef MAP_LOGINS_H
#define MAP_LOGINS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define LOGINS_FILE	"logins"
#define LOGINS_MAX	65536	/* lines of each kind */
#define LOGINS_LINE_MAX	600	/* octets */
#define LOGINS_SIZE_MAX	(64 * MIB)	/* octets that are read of the file */

struct login_line {
	enum { LOGIN_USE, LOGIN_KNOWN } kind;
	int64_t	    at_s;
	struct span service, network, user, app;	/* as above */
};

/* line: without its end.  -1: not one of these. */
int	logins_parse(struct span line, struct login_line *out) must_use;
/* With the line end.  -1: a word is empty or has a space, or out is full. */
int	logins_write(struct buf *out, const struct login_line *l) must_use;

#endif
