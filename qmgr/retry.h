/*
 * retry - when again, when to warn, when to give up.  Pure: times are passed
 * in, seconds since 1970 of a clock that may jump.
 *
 * Age is not "now minus arrival": it grows by at most twice the longest
 * interval per attempt, so that a clock set forward, or a host that was off for a
 * week, expires nothing; a clock set back makes nothing younger.
 *
 * The rule decides the interval by the age alone, so it may be another one at
 * each attempt, and may change with the settings.
 */
#ifndef QMGR_RETRY_H
#define QMGR_RETRY_H

#include "base/base.h"
#include "base/span.h"
#include "conf/retry_rule.h"

struct retry_conf {
	int64_t longest_s;		/* interval of all rules */
	int64_t notice_s;		/* 0: never */
	int64_t expire_s, bounce_expire_s;
	struct retry_rule usual;	/* where none of the rules matches */
	const struct retry_rule *rules;	/* the first that matches counts */
	size_t	rules_n;
};

/* Why a recipient was put off. */
struct retry_error {
	uint8_t	 kind;		/* enum retry_kind; not ANY, CODE */
	uint16_t code;		/* of the reply, or 0 */
};

/* Where it was to go. */
struct retry_dest {
	struct span domain;	/* of the address */
	const char *transport;	/* "smtp", ...; NULL: it is not known */
	struct span nexthop;
};

/* The rule of retry_min and retry_max. */
void	retry_usual(struct retry_rule *out, int64_t min_s, int64_t max_s);
/* Sets longest_s from the rules. */
void	retry_set_longest(struct retry_conf *c);
/*
 * What kind of error a delay was.
 * esc, text  as in the log of the queue file
 * remote     another host said so, or was being spoken to
 */
struct retry_error retry_error_of(struct span esc, struct span text,
	    bool remote);
const struct retry_rule *retry_find(const struct retry_conf *c,
	    const struct retry_dest *d, struct retry_error e);

/* The age at now_s of what was age_s old at since_s. */
int64_t	retry_age(const struct retry_conf *c, int64_t age_s, int64_t since_s,
	    int64_t now_s);
/*
 * The time of the next attempt.
 * age_s    of the message: 0 at its first attempt
 * random   any 32 random bits: up to a quarter of jitter, never beyond the
 *          rule's longest interval if it grows
 * left_s   time to live: the last attempt is made at its end, not after it
 */
int64_t	retry_next(const struct retry_rule *r, int64_t age_s,
	    uint32_t random, int64_t left_s, int64_t now_s);
/* next_s as found on disk, brought back to the longest interval from now. */
int64_t	retry_sane(const struct retry_conf *c, int64_t next_s, int64_t now_s);
/* Time to live left; <= 0: give up. */
int64_t	retry_left(const struct retry_conf *c, const struct retry_rule *r,
	    int64_t age_s, bool bounce);
/* Tell the sender of a delay? */
bool	retry_warn(const struct retry_conf *c, int64_t age_s, bool warned,
	    bool bounce);

#endif
