/*
 * route - what the value of a routes entry means (pure).
 *
 *	example.com:	smtp:[mail.example.net]:2525	this host, no MX look-up
 *	example.net:	smtp:relay.example.org		the MX of this name
 *	.example.net:	lmtp:[127.0.0.1]:24		all names beneath
 *	*:		smtp:[smarthost.example.org]:587	everything else
 *	old.example:	error:5.1.2 gone for good
 *	special.example: smtp:				its own MX, as without a route
 *	bank.example:	smtp: tls=verify		what must hold of TLS there
 *	shop.example:	smtp: source=192.0.2.7,2001:db8::7	sent from there
 */
#ifndef MAP_ROUTE_H
#define MAP_ROUTE_H

#include "base/base.h"
#include "base/demand.h"
#include "base/span.h"
#include "base/why.h"

/* An IPv4 and an IPv6 address with a comma between them, NUL. */
#define ROUTE_SOURCE_SIZE 96

enum route_kind { ROUTE_SMTP, ROUTE_LMTP, ROUTE_ERROR };

struct route {
	enum route_kind kind;
	char	 nexthop[256];	/* name, "[host]", or "": the domain itself */
	uint16_t port;		/* 0: the transport's own */
	enum demand tls;	/* "tls=", or DEMAND_DEFAULT */
	char	 source[ROUTE_SOURCE_SIZE];	/* "source=", canonical, or "" */
	/* ROUTE_ERROR */
	bool	 permanent;
	char	 esc[WHY_ESC_SIZE];
	char	 text[WHY_TEXT_SIZE];
};

/*
 * returns  0, or -1 with why (WHY_TEMP: the operator's mistake)
 */
int	route_parse(struct span value, struct route *out, struct why *why)
	    must_use;

#endif
