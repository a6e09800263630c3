/*
 * order - what operators do to single messages.
 *
 * A message that only waits is dealt with at once.  One that is being tried
 * first gets back what has not been given to a worker; the order is carried out
 * when the last worker has ended (pass.c), so nothing is ever delivered behind
 * an operator's back, nor lost in the middle.
 */
#ifndef QMGR_ORDER_H
#define QMGR_ORDER_H

#include "qmgr/message.h"
#include "qmgr/waiting.h"

enum order { ORDER_NONE, ORDER_HOLD, ORDER_RELEASE, ORDER_REQUEUE, ORDER_DROP,
	ORDER_FLUSH };

enum order_result {
	ORDER_DONE,
	ORDER_SOON,		/* when its deliveries under way have ended */
	ORDER_NOT,		/* not in a state for that */
	ORDER_FAILED		/* the disk refuses; said in the log */
};

/* "hold", "release", "requeue", "drop", "flush" */
const char *order_name(enum order order);
/* ORDER_NONE: no such word. */
enum order order_parse(struct span word);
enum order_result order_apply(struct qmgr *q, const struct waiting_item *i,
	    enum order order);
/* Nothing of the message is under way: carry out its order.  May free it. */
void	order_finish(struct message *m);

#endif
