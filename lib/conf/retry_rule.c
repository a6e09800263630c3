/*
 * retry_rule - see retry_rule.h.
 * Steps may not descend: which step an attempt stands at is told from the
 * age alone (qmgr/retry.c), and an attempt that comes late then finds a longer
 * interval and never a shorter one.
 */
#include "conf/retry_rule.h"

#include <string.h>

#include "base/date.h"
#include "base/num.h"
#include "base/span.h"

#define GROWTH_MAX	1000	/* percent */

static const char *const transports[] = { "smtp", "lmtp", "local", "pipe" };

static const struct {
	const char     *word;
	enum retry_kind kind;
} kinds[] = {
	{ "any", RETRY_ANY }, { "connect", RETRY_CONNECT },
	{ "timeout", RETRY_TIMEOUT }, { "dns", RETRY_DNS },
	{ "tls", RETRY_TLS }, { "quota", RETRY_QUOTA },
	{ "greylist", RETRY_GREYLIST }, { "reply", RETRY_REPLY },
	{ "local", RETRY_LOCAL },
};

/* What no name of a host has: patterns, lists and whole addresses. */
static bool
is_host(struct span name)
{
	return !span_has(name, '*') && !span_has(name, '?') &&
	    !span_has(name, '@') && !span_has(name, ',');
}

static int
take_place(struct span word, struct retry_rule *out)
{
	size_t colon = span_chr(word, ':');

	if (span_eq_str(word, "*"))
		return 0;
	if (!is_host(word))
		return -1;
	if (colon < word.n) {
		out->place = RETRY_ROUTE;
		for (size_t i = 0; i < COUNT(transports); i++)
			if (span_eq_str(span_head(word, colon), transports[i]))
				return span_copy(span_head(word, colon),
				    out->transport, sizeof(out->transport)) |
				    span_copy(span_from(word, colon + 1),
				    out->name, sizeof(out->name));
		return -1;
	}
	out->place = RETRY_DOMAIN;
	if (word.n > 1 && word.p[0] == '.') {
		out->place = RETRY_BENEATH;
		word = span_from(word, 1);
	}
	return word.n > 0 && word.p[0] != '.' ?
	    span_copy(word, out->name, sizeof(out->name)) : -1;
}

static int
take_kind(struct span word, struct retry_rule *out)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (span_eq_str(word, kinds[i].word)) {
			out->kind = kinds[i].kind;
			return 0;
		}
	/* RFC 5321 4.2.1: only these put off. */
	if (word.n != 3 || word.p[0] != '4' ||
	    !(ascii_isdigit(word.p[1]) || word.p[1] == 'x') ||
	    !(ascii_isdigit(word.p[2]) || word.p[2] == 'x') ||
	    (word.p[1] == 'x' && word.p[2] != 'x'))
		return -1;
	out->kind = RETRY_CODE;
	return span_copy(word, out->code, sizeof(out->code));
}

static int
take_time(struct span s, int64_t most, int64_t *out)
{
	return duration_parse(s, out) == 0 && *out >= 1 && *out <= most ?
	    0 : -1;
}

/* "2", "1.5", "1.25" -> percent. */
static int
take_growth(struct span s, unsigned *out)
{
	struct span whole = span_cut(&s, '.');
	uint64_t a, b = 0;

	if (num_parse(whole, 1, GROWTH_MAX / 100, &a) != 0 ||
	    (s.p != NULL && (s.n > 2 || num_parse(s, 0, 99, &b) != 0)))
		return -1;
	if (s.n == 1)
		b *= 10;
	*out = (unsigned)(a * 100 + b);
	return *out > 100 && *out <= GROWTH_MAX ? 0 : -1;
}

/* "5m*2..4h", the last of a schedule. */
static int
take_growing(struct span s, struct retry_rule *out)
{
	size_t star = span_chr(s, '*');
	struct span rest = span_from(s, star + 1);
	size_t dots = span_find(rest, SPAN_LIT(".."));
	int64_t *last = &out->steps[out->steps_n++];

	if (dots >= rest.n ||
	    take_time(span_head(s, star), RETRY_STEP_MAX, last) != 0 ||
	    take_growth(span_head(rest, dots), &out->growth) != 0 ||
	    take_time(span_from(rest, dots + 2), RETRY_STEP_MAX,
	    &out->max_s) != 0)
		return -1;
	return out->max_s >= *last ? 0 : -1;
}

static int
take_schedule(struct span s, struct retry_rule *out)
{
	struct span one;

	out->growth = 100;
	while (s.p != NULL) {
		if (out->steps_n == RETRY_STEPS_MAX || out->growth != 100)
			return -1;
		one = span_cut(&s, ',');
		if (span_has(one, '*')) {
			if (take_growing(one, out) != 0)
				return -1;
		} else if (take_time(one, RETRY_STEP_MAX,
		    &out->steps[out->steps_n++]) != 0)
			return -1;
		if (out->steps_n > 1 && out->steps[out->steps_n - 1] <
		    out->steps[out->steps_n - 2])
			return -1;
	}
	if (out->growth == 100)
		out->max_s = out->steps[out->steps_n - 1];
	return 0;
}

int
retry_rule_parse(const char *item, struct retry_rule *out, const char **wrong)
{
	struct span rest = span_str(item), word;

	*out = (struct retry_rule){ .place = RETRY_EVERYWHERE };
	*wrong = "begins with no domain, .domain, transport:nexthop or *";
	word = span_word(&rest);
	if (word.n == 0 || take_place(word, out) != 0)
		return -1;
	*wrong = "names no kind of error, nor a code like 421 or 45x";
	if (take_kind(span_word(&rest), out) != 0)
		return -1;
	*wrong = "has no schedule of times, like 5m,15m,1h or 5m*2..4h";
	word = span_word(&rest);
	if (word.n == 0 || take_schedule(word, out) != 0)
		return -1;
	*wrong = "has an expiry that is neither a time (to 30d) nor -";
	word = span_word(&rest);
	if (word.n > 0 && !span_eq_str(word, "-") &&
	    take_time(word, RETRY_EXPIRE_MAX, &out->expire_s) != 0)
		return -1;
	*wrong = "has words behind the expiry";
	if (span_word(&rest).n > 0)
		return -1;
	*wrong = NULL;
	return 0;
}
