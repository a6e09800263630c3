/*
 * json - text as a JSON string (RFC 8259 7), for what tools print.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/span.h"

/*
 * Append s in quotes.  UTF-8 stays; an octet that belongs to no valid UTF-8
 * becomes U+FFFD.
 * returns  0, or -1 when out is full
 */
int	json_string(struct buf *out, struct span s);
/* "key": as a string; a comma in front unless out ends in one of "{[". */
int	json_key(struct buf *out, const char *key);
/* The same with the value: a string, a number. */
int	json_pair(struct buf *out, const char *key, struct span value);
int	json_pair_u64(struct buf *out, const char *key, uint64_t value);

#endif
