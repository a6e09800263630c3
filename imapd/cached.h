/*
 * cached - answers about messages that the store keeps from an earlier time, so
 * that lists of messages are shown without opening any.
 */
#ifndef IMAPD_CACHED_H
#define IMAPD_CACHED_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "imapd/parse.h"
#include "store/folder_cache.h"

/* What is wanted of each message, and what was found of the one at hand. */
struct cached {
	unsigned kinds;			/* bit i: enum cache_kind */
	bool	 global;		/* of structures, only those without
					   message/global: another form is wanted */
	struct buf text[CACHE_KINDS];
};

void	cached_init(struct cached *c);
void	cached_fini(struct cached *c);
/* true: all that is wanted is there now. */
bool	cached_find(struct cached *c, struct folder *f, uint32_t uid) must_use;

/* Of a header the fields that are kept, CACHE_FIELDS. */
bool	cached_field(struct span name);
/* HEADER.FIELDS of the whole message, with such names only. */
bool	cached_section(const struct section *s);
void	cached_keep_fields(struct folder *f, uint32_t uid, struct span header);

#endif
