/*
 * recipient - from an address to the places where its mail goes: aliases,
 * virtual addresses, accounts, subaddresses, catch-all.  Pure: what the maps
 * hold comes through a table of functions.
 *
 * Order for local@domain of a local domain, each tried with and then without
 * the detail behind the separator:
 *	virtual  "local@domain"
 *	aliases  "local"
 *	account  "local@domain"; for our host's own name also the system user
 *		 "local" and the account "local@" of the first domain
 *	virtual  "@domain" (catch-all)
 *	postmaster, by the setting
 * Mail for other domains leaves as way.h says.
 *
 * A member of an alias that names no domain is meant in the alias' own.
 */
#ifndef LOOKUPD_RECIPIENT_H
#define LOOKUPD_RECIPIENT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "ipc/msg_lookup.h"
#include "map/account.h"
#include "map/table.h"

struct recipient_tables {
	enum map_got (*alias)(void *ctx, struct span local, struct buf *value,
	    struct why *why);
	enum map_got (*virtual)(void *ctx, struct span address,
	    struct buf *value, struct why *why);
	/* address "local@domain", or "local" for a system user */
	enum map_got (*account)(void *ctx, struct span address,
	    struct account *out, struct why *why);
	/* the text of an :include: file */
	int (*include)(void *ctx, struct span path, struct buf *text,
	    struct why *why);
	bool (*domain_is_local)(void *ctx, struct span domain);
	/* the route of a domain that is not ours, or of "*", all that have none;
	   fills kind, transport, nexthop, port, tls, source, or makes it
	   TARGET_FAIL */
	enum map_got (*route)(void *ctx, struct span domain,
	    struct target *out, struct why *why);
	/* the same by the envelope sender, which may be "" */
	enum map_got (*sender_route)(void *ctx, struct span sender,
	    struct target *out, struct why *why);
	bool (*pipe_exists)(void *ctx, struct span name);
	void *ctx;

	char	    separator;	/* of subaddresses, or '\0' */
	const char *hostname;
	const char *first_domain; /* hostname if there is none */
	const char *postmaster;	/* address or "" */
	unsigned    depth_max;
	size_t	    targets_max;
	const uint8_t *seed;	/* 16 octets for the table of what was seen */
};

/*
 * Does mail for this address of a local domain find somebody?  One step only.
 * returns  MAP_FOUND, MAP_ABSENT, or MAP_FAILED with why
 */
enum map_got	recipient_exists(const struct recipient_tables *t,
	    struct span address, struct why *why) must_use;

struct recipient_asked {
	struct span address;
	struct span sender;	/* of the envelope; empty: none */
};

/*
 * Where all of it goes.  give() is called for each place, at most once for the
 * same one.
 * asked    canonical (mail/addr.h)
 * count    set to the number of targets given
 * returns  0; -1 with why: a map failed, so ask again later (what was given
 *          before counts for nothing)
 */
int	recipient_resolve(const struct recipient_tables *t,
	    const struct recipient_asked *asked, int (*give)(void *ctx,
	    const struct target *target), void *ctx, uint32_t *count,
	    struct why *why) must_use;

#endif
