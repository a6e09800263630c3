/*
 * retry - see retry.h.
 * RFC 5321 4.5.4.1: a retry interval SHOULD be at least 30 minutes, but a
 * fast first retry serves hosts that ask to come again; so it doubles from
 * short to long.  Give-up time there: at least 4-5 days.
 */
#include "qmgr/retry.h"

int64_t
retry_age(const struct retry_conf *c, int64_t age_s, int64_t since_s,
    int64_t now_s)
{
	int64_t grown = now_s - since_s;

	if (grown < 0)
		grown = 0;
	if (grown > 2 * c->max_s)
		grown = 2 * c->max_s;
	return age_s + grown;
}

int64_t
retry_next(const struct retry_conf *c, unsigned passes, uint32_t random,
    int64_t left_s, int64_t now_s)
{
	int64_t wait = c->min_s, jitter;

	for (unsigned i = 1; i < passes && wait < c->max_s; i++)
		wait *= 2;
	if (wait > c->max_s)
		wait = c->max_s;
	jitter = (int64_t)(random % ((uint64_t)wait / 4 + 1));
	/* Upwards, as long as there is room above. */
	wait = wait + jitter <= c->max_s ? wait + jitter : wait - jitter;
	if (wait > left_s)
		wait = left_s > 0 ? left_s : 1;
	return now_s + wait;
}

int64_t
retry_sane(const struct retry_conf *c, int64_t next_s, int64_t now_s)
{
	return next_s > now_s + c->max_s ? now_s + c->max_s : next_s;
}

int64_t
retry_left(const struct retry_conf *c, int64_t age_s, bool bounce)
{
	return (bounce ? c->bounce_expire_s : c->expire_s) - age_s;
}

bool
retry_warn(const struct retry_conf *c, int64_t age_s, bool warned, bool bounce)
{
	return c->notice_s > 0 && !warned && !bounce && age_s >= c->notice_s;
}
