/*
 * buf - see buf.h.
 * Invariants: p is NULL and size 0 before the first addition; afterwards
 * n < size <= cap + 1 and p[n] is NUL.  The size doubles, so a row of
 * additions costs constant time per octet.  A buf whose size is already
 * cap + 1 never allocates: log.c makes one over an array on its stack.
 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

#define FIRST_SIZE	64	/* octets of the first allocation */

void
buf_init(struct buf *b, size_t cap_octets)
{
	/* One place is kept for the NUL. */
	if (cap_octets == SIZE_MAX)
		cap_octets--;
	*b = (struct buf){ .cap = cap_octets };
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	buf_init(b, b->cap);
}

void
buf_clear(struct buf *b)
{
	b->full = false;
	buf_cut(b, 0);
}

char *
buf_room(struct buf *b, size_t n)
{
	size_t need, size;

	if (n > b->cap - b->n) {
		b->full = true;
		return NULL;
	}
	need = b->n + n + 1;
	if (need > b->size) {
		size = b->size > 0 ? b->size : FIRST_SIZE;
		while (size < need && size <= b->cap / 2)
			size *= 2;
		if (size < need || size > b->cap)
			size = b->cap + 1;
		b->p = xrealloc(b->p, size);
		b->size = size;
		b->p[b->n] = '\0';
	}
	return b->p + b->n;
}

void
buf_grown(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	if (b->size == 0 || n > b->size - 1 - b->n)
		bug("buf_grown by %zu past the room of %zu", n, b->size);
	b->n += n;
	b->p[b->n] = '\0';
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to;

	if (n >= b->size - b->n) {
		to = buf_room(b, n);
		if (to == NULL)
			return -1;
	} else
		to = b->p + b->n;
	if (n > 0) {
		memcpy(to, p, n);
		b->n += n;
		to[n] = '\0';
	}
	return 0;
}

int
buf_add_u64(struct buf *b, uint64_t v)
{
	char digits[20];	/* 2^64 - 1 has 20 */
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return buf_add(b, digits + at, sizeof(digits) - at);
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = buf_vaddf(b, fmt, ap);
	va_end(ap);
	return rc;
}

int
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *to;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {		/* longer than INT_MAX: past any cap */
		b->full = true;
		return -1;
	}
	to = buf_room(b, (size_t)n);
	if (to == NULL)
		return -1;
	(void)vsnprintf(to, (size_t)n + 1, fmt, ap);	/* n is known to fit */
	buf_grown(b, (size_t)n);
	return 0;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n > b->n)
		bug("buf_drop of %zu from %zu", n, b->n);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n + 1);
	b->n -= n;
}

void
buf_cut(struct buf *b, size_t n)
{
	if (n > b->n)
		bug("buf_cut to %zu of %zu", n, b->n);
	b->n = n;
	if (b->p != NULL)
		b->p[n] = '\0';
}

const char *
buf_cstr(const struct buf *b)
{
	return b->p != NULL ? b->p : "";
}
