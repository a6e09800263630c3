/* replay - the log of a file, played back onto a message just filled. */
#ifndef QMGR_REPLAY_H
#define QMGR_REPLAY_H

#include "qmgr/message.h"

/*
 * fd       the file, open for reading
 * returns  0, or -1: the log cannot be read, or there is no room now for its
 *	    recipients; m is of no use then, the file as it was
 */
int	replay(struct message *m, int fd) must_use;

#endif
