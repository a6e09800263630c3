/*
 * uids - see uids.h.  The array doubles, so that adding is constant on
 * average; most lists are made in order, which uids_sort() notices.
 */
#include "store/uids.h"

#include <stdlib.h>

#include "base/bug.h"

void
uids_init(struct uids *u)
{
	*u = (struct uids){ .v = NULL };
}

void
uids_fini(struct uids *u)
{
	free(u->v);
	uids_init(u);
}

void
uids_clear(struct uids *u)
{
	u->n = 0;
}

void
uids_add(struct uids *u, uint32_t uid)
{
	if (u->n == u->size) {
		u->size = u->size == 0 ? 16 : u->size * 2;
		u->v = xreallocarray(u->v, u->size, sizeof(u->v[0]));
	}
	u->v[u->n++] = uid;
}

static int
by_uid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void
uids_sort(struct uids *u)
{
	size_t i, n;

	for (i = 1; i < u->n && u->v[i - 1] < u->v[i]; i++)
		continue;
	if (i >= u->n)
		return;
	qsort(u->v, u->n, sizeof(u->v[0]), by_uid);
	for (i = 1, n = 1; i < u->n; i++)
		if (u->v[i] != u->v[n - 1])
			u->v[n++] = u->v[i];
	u->n = n;
}

bool
uids_has(const struct uids *u, uint32_t uid)
{
	return u->n > 0 && bsearch(&uid, u->v, u->n, sizeof(u->v[0]),
	    by_uid) != NULL;
}
