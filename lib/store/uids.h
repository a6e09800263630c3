/*
 * uids - a list of UIDs that grows.
 */
#ifndef STORE_UIDS_H
#define STORE_UIDS_H

#include "base/base.h"

struct uids {
	uint32_t *v;
	size_t	  n, size;
};

void	uids_init(struct uids *u);
void	uids_fini(struct uids *u);		/* frees; as after uids_init */
void	uids_clear(struct uids *u);		/* keeps the memory */
void	uids_add(struct uids *u, uint32_t uid);	/* at the end */
void	uids_sort(struct uids *u);		/* ascending, each once */
/* u must be ascending. */
bool	uids_has(const struct uids *u, uint32_t uid);

#endif
