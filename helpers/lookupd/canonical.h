/*
 * canonical - the address that stands for another: as mail comes in, the maps
 * canonical, sender_canonical and recipient_canonical; as it leaves, generic.
 * Pure: what the maps hold comes through rewrite.h.
 *
 * The keys of an address are those of rewrite.h.  The entry is an address, or
 * "@domain": the same local part there.  Where an address with a detail is
 * found without it, the new one gets the detail behind its local part; by the
 * map generic it does not.
 */
#ifndef LOOKUPD_CANONICAL_H
#define LOOKUPD_CANONICAL_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "helpers/lookupd/rewrite.h"
#include "ipc/msg_lookup.h"
#include "mail/addr.h"

#define CANONICAL_MAPS	2

/* What stands for an address, and by which entries: of steps the first n. */
struct canonical {
	struct addr address;
	size_t	    n;
	struct canonical_step {
		enum rewrite_map map;
		char	    key[REWRITE_KEY_SIZE];
		struct addr address;	/* what it made of the one before */
	} steps[CANONICAL_MAPS];
};

/*
 * The new address, by the map for its side first and then by that for both; each
 * is asked once, so no entries can lead in a circle.
 * use      if t->uses has not its bit, no canonical map is asked
 * a        a mailbox
 * returns  MAP_FOUND and *out, with a mailbox that may be the same; MAP_ABSENT: no
 *	    map has it, or what it says would be too long for an address;
 *	    MAP_FAILED with why, also if an entry is no address in ASCII
 */
enum map_got	canonical_address(const struct rewrite_tables *t,
	    enum rewrite_use use, const struct addr *a, struct canonical *out,
	    struct why *why) must_use;

/* The maps of a use in their order; returns how many, 0 if it is off. */
size_t	canonical_maps(const struct rewrite_tables *t, enum rewrite_use use,
	    enum rewrite_map out[CANONICAL_MAPS]);

/* The setting canonical_classes as USE_BIT()s. */
unsigned	canonical_uses(struct span classes);

#endif
