/*
 * request - all that others may ask of lookupd.
 */
#ifndef LOOKUPD_REQUEST_H
#define LOOKUPD_REQUEST_H

#include "helpers/lookupd/tables.h"
#include "ipc/server.h"

extern const struct ipc_rule request_rules[];
extern const size_t request_rules_n;

/* The context of the handlers: *tables is replaced on reload. */
struct request_state {
	struct tables *tables;
};

#endif
