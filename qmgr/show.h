/* show - messages as text for operators. */
#ifndef QMGR_SHOW_H
#define QMGR_SHOW_H

#include "base/buf.h"
#include "qmgr/waiting.h"

/* One line of a list; a message that is gone by now has none. */
void	show_line(struct qmgr *q, const struct waiting_item *i,
	    struct buf *out);
/* Where the message is, its envelope and log; or that there is none. */
void	show_message(struct qmgr *q, const char *id, struct buf *out);

#endif
