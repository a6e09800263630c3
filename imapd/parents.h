/*
 * parents - the names of the folders above others: "a" and "a.b" of "a.b.c".
 * RFC 3501 6.3.9 and RFC 5258 3.5 tell some of them though they were not asked
 * for themselves.  Pure.
 */
#ifndef IMAPD_PARENTS_H
#define IMAPD_PARENTS_H

#include "base/base.h"

struct parents {
	char **v;
	size_t n, size;
};

void	parents_init(struct parents *p);
void	parents_fini(struct parents *p);	/* frees */
/* All that stand above name, which is the store's (FOLDER_NAME_SIZE). */
void	parents_add(struct parents *p, const char *name);
/* After the last of them: v ascends, each name once. */
void	parents_sort(struct parents *p);
/* Only after parents_sort(): O(log n). */
bool	parents_has(const struct parents *p, const char *name);

#endif
