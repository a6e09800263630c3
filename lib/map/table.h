/*
 * table - the functions that every kind of map has.  A map answers one key with
 * one value; what the value means is its user's affair.
 */
#ifndef MAP_TABLE_H
#define MAP_TABLE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

#define MAP_KEY_MAX	400	/* octets */
#define MAP_VALUE_MAX	(1024 * 1024)

enum map_got { MAP_FOUND, MAP_ABSENT, MAP_FAILED };

struct map_ops {
	/* value is cleared, then filled; why is set for MAP_FAILED */
	enum map_got (*get)(void *state, struct span key, struct buf *value,
	    struct why *why);
	void (*close)(void *state);
};

struct map {
	const struct map_ops *ops;	/* NULL: not open, every key is absent */
	void *state;
};

enum map_got	map_get(const struct map *m, struct span key,
	    struct buf *value, struct why *why) must_use;
void	map_close(struct map *m);

#endif
