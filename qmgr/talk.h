/*
 * talk - an answer to an operator that takes many steps: what is in the queue
 * is copied first (ids only), then each message is looked at when the lines
 * before it are through, and a few per turn of the loop.
 */
#ifndef QMGR_TALK_H
#define QMGR_TALK_H

#include "base/buf.h"
#include "qmgr/order.h"
#include "qmgr/waiting.h"
#include "queue/select.h"

struct talk {
	struct qmgr *q;
	struct queue_select select;
	enum order order;	/* ORDER_NONE: a list */
	bool	 json, dry_run, all, check;
	struct waiting_item *items;
	size_t	 n, size, at;
	size_t	 matched, done, soon, failed;
	struct check *checking;	/* of a large file, or NULL */
};

/* All messages that may be meant: t->items. */
void	talk_collect(struct talk *t);
/* Look at the next one; its line, if any, goes to out. */
void	talk_step(struct talk *t, struct buf *out);
/* The last line: how many there were. */
void	talk_sum(struct talk *t, struct buf *out);
void	talk_fini(struct talk *t);

#endif
