/*
 * jsonread - members of small JSON objects (RFC 8259) that come from
 * strangers.  A text is checked once as a whole, with budgets; then single
 * values are looked up in it.  Nothing is allocated but what the caller asks
 * for.
 */
#ifndef TRUST_JSONREAD_H
#define TRUST_JSONREAD_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define JSONREAD_DEPTH	8	/* objects and arrays within another */
#define JSONREAD_ITEMS	512	/* members and elements in all */

/* Is it one object, and nothing behind it?  Strict: RFC 8259 2 to 7. */
bool	jsonread_ok(struct span text) must_use;
/*
 * object   a text that was found ok, or an object in one
 * value    set to the raw value of that member
 * returns  false: there is none, or more than one
 */
bool	jsonread_member(struct span object, const char *key,
	    struct span *value) must_use;
/*
 * The elements of an array one by one.
 * rest     at first the raw array; then the caller leaves it alone
 */
bool	jsonread_element(struct span *rest, struct span *value) must_use;
bool	jsonread_is_array(struct span value);
/* A raw string, decoded and appended.  -1: no string, a NUL in it, or full. */
int	jsonread_string(struct span value, struct buf *out) must_use;
/* A number from 0 to 2^53; a fraction is cut off.  -1: another value. */
int	jsonread_number(struct span value, int64_t *out) must_use;
bool	jsonread_is_true(struct span value);	/* also as a string */

#endif
