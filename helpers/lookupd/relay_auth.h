/*
 * relay_auth - by which entry of the map relay_auth a host that mail leaves by
 * knows us.  Pure: what the map holds comes through a function.
 *
 * A sender's own entry counts first, but only where its mail goes by a host that
 * the operator chose for everybody or for that sender: not by one that DNS names,
 * nor by that of a domain's route, who have no business with its password.  Then
 * the entry of the next hop.
 */
#ifndef LOOKUPD_RELAY_AUTH_H
#define LOOKUPD_RELAY_AUTH_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "ipc/msg_lookup.h"
#include "map/relay_login.h"
#include "map/table.h"

struct relay_auth {
	/* value is cleared, then filled; why is set for MAP_FAILED */
	enum map_got (*get)(void *ctx, struct span key, struct buf *value,
	    struct why *why);
	/* Has the domain a route of its own? */
	enum map_got (*has_route)(void *ctx, struct span domain,
	    struct why *why);
	void *ctx;
	char  separator;	/* of subaddresses, or '\0' */
};

/*
 * target   TARGET_REMOTE
 * sender   of the envelope; empty: none
 * key      MAP_FOUND: of the entry; else ""
 * returns  MAP_FAILED with why: that cannot be told now
 */
enum map_got	relay_auth_find(const struct relay_auth *t,
	    const struct target *target, struct span sender,
	    char key[RELAY_KEY_MAX + 1], struct why *why) must_use;

/*
 * The entry itself.
 * key      of relay_auth_find()
 * room     borrowed by out; to be wiped
 * returns  0; -1 with why (WHY_TEMP): it is gone, or makes no sense
 */
int	relay_auth_get(const struct relay_auth *t, struct span key,
	    struct buf *room, struct relay_login *out, struct why *why) must_use;

#endif
