/*
 * sender - may an account write this address into a message as its sender?
 * Pure: what the maps hold comes through tables.
 *
 * An address belongs to an account if one of these holds:
 *	it is the account's name (of a user of the system: name@hostname and
 *	name@localhost);
 *	mail for it goes into the mailbox of that account and nowhere else:
 *	aliases, virtual addresses, catch-all and subaddresses alike;
 *	the map senders has it in the account's row: the address itself, also
 *	with a detail behind the separator, "@domain", or "*" for any.
 */
#ifndef LOOKUPD_SENDER_H
#define LOOKUPD_SENDER_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "helpers/lookupd/recipient.h"
#include "map/table.h"

struct sender_tables {
	const struct recipient_tables *recipient;
	/* the row of an account in the map senders */
	enum map_got (*senders)(void *ctx, struct span account,
	    struct buf *value, struct why *why);
	void *ctx;
};

/*
 * account  as authd names it ("alice@example.org"), or the name of a user of
 *	    the system ("alice")
 * address  a mailbox, canonical (mail/addr.h)
 * returns  MAP_FOUND: it belongs to the account; MAP_ABSENT: it does not;
 *	    MAP_FAILED with why: cannot tell now
 */
enum map_got	sender_owns(const struct sender_tables *t, struct span account,
	    struct span address, struct why *why) must_use;

#endif
