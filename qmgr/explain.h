/*
 * explain - tells an operator which retry rule holds for a place and each kind
 * of error.
 */
#ifndef QMGR_EXPLAIN_H
#define QMGR_EXPLAIN_H

#include "base/buf.h"
#include "base/why.h"
#include "conf/view.h"
#include "qmgr/retry.h"

/*
 * Lines of key=value (ipc/control.h).
 * args     transport, next hop ("-": none), domain of the address
 * returns  0, or -1 with why
 */
int	explain(const struct retry_conf *c, const struct conf_view *conf,
	    const char *args, struct buf *out, struct why *why);

#endif
