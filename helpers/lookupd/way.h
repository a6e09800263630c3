/*
 * way - by which host mail for a domain that is not ours leaves, and from which
 * address of this one (pure).
 *
 * The first route that is there counts: of the domain, of the envelope sender,
 * of "*".  A route of the sender that names neither host nor port takes its host
 * from "*", and its source also counts with a domain's route that names none.
 */
#ifndef LOOKUPD_WAY_H
#define LOOKUPD_WAY_H

#include "base/span.h"
#include "base/why.h"
#include "helpers/lookupd/recipient.h"
#include "ipc/msg_lookup.h"
#include "map/table.h"

/*
 * sender   of the envelope; empty: none
 * out      kind TARGET_REMOTE and nexthop the domain; changed as the maps say
 * returns  MAP_ABSENT: no map names a host; MAP_FAILED with why: ask again
 *          later
 */
enum map_got	way_find(const struct recipient_tables *t, struct span domain,
	    struct span sender, struct target *out, struct why *why) must_use;

#endif
