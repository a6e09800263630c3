/*
 * load - a file of the queue back into memory: head, checksum, log.  What is
 * not understood is put aside.
 */
#ifndef QMGR_LOAD_H
#define QMGR_LOAD_H

#include "qmgr/message.h"

/* Nothing happens if it is in memory already. */
void	load_begin(struct qmgr *q, const char *id, enum queue_state place);
/* The next piece of what is being read. */
void	load_turn(struct qmgr *q);

#endif
