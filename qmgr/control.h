/*
 * control - orders of operators.  master hands over the operator's
 * connection; the answer is lines of text, then the end.
 *
 *	queue-list	ID state arrival next-attempt size sender recipients
 *			(reason), one line per message, then their count
 *	queue-show ID	envelope and log of one message
 *	queue-hold, queue-release, queue-requeue, queue-drop, queue-flush
 *			what order.h does, to all that are meant
 *	queue-stats	the ledger (ledger.h)
 *	queue-fsck	check every file
 *	queue-pause, queue-resume WORD
 *			pause.h; pause without a word: what is paused
 *
 * Words behind them: those of queue/select.h, which say what is meant; `json`;
 * `dry-run`: say what would be done; `all`: without a selector nothing is
 * held, released, requeued or dropped.
 */
#ifndef QMGR_CONTROL_H
#define QMGR_CONTROL_H

#include "ipc/msg_super.h"
#include "ipc/server.h"
#include "qmgr/qmgr.h"

struct control;

struct control *control_new(void);
/* fd: the operator's connection; closed here, now or when all is said. */
void	control_order(struct qmgr *q, const struct super_control *order,
	    int fd);
/*
 * A user of this host wants to see his own messages: those with auth=uid:N.
 * He gets the list and nothing else, and takes no operator's place.
 */
enum verdict	control_on_mine(struct ipc_peer *peer,
		    const struct ipc_msg *msg, void *ctx);

#endif
