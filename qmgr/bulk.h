/*
 * bulk - an operator's list, check or order that concerns many messages: what
 * is in the queue is copied first (ids only), then each message is looked at
 * when the lines before it are through, and a few per turn of the loop.
 */
#ifndef QMGR_BULK_H
#define QMGR_BULK_H

#include "base/buf.h"
#include "qmgr/order.h"
#include "qmgr/waiting.h"
#include "queue/select.h"

struct bulk {			/* set by the caller, but for what is below */
	struct qmgr *q;
	struct queue_select select;
	enum order order;	/* ORDER_NONE: a list, or a check */
	bool	 check;		/* of whole files; order is ORDER_NONE */
	bool	 json, dry_run;
	bool	 all;		/* meant without a selector */

	struct waiting_item *items;	/* copied; n of them, room for size */
	size_t	 n, size, at;	/* at: the next one */
	size_t	 matched, done, soon, failed;
	struct check *checking;	/* a large file, in steps; or NULL */
};

/* Copy all that may be meant. */
void	bulk_collect(struct bulk *b);
/* Look at the next one (b->at < b->n); its line, if any, goes to out. */
void	bulk_step(struct bulk *b, struct buf *out);
/* The last line: how many there were. */
void	bulk_sum(struct bulk *b, struct buf *out);
void	bulk_fini(struct bulk *b);

#endif
