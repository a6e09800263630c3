/*
 * relay_login - what an entry of the map relay_auth means (pure).
 *
 *	"[smtp.example.net]:587": name:password	that host and port of a route
 *	smtp.example.net:	  name:password	any port of it, with [ ] or without
 *	alice@demo.example:	  name:password	mail of that sender
 *	@demo.example:		  name:password	... of any sender there
 */
#ifndef MAP_RELAY_LOGIN_H
#define MAP_RELAY_LOGIN_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

#define RELAY_NAME_MAX	255	/* octets, as sasl.h; also of a password */
#define RELAY_KEY_MAX	320	/* octets: the longest is an address */
#define RELAY_HOP_KEYS	4	/* relay_login_hop_key() */

struct relay_login {
	struct span user, password;	/* borrowed from the value */
};

/*
 * value    "name:password": the name has no colon, the password may
 * returns  0, or -1 with why (WHY_TEMP: the operator's mistake), in which no
 *	    octet of value stands
 */
int	relay_login_parse(struct span value, struct relay_login *out,
	    struct why *why) must_use;

/* Is it "[host]", "host", each perhaps with ":port"?  ASCII; a sender is none. */
bool	relay_login_is_host(struct span key);

/*
 * The keys for a next hop, the closest first: as the route has it with its
 * port, and without; then the same without brackets.
 * hop      "name" or "[host]"
 * port     0: the route names none
 * out      cleared, then key n of them, counted from 0, in small letters
 * returns  0; -1: there is no such one, or no room
 */
int	relay_login_hop_key(struct span hop, uint16_t port, size_t n,
	    struct buf *out) must_use;

#endif
