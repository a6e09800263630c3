/*
 * demand - how much TLS the operator asks for towards another host; the words
 * of routes and of the setting smtp_out_tls.
 */
#ifndef BASE_DEMAND_H
#define BASE_DEMAND_H

#include "base/base.h"
#include "base/span.h"

enum demand {
	DEMAND_DEFAULT,		/* of a route: what smtp_out_tls says */
	DEMAND_NONE,		/* no TLS at all */
	DEMAND_OPPORTUNISTIC,	/* TLS where it works, else in the clear */
	DEMAND_REQUIRE,		/* TLS with whomever, or wait */
	DEMAND_VERIFY,		/* TLS with the right name in a certificate
				   of a known CA, or wait */
	DEMAND_DANE,		/* as DNS, signed, asks for; else
				   opportunistic */
	DEMAND_DANE_ONLY,	/* TLS proven by signed DNS, or wait */
	DEMANDS
};

/* "none", "opportunistic", ...; never DEMAND_DEFAULT.  -1: no such word. */
int	demand_parse(struct span word, enum demand *out) must_use;
/* "" for DEMAND_DEFAULT. */
const char *demand_name(enum demand d);

#endif
