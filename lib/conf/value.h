/*
 * value - is this text a good value for that setting?  Pure.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/base.h"
#include "conf/keys.h"

#define CONF_VALUE_MAX	1024	/* octets of one value or list item */

/*
 * value  as written in the file, or one item of a list
 * num    NUM, SIZE, TIME, BOOL: what it means; may be NULL
 * why    what is wrong, for people; why_size octets; may be NULL
 */
bool	conf_value_ok(const struct conf_key *key, const char *value,
	    uint64_t *num, char *why, size_t why_size) must_use;

/* "2000-2999" or "5000": without 0, first <= last. */
int	conf_parse_range(const char *text, uint32_t *first, uint32_t *last)
	    must_use;
/* A domain name with at least one dot (RFC 5321 2.3.5, 4.1.2). */
bool	conf_is_domain(const char *text);
/* The same, or with labels of UTF-8: whether IDNA allows them is not asked. */
bool	conf_is_mail_domain(const char *text);

#endif
