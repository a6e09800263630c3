/*
 * value - see value.h.
 * One switch over the kinds of the table, used alike for the file and for
 * the settings that master sends to a daemon.
 */
#include "conf/value.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/hostname.h"
#include "base/num.h"
#include "base/span.h"
#include "base/utf8.h"

#define UID_MOST	4294967294u	/* 2^32 - 1 means "none" */
#define DOMAIN_MAX	253	/* octets written with dots, as DNS bounds it */

static bool
say(char *why, size_t why_size, const char *what)
{
	if (why != NULL)
		(void)snprintf(why, why_size, "%s", what);
	return false;
}

static bool
say_range(const struct conf_key *key, char *why, size_t why_size,
    const char *what)
{
	if (why != NULL)
		(void)snprintf(why, why_size, "%s from %llu to %llu", what,
		    (unsigned long long)key->min,
		    (unsigned long long)key->max);
	return false;
}

static bool
is_choice(const char *choices, const char *value)
{
	struct span rest = span_str(choices), word;

	while ((word = span_word(&rest)).n > 0)
		if (span_eq_str(word, value))
			return true;
	return false;
}

static bool
parse_bool(const char *value, uint64_t *num)
{
	static const char *const words[2][3] = {
		{ "no", "false", "off" }, { "yes", "true", "on" }
	};

	for (size_t v = 0; v < 2; v++)
		for (size_t i = 0; i < COUNT(words[v]); i++)
			if (strcmp(words[v][i], value) == 0) {
				*num = v;
				return true;
			}
	return false;
}

static bool
parse_number(const struct conf_key *key, const char *value, uint64_t *num)
{
	struct span s = span_str(value);
	int64_t seconds;

	if (key->kind == CONF_NUM)
		return num_parse(s, key->min, key->max, num) == 0;
	if (key->kind == CONF_SIZE)
		return num_parse_size(s, key->max, num) == 0 &&
		    *num >= key->min;
	if (duration_parse(s, &seconds) != 0 || seconds < 0)
		return false;
	*num = (uint64_t)seconds;
	return *num >= key->min && *num <= key->max;
}

static bool
is_clean(const char *value)
{
	for (; *value != '\0'; value++)
		if (ascii_iscntrl(*value))
			return false;
	return true;
}

bool
conf_value_ok(const struct conf_key *key, const char *value, uint64_t *num,
    char *why, size_t why_size)
{
	uint64_t ignored;
	size_t n = strlen(value);

	if (num == NULL)
		num = &ignored;
	*num = 0;
	if (n > CONF_VALUE_MAX || !is_clean(value))
		return say(why, why_size,
		    "must be at most 1024 octets, no control characters");
	switch (key->kind) {
	case CONF_STR:
		return (n >= key->min && n <= key->max) || say_range(key, why,
		    why_size, "must have a length in octets");
	case CONF_NUM:
		return parse_number(key, value, num) || say_range(key, why,
		    why_size, "must be a number");
	case CONF_SIZE:
		return parse_number(key, value, num) || say_range(key, why,
		    why_size, "must be a size in octets (K, M, G)");
	case CONF_TIME:
		return parse_number(key, value, num) || say_range(key, why,
		    why_size, "must be a time in seconds (s, m, h, d, w)");
	case CONF_BOOL:
		return parse_bool(value, num) || say(why, why_size,
		    "must be yes or no");
	case CONF_LIST:
		return n > 0 || say(why, why_size, "has an empty item");
	case CONF_CHOICE:
		if (is_choice(key->choices, value))
			return true;
		if (why != NULL)
			(void)snprintf(why, why_size, "must be one of: %s",
			    key->choices);
		return false;
	}
	return false;
}

int
conf_parse_range(const char *text, uint32_t *first, uint32_t *last)
{
	struct span rest = span_str(text), low;
	uint64_t a, b;

	low = span_cut(&rest, '-');
	if (num_parse(low, 1, UID_MOST, &a) != 0)
		return -1;
	b = a;
	if (rest.p != NULL && num_parse(rest, a, UID_MOST, &b) != 0)
		return -1;
	*first = (uint32_t)a;
	*last = (uint32_t)b;
	return 0;
}

static bool
is_domain(const char *text, bool utf8)
{
	struct span s = span_str(text);

	return s.n <= DOMAIN_MAX && utf8_valid(s) &&
	    hostname_labels(s, utf8) > 1;
}

bool
conf_is_domain(const char *text)
{
	return is_domain(text, false);
}

bool
conf_is_mail_domain(const char *text)
{
	return is_domain(text, true);
}
