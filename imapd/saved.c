/*
 * saved - see saved.h.
 * UIDs are never used again, so that a message that is expunged leaves the
 * saved set by itself (RFC 5182 2.1), and only UIDs that were found are in a
 * range.
 */
#include "imapd/saved.h"

#include <stdlib.h>

#include "base/bug.h"

void
saved_init(struct saved *s)
{
	*s = (struct saved){ .v = NULL };
}

void
saved_fini(struct saved *s)
{
	free(s->v);
	saved_init(s);
}

static void
add_range(struct saved *s, uint32_t first, uint32_t last)
{
	if (s->n == s->size) {
		s->size = s->size > 0 ? s->size * 2 : 16;
		s->v = xreallocarray(s->v, s->size, sizeof(s->v[0]));
	}
	s->v[s->n++] = (struct seqrange){ first, last };
}

void
saved_set(struct saved *s, const struct uids *uids)
{
	size_t end;

	saved_fini(s);
	for (size_t i = 0; i < uids->n; i = end) {
		for (end = i + 1; end < uids->n &&
		    uids->v[end] == uids->v[end - 1] + 1;)
			end++;
		add_range(s, uids->v[i], uids->v[end - 1]);
	}
}

struct seqset
saved_get(const struct saved *s)
{
	return (struct seqset){ .v = s->v, .n = s->n };
}
