/*
 * recent - a bounded table from text to a time and a little more, which drops
 * what was touched longest ago.  Pure.
 */
#ifndef AUTHD_RECENT_H
#define AUTHD_RECENT_H

#include <sys/queue.h>

#include "base/base.h"
#include "base/span.h"

struct recent_entry {
	TAILQ_ENTRY(recent_entry) next;
	int64_t	 at_s;		/* the owner's to set */
	char	 service[8];
	char	 network[64];
	unsigned failures;	/* or another count; not kept in files */
	int64_t	 last_ms, free_ms;
	bool	 eased;		/* at eased_ms */
	int64_t	 eased_ms;
	size_t	 key_n;
	char	 key[];
};

struct recent;

struct recent *recent_new(const uint8_t seed[16], size_t cap);
void	recent_free(struct recent **r);
/* NULL: not there. */
struct recent_entry *recent_find(struct recent *r, struct span key);
/* Found or made (zeroed); the youngest from now on. */
struct recent_entry *recent_touch(struct recent *r, struct span key);
/* From the oldest on; NULL before the first and behind the last. */
struct recent_entry *recent_next(struct recent *r, struct recent_entry *e);
size_t	recent_count(const struct recent *r);

#endif
