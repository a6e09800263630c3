/*
 * source - the text that maps are compiled from.  One entry a line, "key: value";
 * a line that begins with a space or tab continues the one before; lines that
 * begin with '#' and empty ones are passed over.  A key may stand in double quotes
 * (then it may hold ':' and '#').  Keys are folded (fold_name).
 * The user file has the same form: its key is the account, its value the
 * remaining fields of the passwd-style line.
 */
#ifndef MAP_SOURCE_H
#define MAP_SOURCE_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"

#define MAP_SOURCE_MAX	(256 * MIB)	/* octets of a source file */

/*
 * Calls each() for every entry in order; key and value are valid during the
 * call, value without spaces at its ends, continuation lines joined by one space.
 * each  returns 0, or -1 with why to stop
 * why   set on failure, with "line N: ..." in front
 * returns 0 or -1
 */
int	map_source_parse(struct span text,
	    int (*each)(struct span key, struct span value, void *ctx,
	    struct why *why), void *ctx, struct why *why) must_use;

#endif
