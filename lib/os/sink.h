/*
 * sink - where the log lines of this process go: to logd by a channel, or to
 * standard error with a time in front.
 */
#ifndef OS_SINK_H
#define OS_SINK_H

#include "base/base.h"

/*
 * To logd: one packet a line, level digit in front ('0' error .. '3').  Never
 * blocks: when the queue is full lines are counted, and the number is said
 * later.  fd is the sink's from here on; one it had before is closed.
 */
void	sink_channel(int fd);
void	sink_stderr(const char *program);

#endif
