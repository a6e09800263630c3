/*
 * signals - what this process does on a signal, apart from the loops that
 * libevent serves.
 */
#ifndef OS_SIGNALS_H
#define OS_SIGNALS_H

#include "base/base.h"

/* All signals at their defaults and unblocked: for the child of a fork. */
void	signals_default(void);
void	signals_ignore(int sig);

#endif
