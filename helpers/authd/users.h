/*
 * users - account records by login name.
 */
#ifndef AUTHD_USERS_H
#define AUTHD_USERS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "map/account.h"
#include "map/fresh.h"

struct users {
	struct map_fresh	map;
	struct account_defaults defaults;
	struct buf		value;	/* what the last account points into */
};

/* dir: of the maps, held open and the working directory. */
void	users_init(struct users *u, int dir,
	    const struct account_defaults *defaults);
void	users_fini(struct users *u);
/*
 * name     as the client said it; ASCII letters are folded
 * out      its hash points into u until the next call
 * returns  MAP_FOUND, MAP_ABSENT (also for a name that cannot be one), or
 *          MAP_FAILED with why
 */
enum map_got	users_find(struct users *u, struct span name,
	    struct account *out, struct why *why) must_use;

#endif
