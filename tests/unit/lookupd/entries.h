/*
 * entries.h - maps for the tests of rewriting: a table in place of files, and
 * one domain that is ours.
 */
#ifndef TEST_LOOKUPD_ENTRIES_H
#define TEST_LOOKUPD_ENTRIES_H

#include "helpers/lookupd/rewrite.h"

struct entry {
	enum rewrite_map map;
	const char *key, *value;	/* "!...": the map cannot be read */
};

/* The context of entries_get(). */
struct entries {
	const struct entry *all;
	size_t	 n;
	unsigned asked;		/* counted */
};

static inline enum map_got
entries_get(void *ctx, enum rewrite_map map, struct span key,
    struct buf *value, struct why *why)
{
	struct entries *e = ctx;

	e->asked++;
	buf_clear(value);
	for (size_t i = 0; i < e->n; i++) {
		if (map != e->all[i].map || !span_eq_str(key, e->all[i].key))
			continue;
		if (e->all[i].value[0] == '!') {
			why_set(why, WHY_TEMP, "4.3.5", "map");
			return MAP_FAILED;
		}
		return buf_add_str(value, e->all[i].value) == 0 ?
		    MAP_FOUND : MAP_FAILED;
	}
	return MAP_ABSENT;
}

static inline bool
entries_is_local(void *ctx, struct span domain)
{
	(void)ctx;
	return span_eq_str(domain, "ours.example");
}

#endif
