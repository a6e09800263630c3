/*
 * route - what the value of a routes entry means (pure).
 *
 *	example.com:	smtp:[mail.example.net]:2525	this host, no MX look-up
 *	example.net:	smtp:relay.example.org		the MX of this name
 *	.example.net:	lmtp:[127.0.0.1]:24		all names beneath
 *	*:		smtp:[smarthost.example.org]:587	everything else
 *	old.example:	error:5.1.2 gone for good
 *	special.example: smtp:				its own MX, as without a route
 */
#ifndef LOOKUPD_ROUTE_H
#define LOOKUPD_ROUTE_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "ipc/msg_lookup.h"

/*
 * target   kind, transport, nexthop, port, esc and text are set; nexthop keeps
 *          what it holds when the route names none
 * returns  0, or -1 with why (WHY_TEMP: the operator's mistake)
 */
int	route_parse(struct span value, struct target *target,
	    struct why *why) must_use;

#endif
