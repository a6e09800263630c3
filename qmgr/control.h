/*
 * control - orders of operators: queue-list, queue-show ID, queue-flush.
 * master hands over the operator's connection; the answer is lines of text,
 * then the end.
 *
 *	queue-list	ID state arrival next-attempt size sender recipients,
 *			one line per message, then a line with the count
 *	queue-show ID	envelope and log of one message
 *	queue-flush	all that waits is tried now
 */
#ifndef QMGR_CONTROL_H
#define QMGR_CONTROL_H

#include "ipc/msg_super.h"
#include "qmgr/qmgr.h"

struct control;

struct control *control_new(void);
/* fd: the operator's connection; closed here, now or when all is said. */
void	control_order(struct qmgr *q, const struct super_control *order,
	    int fd);

#endif
