/*
 * id - see id.h.
 * A queue id is three numbers in base 51, most significant digit first, each
 * of fixed width: time (10 digits), run (6), counter (4).  The digits stand
 * in ASCII order, so comparing ids as text compares the numbers.  The
 * counter is not set back when the time moves: the last character then takes
 * all values in turn, and is a good choice for spreading files over folders.
 */
#include "base/id.h"

#include <string.h>

#include "base/bug.h"

/* No vowels (no words), and no l beside 1. */
static const char alphabet[] =
    "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz";

#define BASE		(sizeof(alphabet) - 1)
#define TIME_DIGITS	10	/* 51^10 us: to the year 5742 */
#define RUN_DIGITS	6	/* 51^6 > 2^32 */
#define COUNTER_DIGITS	4
#define TIME_END	UINT64_C(119042423827613001)	/* 51^10 */
#define COUNTER_END	UINT32_C(6765201)		/* 51^4 */

_Static_assert(TIME_DIGITS + RUN_DIGITS + COUNTER_DIGITS == ID_LEN,
    "widths of the parts");
_Static_assert(BASE == 51, "TIME_END and COUNTER_END are powers of it");

static char *
put_digits(char *to, uint64_t v, size_t width)
{
	for (size_t i = width; i > 0; i--) {
		to[i - 1] = alphabet[v % BASE];
		v /= BASE;
	}
	return to + width;
}

void
id_maker_init(struct id_maker *m, uint32_t run)
{
	*m = (struct id_maker){ .run = run };
}

void
id_make(struct id_maker *m, uint64_t now_us, char out[ID_SIZE])
{
	char *to = out;

	m->counter = (m->counter + 1) % COUNTER_END;
	if (now_us > m->last_us)
		m->last_us = now_us;
	else if (m->counter == 0)
		m->last_us++;	/* the same time again: sort behind it */
	if (m->last_us >= TIME_END)
		bug("the clock stands after the year 5700");
	to = put_digits(to, m->last_us, TIME_DIGITS);
	to = put_digits(to, m->run, RUN_DIGITS);
	to = put_digits(to, m->counter, COUNTER_DIGITS);
	*to = '\0';
}

/* The value of a digit, or BASE. */
static size_t
digit_of(char c)
{
	const char *at = c != '\0' ? strchr(alphabet, c) : NULL;

	return at != NULL ? (size_t)(at - alphabet) : BASE;
}

bool
id_valid(struct span s)
{
	if (s.n != ID_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (digit_of(s.p[i]) == BASE)
			return false;
	}
	return true;
}

void
id_session(const uint8_t random[10], char out[SESSION_ID_SIZE])
{
	uint32_t bits = 0;
	unsigned n = 0;
	size_t at = 0;

	/* Five bits a character: the first 32 of the alphabet. */
	for (size_t i = 0; i < 10; i++) {
		bits = (bits << 8 | random[i]) & 0xfff;
		for (n += 8; n >= 5; n -= 5)
			out[at++] = alphabet[bits >> (n - 5) & 31];
	}
	out[at] = '\0';
}
