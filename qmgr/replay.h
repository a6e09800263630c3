/* replay - the log of a file, played back onto a message just filled. */
#ifndef QMGR_REPLAY_H
#define QMGR_REPLAY_H

#include "qmgr/message.h"

/* fd: the file, open for reading.  0, or -1: the log cannot be read. */
int	replay(struct message *m, int fd) must_use;

#endif
