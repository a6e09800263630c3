/*
 * retry_rule - one item of the setting `retry_rules`: for which destinations
 * and which kind of error, how long between attempts, and when it is given
 * up.  Pure.
 *
 *	PLACE ERROR SCHEDULE [EXPIRE]
 *
 * PLACE     domain, .domain (all beneath it), TRANSPORT:NEXTHOP, TRANSPORT:
 *           (smtp, lmtp, local or pipe), or *
 * ERROR     connect timeout dns tls quota greylist reply local any, or the
 *           code of a reply: three digits, of which the last may be x
 * SCHEDULE  times parted by commas, none shorter than the one before; the last
 *           is repeated.  LAST*GROWTH..MOST: it grows by that factor, from
 *           1.01 to 10, up to MOST
 * EXPIRE    a time, or - (as if left out): that of the settings
 */
#ifndef CONF_RETRY_RULE_H
#define CONF_RETRY_RULE_H

#include "base/base.h"

#define RETRY_STEPS_MAX		8
#define RETRY_STEP_MAX		INT64_C(604800)		/* seconds */
#define RETRY_EXPIRE_MAX	INT64_C(2592000)

enum retry_place { RETRY_EVERYWHERE, RETRY_DOMAIN, RETRY_BENEATH,
	RETRY_ROUTE };

enum retry_kind {
	RETRY_ANY,		/* of rules alone */
	RETRY_CONNECT,		/* nobody answered */
	RETRY_TIMEOUT,		/* the connection was lost in between */
	RETRY_DNS,
	RETRY_TLS,		/* not as safe as is demanded */
	RETRY_QUOTA,		/* the mailbox is full */
	RETRY_GREYLIST,		/* come again, they said */
	RETRY_REPLY,		/* any other reply that puts us off */
	RETRY_LOCAL,		/* trouble of this host: settings, disk, maps */
	RETRY_CODE,		/* of rules alone: by the code of the reply */
};

struct retry_rule {
	enum retry_place place;
	char	 transport[8];	/* ROUTE */
	char	 name[256];	/* of a domain without its dot, a next hop or "" */
	enum retry_kind kind;
	char	 code[4];	/* CODE: "45x" */
	int64_t	 steps[RETRY_STEPS_MAX];	/* seconds, not descending */
	size_t	 steps_n;	/* at least 1 */
	unsigned growth;	/* of the last, in percent; 100: none */
	int64_t	 max_s;		/* the longest interval */
	int64_t	 expire_s;	/* 0: that of the settings */
};

/* -1: what is wrong is in *wrong. */
int	retry_rule_parse(const char *item, struct retry_rule *out,
	    const char **wrong) must_use;

#endif
