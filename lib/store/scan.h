/*
 * scan - the files of new/ and cur/, found by their base; only for lib/store.
 */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

struct scan_entry {
	size_t	 name_at;	/* in names */
	uint16_t name_n, base_n;
	bool	 in_new;
	uint8_t	 round;		/* of the last scan that found it */
	bool	 kept;		/* matched a message of the view */
	uint32_t hash;		/* of the base */
	uint32_t uid;		/* 0: none yet */
	struct span ext;	/* of its uidlist record */
};

struct scan {
	struct scan_entry *v;
	size_t	  n, size;
	struct buf names;	/* each NUL ended */
	uint32_t *slots;	/* open addressing: index + 1 */
	size_t	  slots_n;	/* power of two */
	uint8_t	  key[16];
	uint8_t	  round;
};

void	scan_init(struct scan *s);
void	scan_fini(struct scan *s);
/*
 * List both directories, or, with cur_dir -1, new/ alone.  A second call adds
 * what the first has missed and brings names up to date; nothing is taken away.
 * may_rename  two different files of one base: the second gets another
 */
int	scan_read(struct scan *s, int new_dir, int cur_dir, bool may_rename,
	    struct why *why) must_use;
/* NULL: not there. */
struct scan_entry *scan_find(const struct scan *s, struct span base);
const char *scan_name(const struct scan *s, const struct scan_entry *e);
struct span	scan_base(const struct scan *s, const struct scan_entry *e);

#endif
