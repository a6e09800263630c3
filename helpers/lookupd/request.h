/*
 * request - all that others may ask of lookupd.
 */
#ifndef LOOKUPD_REQUEST_H
#define LOOKUPD_REQUEST_H

#include "helpers/lookupd/tables.h"
#include "ipc/msg_lookup.h"
#include "ipc/server.h"

extern const struct ipc_rule request_rules[];
extern const size_t request_rules_n;

/* The context of the handlers: *tables is replaced on reload. */
struct request_state {
	struct tables *tables;
	uint8_t	       seed[16];	/* random, once */
};

/*
 * What stands for an address?
 * address  canonical
 * out      the new one, or "": it stays, or is none
 * returns  0, or -1 with why: that cannot be told now
 */
int	request_rewrite(const struct tables *t, enum rewrite_use use,
	    struct span address, char out[LOOKUP_ADDRESS_MAX + 1],
	    struct why *why) must_use;

/*
 * Who gets a copy besides?
 * address  of an envelope, canonical
 * out      that address, or ""
 * returns  0, or -1 with why: that cannot be told now
 */
int	request_copy(const struct tables *t, enum rewrite_map map,
	    struct span address, char out[LOOKUP_ADDRESS_MAX + 1],
	    struct why *why) must_use;

/*
 * What a target of another host has besides: generic, and the key of its log-in.
 * returns  0, or -1 with why: that cannot be told now
 */
int	request_way(const struct tables *t, struct span sender,
	    struct target *target, struct why *why) must_use;

/*
 * May mail for this address come in?  Whether we take mail for its domain is
 * said by the address as it came, whether there is somebody by what stands for it.
 * to       what request_rewrite() said of it, or "": the address itself
 * returns  0, or -1 with why: that cannot be told now
 */
int	request_judge(const struct tables *t, struct span address,
	    struct span to, enum rcpt_kind *out, struct why *why) must_use;

#endif
