/*
 * fresh - a compiled map that is opened again when it was built anew.  A build
 * puts another file under the name, so another inode means: open again.  At most
 * one look a second.
 */
#ifndef MAP_FRESH_H
#define MAP_FRESH_H

#include "base/base.h"
#include "map/table.h"

struct map_fresh {
	int	    dir;	/* borrowed; the working directory too */
	const char *name;	/* "aliases" */
	struct map  map;	/* to be asked */
	uint64_t    inode;	/* of the file that is open; 0: none */
	bool	    gone;	/* its file is; what was open still answers */
	int64_t	    looked_ms;
};

/*
 * Opens it if it is there: one that was never made is empty.  With trouble, which
 * is logged, each key fails until it can be opened; f must stay where it is.
 */
void	map_fresh_init(struct map_fresh *f, int dir, const char *name);
void	map_fresh_look(struct map_fresh *f);
void	map_fresh_fini(struct map_fresh *f);

#endif
