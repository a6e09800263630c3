/*
 * listmatch - see listmatch.h.
 * The pattern is an automaton whose state i means "i literals have matched".
 * A wildcard before literal i lets state i stay where it is: for any octet if
 * it is '*', for any but the separator if it is '%'.  All states that are
 * possible are kept at once, as bits, so there is nothing to go back to:
 * "*%*%*%*a" is no dearer than "a".
 */
#include "imapd/listmatch.h"

#include <string.h>

static void
set_bit(uint64_t *words, size_t i)
{
	words[i / 64] |= (uint64_t)1 << (i % 64);
}

void
listmatch_init(struct listmatch *m, struct span pattern, char separator)
{
	memset(m, 0, sizeof(*m));
	m->separator = separator;
	for (size_t i = 0; i < pattern.n && !m->never; i++) {
		if (pattern.p[i] == '*')
			set_bit(m->star, m->n);
		else if (pattern.p[i] == '%')
			set_bit(m->percent, m->n);
		else if (m->n == IMAP_PATTERN_MAX)
			m->never = true;
		else
			set_bit(m->is[(unsigned char)pattern.p[i]], m->n++);
	}
}

/* other: the octet in its other case, or the same. */
static void
step(const struct listmatch *m, uint64_t *state, unsigned char c,
    unsigned char other)
{
	uint64_t carry = 0, moved, stay;

	for (size_t w = 0; w < LISTMATCH_WORDS; w++) {
		moved = state[w] & (m->is[c][w] | m->is[other][w]);
		stay = m->star[w];
		if (c != (unsigned char)m->separator)
			stay |= m->percent[w];
		stay &= state[w];
		state[w] = moved << 1 | carry | stay;
		carry = moved >> 63;
	}
}

bool
listmatch(const struct listmatch *m, struct span name, bool inbox)
{
	uint64_t state[LISTMATCH_WORDS] = { 1 };
	char c, other;

	if (m->never)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		c = name.p[i];
		other = c;
		if (inbox && i < 5) {
			c = ascii_upper(c);
			other = ascii_lower(c);
		}
		step(m, state, (unsigned char)c, (unsigned char)other);
	}
	return (state[m->n / 64] >> (m->n % 64) & 1) != 0;
}
