/*
 * retry - see retry.h.
 * RFC 5321 4.5.4.1: a retry interval SHOULD be at least 30 minutes, but a
 * fast first retry serves hosts that ask to come again; so the usual rule
 * doubles from short to long.  Give-up time there: at least 4-5 days.
 *
 * An interval that grows by the factor g from first: after k of them the age is
 * first * (g^k - 1) / (g - 1), and the next one is first * g^k, which is
 * first + age * (g - 1).  So nobody has to count attempts.
 */
#include "qmgr/retry.h"

#include <string.h>

void
retry_usual(struct retry_rule *out, int64_t min_s, int64_t max_s)
{
	*out = (struct retry_rule){ .steps = { min_s }, .steps_n = 1,
		.growth = 200, .max_s = max_s };
}

void
retry_set_longest(struct retry_conf *c)
{
	c->longest_s = c->usual.max_s;
	for (size_t i = 0; i < c->rules_n; i++) {
		int64_t s = c->rules[i].max_s;

		s += c->rules[i].growth == 100 ? s / 4 : 0;	/* jitter */
		if (s > c->longest_s)
			c->longest_s = s;
	}
}

/* ------------------------------------------------------------------- errors */

static bool
says(struct span text, const char *what)
{
	struct span word = span_str(what);

	for (size_t i = 0; i + word.n <= text.n; i++)
		if (span_ieq(span_of(text.p + i, word.n), word))
			return true;
	return false;
}

/* RFC 5321 4.2: three digits; 0: no reply. */
static uint16_t
code_of(struct span text)
{
	if (text.n < 3 || text.p[0] != '4' || !ascii_isdigit(text.p[1]) ||
	    !ascii_isdigit(text.p[2]) || (text.n > 3 && text.p[3] != ' '))
		return 0;
	return (uint16_t)(400 + (text.p[1] - '0') * 10 + (text.p[2] - '0'));
}

/* RFC 3463 3.3, X.2.2: mailbox full. */
static bool
is_full(struct span esc, struct span text, uint16_t code)
{
	return span_eq_str(esc, "4.2.2") || (code > 0 &&
	    (says(text, "quota") || says(text, "mailbox full") ||
	    says(text, "mailbox is full")));
}

/* RFC 3463 3.5 (X.4.n: network and routing), 3.8 (X.7.n: security). */
static enum retry_kind
kind_by_status(struct span esc)
{
	if (span_eq_str(esc, "4.4.1"))
		return RETRY_CONNECT;
	if (span_eq_str(esc, "4.4.2"))
		return RETRY_TIMEOUT;
	if (span_eq_str(esc, "4.4.3") || span_eq_str(esc, "4.4.4"))
		return RETRY_DNS;
	if (span_starts(esc, SPAN_LIT("4.7.")))
		return RETRY_TLS;
	if (span_starts(esc, SPAN_LIT("4.4.")) ||
	    span_starts(esc, SPAN_LIT("4.5.")))
		return RETRY_REPLY;
	return RETRY_LOCAL;
}

struct retry_error
retry_error_of(struct span esc, struct span text, bool remote)
{
	struct retry_error e = { .code = remote ? code_of(text) : 0 };

	if (is_full(esc, text, e.code))
		e.kind = RETRY_QUOTA;
	else if (e.code == 0)
		e.kind = (uint8_t)kind_by_status(esc);
	else if (says(text, "greylist") || says(text, "graylist") ||
	    says(text, "grey-list"))
		e.kind = RETRY_GREYLIST;
	else
		e.kind = RETRY_REPLY;
	return e;
}

static bool
code_matches(const char *pattern, uint16_t code)
{
	return code / 100 == 4 &&
	    (pattern[1] == 'x' || pattern[1] - '0' == code / 10 % 10) &&
	    (pattern[2] == 'x' || pattern[2] - '0' == code % 10);
}

static bool
error_matches(const struct retry_rule *r, struct retry_error e)
{
	switch (r->kind) {
	case RETRY_ANY:
		return true;
	case RETRY_CODE:
		return code_matches(r->code, e.code);
	case RETRY_REPLY:
		return e.code != 0 || e.kind == RETRY_REPLY;
	default:
		return r->kind == (enum retry_kind)e.kind;
	}
}

static bool
place_matches(const struct retry_rule *r, const struct retry_dest *d)
{
	struct span name = span_str(r->name);

	switch (r->place) {
	case RETRY_EVERYWHERE:
		return true;
	case RETRY_DOMAIN:
		return span_ieq(d->domain, name);
	case RETRY_BENEATH:
		return d->domain.n > name.n && span_iends(d->domain, name) &&
		    d->domain.p[d->domain.n - name.n - 1] == '.';
	case RETRY_ROUTE:
		return d->transport != NULL &&
		    strcmp(d->transport, r->transport) == 0 &&
		    (name.n == 0 || span_ieq(d->nexthop, name));
	}
	return false;
}

const struct retry_rule *
retry_find(const struct retry_conf *c, const struct retry_dest *d,
    struct retry_error e)
{
	for (size_t i = 0; i < c->rules_n; i++)
		if (place_matches(&c->rules[i], d) &&
		    error_matches(&c->rules[i], e))
			return &c->rules[i];
	return &c->usual;
}

/* -------------------------------------------------------------------- times */

int64_t
retry_age(const struct retry_conf *c, int64_t age_s, int64_t since_s,
    int64_t now_s)
{
	int64_t grown = now_s - since_s;

	if (grown < 0)
		grown = 0;
	if (grown > 2 * c->longest_s)
		grown = 2 * c->longest_s;
	return age_s + grown;
}

/* The interval that begins at that age, before jitter. */
static int64_t
interval(const struct retry_rule *r, int64_t age_s)
{
	size_t last = r->steps_n - 1;
	int64_t wait;

	for (size_t i = 0; i < last; i++) {
		if (age_s < r->steps[i])
			return r->steps[i];
		age_s -= r->steps[i];
	}
	/* Beyond this it cannot matter, and must not wrap. */
	if (age_s > RETRY_EXPIRE_MAX * 2)
		age_s = RETRY_EXPIRE_MAX * 2;
	wait = r->steps[last] + age_s * ((int64_t)r->growth - 100) / 100;
	return wait < r->max_s ? wait : r->max_s;
}

int64_t
retry_next(const struct retry_rule *r, int64_t age_s, uint32_t random,
    int64_t left_s, int64_t now_s)
{
	int64_t wait = interval(r, age_s < 0 ? 0 : age_s), jitter;

	jitter = (int64_t)(random % ((uint64_t)wait / 4 + 1));
	/* Upwards, as long as there is room above. */
	wait = r->growth == 100 || wait + jitter <= r->max_s ?
	    wait + jitter : wait - jitter;
	if (wait > left_s)
		wait = left_s > 0 ? left_s : 1;
	return now_s + wait;
}

int64_t
retry_sane(const struct retry_conf *c, int64_t next_s, int64_t now_s)
{
	return next_s > now_s + c->longest_s ? now_s + c->longest_s : next_s;
}

int64_t
retry_left(const struct retry_conf *c, const struct retry_rule *r,
    int64_t age_s, bool bounce)
{
	int64_t life = r->expire_s > 0 ? r->expire_s : c->expire_s;

	if (bounce && (r->expire_s == 0 || c->bounce_expire_s < life))
		life = c->bounce_expire_s;
	return life - age_s;
}

bool
retry_warn(const struct retry_conf *c, int64_t age_s, bool warned, bool bounce)
{
	return c->notice_s > 0 && !warned && !bounce && age_s >= c->notice_s;
}
