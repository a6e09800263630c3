/*
 * bdb - Berkeley DB files (hash access method): built beside and renamed into
 * place, read without any environment or lock.
 */
#ifndef MAP_BDB_H
#define MAP_BDB_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "map/table.h"

/*
 * Compile dir/source (text) to dir/name.db.
 * dir      a directory held open that is also the process's working
 *          directory: Berkeley DB knows only paths
 * mode     of the new file, e.g. 0640; gid: its group, or -1
 * entries  set to how many there are
 * why      "aliases: line 3: ..." on failure; the old .db is then untouched
 * returns  0: the new file is on stable storage under its name; -1
 */
struct map_build {
	int	    dir;
	const char *name;
	const char *source;	/* NULL: name */
	uint32_t    mode;
	int64_t	    gid;
	/* makes the key from what map_source_parse gives; NULL: it is that.
	   -1: not possible */
	int (*key)(struct span text, struct buf *out);
	/* judges each entry; NULL: all are good */
	int (*check)(struct span key, struct span value, void *ctx,
	    struct why *why);
	void	   *ctx;
	/* what of a value is stored; NULL: all.  -1: it does not fit out */
	int (*part)(struct span value, struct buf *out);
};
int	map_bdb_build(const struct map_build *b, size_t *entries,
	    struct why *why) must_use;

/*
 * Open name.db in the working directory, to read.
 * returns  0, also when the file is absent (m is then an empty map); -1 with
 *          why (WHY_TEMP)
 */
int	map_bdb_open(struct map *m, const char *name, struct why *why) must_use;

#endif
