/*
 * xclient - the arguments of XCLIENT and XFORWARD, Postfix' extensions by which
 * a host that passes mail on says whose it is.  Pure.
 */
#ifndef SMTP_XCLIENT_H
#define SMTP_XCLIENT_H

#include "base/base.h"
#include "base/span.h"

enum xclient_name {		/* bits */
	XCLIENT_NAME = 1 << 0,
	XCLIENT_ADDR = 1 << 1,
	XCLIENT_PORT = 1 << 2,
	XCLIENT_PROTO = 1 << 3,
	XCLIENT_HELO = 1 << 4,
	XCLIENT_LOGIN = 1 << 5,
	XCLIENT_IDENT = 1 << 6,
	XCLIENT_SOURCE = 1 << 7
};
/* What each of the two commands may have. */
#define XCLIENT_OF_XCLIENT	(XCLIENT_NAME | XCLIENT_ADDR | XCLIENT_PORT | \
				    XCLIENT_PROTO | XCLIENT_HELO | \
				    XCLIENT_LOGIN)
#define XCLIENT_OF_XFORWARD	(XCLIENT_NAME | XCLIENT_ADDR | XCLIENT_PORT | \
				    XCLIENT_PROTO | XCLIENT_HELO | \
				    XCLIENT_IDENT | XCLIENT_SOURCE)

/* Values decoded, printable; "" for one that is not known there. */
struct xclient {
	unsigned given;		/* enum xclient_name */
	char	 addr[64];	/* an address, its "IPV6:" taken off */
	uint16_t port;
	char	 helo[256];
	char	 login[321];
};

/*
 * args     "NAME=xtext NAME=xtext ..."; [UNAVAILABLE] and [TEMPUNAVAIL] are ""
 * allowed  bits of those that the command has
 * returns  0; -1: unknown or repeated name, bad or too long a value, none
 */
int	xclient_parse(struct span args, unsigned allowed, struct xclient *out)
	    must_use;
/* The names of a set for EHLO: " NAME ADDR ..."; static. */
const char *xclient_names(bool xforward);

#endif
