/*
 * explain - tells an operator which hosts take a destination's mail, their
 * addresses, and what TLS they must have.
 */
#ifndef SMTP_OUT_EXPLAIN_H
#define SMTP_OUT_EXPLAIN_H

#include "base/buf.h"
#include "conf/view.h"
#include "ipc/client.h"

#define EXPLAIN_MAX	(32 * KIB)

/*
 * Lines of key=value (ipc/control.h).
 * args  transport, next hop, port, number of the route's TLS demand
 */
void	explain(const char *args, struct ipc_client *dns,
	    const struct conf_view *conf, struct buf *out);

#endif
