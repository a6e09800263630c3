/*
 * secret - see secret.h.
 * The octets live in the struct itself: growing would leave copies behind in
 * freed memory.  explicit_bzero is used because a plain memset before the
 * end of an object's life may be optimised away.
 */
#include "base/secret.h"

#include <string.h>

void
wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

void
secret_init(struct secret *s)
{
	*s = (struct secret){ .n = 0 };
}

int
secret_set(struct secret *s, struct span from)
{
	secret_fini(s);
	if (from.n > SECRET_MAX)
		return -1;
	if (from.n > 0)
		memcpy(s->p, from.p, from.n);
	s->p[from.n] = '\0';
	s->n = from.n;
	return 0;
}

void
secret_fini(struct secret *s)
{
	wipe(s, sizeof(*s));
}

bool
secret_eq(struct span a, struct span b)
{
	volatile unsigned char differ = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differ = (unsigned char)(differ |
		    ((unsigned char)a.p[i] ^ (unsigned char)b.p[i]));
	return differ == 0;
}
