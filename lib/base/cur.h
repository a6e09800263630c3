/*
 * cur - the cursor that every parser walks: where it is, where it must end,
 * and what it may still spend.  Budgets are counted before anything is kept.
 * Nothing is read past end; a NUL is an octet like any other.
 */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include "base/base.h"
#include "base/span.h"

struct cur {
	const char *begin;
	const char *p;
	const char *end;
	unsigned    depth;	/* levels of nesting still allowed */
	unsigned    items;	/* things still allowed */
};

void	cur_init(struct cur *c, struct span text, unsigned depth,
	    unsigned items);
bool	cur_end(const struct cur *c);
size_t	cur_left(const struct cur *c);
size_t	cur_offset(const struct cur *c);	/* for "error at octet N" */
/* The octet here as 0..255, or -1 at the end; cur_peek_at looks n ahead. */
int	cur_peek(const struct cur *c);
int	cur_peek_at(const struct cur *c, size_t n);
int	cur_next(struct cur *c);
bool	cur_take(struct cur *c, char want);	/* moves only if it is there */
bool	cur_take_str(struct cur *c, const char *want);	/* exactly */
bool	cur_take_istr(struct cur *c, const char *want);	/* ASCII case folded */
/* The longest run of octets for which is() holds; may be empty. */
struct span	cur_while(struct cur *c, bool (*is)(char));
struct span	cur_rest(const struct cur *c);
/* Everything between from (an earlier c->p) and here. */
struct span	cur_since(const struct cur *c, const char *from);

/* One thing, one level: false when the budget is used up. */
bool	cur_item(struct cur *c) must_use;
bool	cur_enter(struct cur *c) must_use;
void	cur_leave(struct cur *c);

/* Decimal digits (at least one) up to max; false: c is not moved. */
bool	cur_u64(struct cur *c, uint64_t max, uint64_t *out) must_use;

#endif
