/*
 * stock - ids with a time, many of them: 30 octets each, so that a million
 * deferred messages are 30 MB.
 */
#ifndef QMGR_STOCK_H
#define QMGR_STOCK_H

#include "base/id.h"

#define STOCK_DUE_MAX	((INT64_C(1) << 35) - 1)	/* in the year 3058 */

struct stock;

struct stock_item {
	char	id[ID_SIZE];	/* id_valid() */
	uint8_t	place;		/* < 8 */
	bool	paused;
	int64_t	due_s;		/* since 1970; kept as 0 to STOCK_DUE_MAX */
};

struct stock *stock_new(const uint8_t seed[16]);
void	stock_free(struct stock **s);
size_t	stock_count(const struct stock *s);
/* One that has this id already is that item from now on. */
void	stock_put(struct stock *s, const struct stock_item *i);
/* out may be NULL.  false: there is none of that id. */
bool	stock_get(const struct stock *s, const char *id,
	    struct stock_item *out);
bool	stock_del(struct stock *s, const char *id);
/* The one that is due first; false: there is none at all. */
bool	stock_first(struct stock *s, struct stock_item *out);
/*
 * All of them, in no order.
 * each     may change paused and due_s; *s must not be changed meanwhile
 */
void	stock_each(struct stock *s,
	    void (*each)(struct stock_item *i, void *ctx), void *ctx);

#endif
