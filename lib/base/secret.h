/*
 * secret - passwords and keys: a fixed place, never copied on growth, never
 * printed, wiped when done.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/base.h"
#include "base/span.h"

#define SECRET_MAX	1024	/* octets */

struct secret {
	size_t n;
	char   p[SECRET_MAX + 1];	/* NUL behind the last octet */
};

void	secret_init(struct secret *s);
int	secret_set(struct secret *s, struct span from) must_use; /* -1: long */
void	secret_fini(struct secret *s);		/* wipes */
/* Takes the same time for all contents of the same lengths. */
bool	secret_eq(struct span a, struct span b);
void	wipe(void *p, size_t n);

#endif
