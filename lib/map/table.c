/*
 * table.c - the dispatch.  A map that was never made is an empty one: a site
 * without aliases has no aliases file.
 */
#include "map/table.h"

enum map_got
map_get(const struct map *m, struct span key, struct buf *value,
    struct why *why)
{
	buf_clear(value);
	if (m->ops == NULL || key.n == 0 || key.n > MAP_KEY_MAX)
		return MAP_ABSENT;
	return m->ops->get(m->state, key, value, why);
}

void
map_close(struct map *m)
{
	if (m->ops != NULL)
		m->ops->close(m->state);
	m->ops = NULL;
	m->state = NULL;
}
