/*
 * explain - tells an operator what the maps make of an address: each question
 * to a map with its answer, and each place where the mail goes.
 */
#ifndef LOOKUPD_EXPLAIN_H
#define LOOKUPD_EXPLAIN_H

#include "base/buf.h"
#include "helpers/lookupd/tables.h"
#include "ipc/msg_lookup.h"

#define EXPLAIN_MAX	(128 * KIB)	/* of an answer */
#define EXPLAIN_TARGETS	200		/* more are only counted */

/*
 * Lines of key=value (ipc/control.h), of which the first pair is `step`.
 * args  the address, and behind a space the sender or nothing
 */
void	explain(const struct tables *t, const char *args, struct buf *out);

#endif
