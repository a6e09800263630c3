/*
 * buf - owned octets that grow, up to a cap given at birth.  What would pass
 * the cap is refused and remembered in `full`: a row of additions may be made
 * without looking, and judged once at the end.  There is always a NUL behind
 * the last octet (not counted), so buf_cstr() costs nothing.
 * Out of memory ends the process (bug.h).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/base.h"
#include "base/span.h"

struct buf {
	char  *p;
	size_t n;	/* octets held */
	size_t size;	/* octets allocated */
	size_t cap;	/* n never passes this */
	bool   full;	/* an addition was refused */
};

void	buf_init(struct buf *b, size_t cap_octets);
void	buf_fini(struct buf *b);	/* frees; as after buf_init */
void	buf_clear(struct buf *b);	/* keeps the memory; full = false */

/* All return 0, or -1 when the cap is reached (then nothing is added). */
int	buf_add(struct buf *b, const void *p, size_t n);

static inline int
buf_add_span(struct buf *b, struct span s)
{
	return buf_add(b, s.p, s.n);
}

static inline int
buf_add_str(struct buf *b, const char *s)
{
	return buf_add_span(b, span_str(s));
}

static inline int
buf_add_char(struct buf *b, char c)
{
	/* size never passes cap + 1, and one place is the NUL's. */
	if (b->size - b->n < 2)
		return buf_add(b, &c, 1);
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
	return 0;
}

int	buf_add_u64(struct buf *b, uint64_t v);
int	buf_addf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
int	buf_vaddf(struct buf *b, const char *fmt, va_list ap)
	    printf_like(2, 0);

/* Room for n more octets at b->p + b->n, or NULL; then buf_grown(). */
char   *buf_room(struct buf *b, size_t n);
void	buf_grown(struct buf *b, size_t n);

/* Drop n octets at the front (moves the rest) or all behind the first n. */
void	buf_drop(struct buf *b, size_t n);
void	buf_cut(struct buf *b, size_t n);

/* Valid until the next change. */
static inline struct span
buf_span(const struct buf *b)
{
	return (struct span){ b->p, b->n };
}

const char     *buf_cstr(const struct buf *b);	/* never NULL */

#endif
