/*
 * parents - see parents.h.
 * Names are gathered as they come, most of them many times, and sorted once: a
 * folder has at most as many above it as there are levels.
 */
#include "imapd/parents.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/span.h"
#include "store/folders.h"

void
parents_init(struct parents *p)
{
	*p = (struct parents){ .v = NULL };
}

void
parents_fini(struct parents *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i]);
	free(p->v);
	parents_init(p);
}

void
parents_add(struct parents *p, const char *name)
{
	char parent[FOLDER_NAME_SIZE];
	char *dot;

	span_copy_cut(span_str(name), parent, sizeof(parent));
	while ((dot = strrchr(parent, FOLDER_SEPARATOR)) != NULL) {
		*dot = '\0';
		if (p->n == p->size) {
			p->size = p->size > 0 ? p->size * 2 : 16;
			p->v = xreallocarray(p->v, p->size, sizeof(p->v[0]));
		}
		p->v[p->n++] = xstrdup(parent);
	}
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
parents_sort(struct parents *p)
{
	size_t to = 0;

	if (p->n == 0)
		return;
	qsort(p->v, p->n, sizeof(p->v[0]), compare);
	for (size_t i = 1; i < p->n; i++)
		if (strcmp(p->v[i], p->v[to]) == 0)
			free(p->v[i]);
		else
			p->v[++to] = p->v[i];
	p->n = to + 1;
}

bool
parents_has(const struct parents *p, const char *name)
{
	return p->n > 0 && bsearch(&name, p->v, p->n, sizeof(p->v[0]),
	    compare) != NULL;
}
