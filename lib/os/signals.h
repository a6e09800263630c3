/*
 * signals - what this process does on a signal, apart from the loops that
 * libevent serves.
 */
#ifndef OS_SIGNALS_H
#define OS_SIGNALS_H

#include "base/base.h"

/*
 * These signals at their defaults, all unblocked: for the child of a fork,
 * which names those that its parent had changed.
 */
void	signals_default(const int *sigs, size_t n);
void	signals_ignore(int sig);

#endif
