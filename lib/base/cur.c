/*
 * cur - see cur.h.
 * The position only moves forward, by functions of this file, and each looks
 * at the end before it reads: a parser that uses nothing else cannot read
 * out of bounds.  Budgets count down to zero and stay there.
 */
#include "base/cur.h"

#include "base/num.h"

void
cur_init(struct cur *c, struct span text, unsigned depth, unsigned items)
{
	/* A real pointer in every case, so that differences are defined. */
	const char *p = text.p != NULL ? text.p : "";

	*c = (struct cur){ .begin = p, .p = p, .end = p + text.n,
		.depth = depth, .items = items };
}

bool
cur_end(const struct cur *c)
{
	return c->p == c->end;
}

size_t
cur_left(const struct cur *c)
{
	return (size_t)(c->end - c->p);
}

size_t
cur_offset(const struct cur *c)
{
	return (size_t)(c->p - c->begin);
}

int
cur_peek(const struct cur *c)
{
	return cur_peek_at(c, 0);
}

int
cur_peek_at(const struct cur *c, size_t n)
{
	return n < cur_left(c) ? (unsigned char)c->p[n] : -1;
}

int
cur_next(struct cur *c)
{
	int octet = cur_peek(c);

	if (octet >= 0)
		c->p++;
	return octet;
}

bool
cur_take(struct cur *c, char want)
{
	if (cur_peek(c) != (unsigned char)want)
		return false;
	c->p++;
	return true;
}

bool
cur_take_str(struct cur *c, const char *want)
{
	struct span w = span_str(want);

	if (!span_starts(cur_rest(c), w))
		return false;
	c->p += w.n;
	return true;
}

bool
cur_take_istr(struct cur *c, const char *want)
{
	struct span w = span_str(want);

	if (!span_istarts(cur_rest(c), w))
		return false;
	c->p += w.n;
	return true;
}

struct span
cur_while(struct cur *c, bool (*is)(char))
{
	const char *from = c->p;

	while (c->p < c->end && is(*c->p))
		c->p++;
	return cur_since(c, from);
}

struct span
cur_rest(const struct cur *c)
{
	return (struct span){ c->p, cur_left(c) };
}

struct span
cur_since(const struct cur *c, const char *from)
{
	return (struct span){ from, (size_t)(c->p - from) };
}

bool
cur_item(struct cur *c)
{
	if (c->items == 0)
		return false;
	c->items--;
	return true;
}

bool
cur_enter(struct cur *c)
{
	if (c->depth == 0)
		return false;
	c->depth--;
	return true;
}

void
cur_leave(struct cur *c)
{
	c->depth++;
}

bool
cur_u64(struct cur *c, uint64_t max, uint64_t *out)
{
	const char *from = c->p;
	struct span digits = cur_while(c, ascii_isdigit);

	if (num_parse(digits, 0, max, out) != 0) {
		c->p = from;
		return false;
	}
	return true;
}
