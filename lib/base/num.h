/*
 * num - numbers from text with a range, and arithmetic that cannot wrap.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/base.h"
#include "base/span.h"

/*
 * The whole of s as a decimal number without sign or spaces, min..max.
 * returns  0, or -1 (*out untouched).
 */
int	num_parse(struct span s, uint64_t min, uint64_t max, uint64_t *out)
	    must_use;
/* The same in lower or upper case hexadecimal, at most 16 digits. */
int	num_parse_hex(struct span s, uint64_t max, uint64_t *out) must_use;
/* A size with an optional K, M or G (powers of 1024): "50M". */
int	num_parse_size(struct span s, uint64_t max, uint64_t *out) must_use;

/* false when the result does not fit (*out untouched). */
bool	num_add(size_t a, size_t b, size_t *out) must_use;
bool	num_mul(size_t a, size_t b, size_t *out) must_use;
bool	num_add64(uint64_t a, uint64_t b, uint64_t *out) must_use;

size_t	num_min(size_t a, size_t b);
size_t	num_max(size_t a, size_t b);

#endif
