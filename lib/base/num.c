/*
 * num - see num.h.
 * The whole text must be the number: no spaces, no sign, nothing behind it.
 * A digit is added only after the check that the sum will fit, so no value
 * ever wraps, however many zeros or digits come.
 */
#include "base/num.h"

static bool
add_digit(uint64_t *v, uint64_t base, uint64_t digit)
{
	return !__builtin_mul_overflow(*v, base, v) &&
	    !__builtin_add_overflow(*v, digit, v);
}

int
num_parse(struct span s, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_isdigit(s.p[i]) ||
		    !add_digit(&v, 10, (uint64_t)(s.p[i] - '0')))
			return -1;
	}
	if (v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

int
num_parse_hex(struct span s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0 || s.n > 16)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (!ascii_isxdigit(c))
			return -1;
		v = v << 4 | (uint64_t)(ascii_isdigit(c) ? c - '0' :
		    c - 'a' + 10);
	}
	if (v > max)
		return -1;
	*out = v;
	return 0;
}

int
num_parse_size(struct span s, uint64_t max, uint64_t *out)
{
	static const struct { char unit; uint64_t factor; } units[] = {
		{ 'K', UINT64_C(1) << 10 },
		{ 'M', UINT64_C(1) << 20 },
		{ 'G', UINT64_C(1) << 30 },
	};
	uint64_t v, factor = 1;

	for (size_t i = 0; i < COUNT(units) && s.n > 0 && factor == 1; i++) {
		if (s.p[s.n - 1] == units[i].unit)
			factor = units[i].factor;
	}
	if (factor > 1)
		s.n--;
	/* max / factor: whatever is above it is above max when multiplied. */
	if (num_parse(s, 0, max / factor, &v) != 0)
		return -1;
	*out = v * factor;
	return 0;
}

bool
num_add(size_t a, size_t b, size_t *out)
{
	size_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*out = sum;
	return true;
}

bool
num_mul(size_t a, size_t b, size_t *out)
{
	size_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return false;
	*out = product;
	return true;
}

bool
num_add64(uint64_t a, uint64_t b, uint64_t *out)
{
	uint64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*out = sum;
	return true;
}

size_t
num_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
num_max(size_t a, size_t b)
{
	return a > b ? a : b;
}
