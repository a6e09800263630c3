/*
 * notify - news of directories as one descriptor to poll.
 */
#ifndef OS_NOTIFY_H
#define OS_NOTIFY_H

#include "base/base.h"

/*
 * dirs     n open directories; need not stay open
 * returns  a CLOEXEC descriptor, non-blocking, that is readable after a name
 *          was made, removed or renamed in one of them; or -1: this system or
 *          this user's limit has none left: look from time to time instead
 */
int	notify_open(const int *dirs, size_t n) must_use;
/* Forget what was told so far. */
void	notify_drain(int fd);

#endif
