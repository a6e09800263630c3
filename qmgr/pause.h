/*
 * pause - what an operator has stopped for a while: one destination, one
 * transport, or the mail of one account.  Its recipients are put off without a
 * try; such a message does not expire, and nobody is told of a delay.
 * Kept in the file "paused" of the queue, so that it outlives a restart.
 */
#ifndef QMGR_PAUSE_H
#define QMGR_PAUSE_H

#include "base/buf.h"
#include "base/why.h"
#include "qmgr/qmgr.h"

struct pause;
struct route;

/* Reads the file; what is damaged in it is passed over, and said. */
struct pause *pause_new(struct qmgr *q);
/*
 * word     "destination=example.org" (the next hop of a route),
 *	    "transport=smtp" (lmtp, local, pipe), "account=alice"
 * on       stop, else go on
 * returns  0, or -1 with why; nothing is changed then
 */
int	pause_set(struct qmgr *q, struct span word, bool on,
	    struct why *why) must_use;
bool	pause_stops(const struct pause *p, const struct route *r);
bool	pause_stops_account(const struct pause *p, struct span account);
size_t	pause_count(const struct pause *p);
/* One word a line. */
void	pause_show(const struct pause *p, struct buf *out);

#endif
