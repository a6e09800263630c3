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
};

/*
 * May mail for this address come in?
 * returns  0, or -1 with why: that cannot be told now
 */
int	request_judge(const struct tables *t, struct span address,
	    enum rcpt_kind *out, struct why *why) must_use;

#endif
