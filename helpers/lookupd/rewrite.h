/*
 * rewrite - what the maps that are asked about an address as such say of it:
 * who else gets a copy, by which way its own mail leaves, and (canonical.h) what
 * stands for it.  Pure: what the maps hold comes through a function.
 *
 * For local+detail@domain these keys are tried, the first that is there counts:
 *	"local+detail@domain", "local@domain",
 *	"local+detail", "local", if the domain is one of ours,
 *	"@domain".
 * For no address ("", the sender of reports) it is "<>" alone.
 * Each map is asked once for an address; what it says is not looked up again,
 * so no entry can lead back to itself.
 */
#ifndef LOOKUPD_REWRITE_H
#define LOOKUPD_REWRITE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "mail/addr.h"
#include "map/table.h"

enum rewrite_map {
	REWRITE_SENDER_BCC,
	REWRITE_RECIPIENT_BCC,
	REWRITE_SENDER_ROUTES,
	REWRITE_CANONICAL,
	REWRITE_SENDER_CANONICAL,
	REWRITE_RECIPIENT_CANONICAL,
	REWRITE_GENERIC,
	REWRITE_MAPS
};

struct rewrite_tables {
	/* value is cleared, then filled; why is set for MAP_FAILED */
	enum map_got (*get)(void *ctx, enum rewrite_map map, struct span key,
	    struct buf *value, struct why *why);
	bool (*domain_is_local)(void *ctx, struct span domain);
	void *ctx;
	char  separator;	/* of subaddresses, or '\0' */
	unsigned uses;		/* canonical.h: canonical_classes */
};

/* The name of the map's file, as in aliases(5). */
const char	*rewrite_name(enum rewrite_map map);

#define REWRITE_KEY_SIZE	(ADDR_LOCAL_SIZE + ADDR_DOMAIN_SIZE)

/* What was found: in value, cleared and filled, and by which key. */
struct rewrite_hit {
	struct buf *value;
	char	    key[REWRITE_KEY_SIZE];	/* for MAP_FOUND */
	bool	    bare;	/* the address has a detail, its key had none */
};

/*
 * The entry for an address.
 * a        a mailbox, or ADDR_NULL
 * hit      its value is set, the rest is filled
 * returns  MAP_FAILED with why: cannot tell now
 */
enum map_got	rewrite_find(const struct rewrite_tables *t,
	    enum rewrite_map map, const struct addr *a,
	    struct rewrite_hit *hit, struct why *why) must_use;

/*
 * Who gets a copy of mail from or for that address.
 * map      one of the two _BCC
 * returns  MAP_FOUND and *out, a mailbox; MAP_ABSENT; MAP_FAILED with why,
 *          also if the entry is no address
 */
enum map_got	rewrite_copy(const struct rewrite_tables *t,
	    enum rewrite_map map, const struct addr *a, struct addr *out,
	    struct why *why) must_use;

#endif
