/*
 * envelope - is what a session wrote a message that may be queued?  The same
 * distrust as for the network: a session that was taken over must not be able
 * to bring in what smtpd would have refused for its form.
 */
#ifndef QMGR_ENVELOPE_H
#define QMGR_ENVELOPE_H

#include "qmgr/qmgr.h"

/*
 * Read and judge the file.
 * returns  0 with *out (in a); -1 with why
 */
int	envelope_take(const struct qmgr *q, int fd, struct arena *a,
	    struct queue_head *out, struct why *why) must_use;

#endif
