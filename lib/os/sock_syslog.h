/*
 * sock_syslog - the system's log daemon, for logd alone.
 */
#ifndef OS_SOCK_SYSLOG_H
#define OS_SOCK_SYSLOG_H

#include "base/base.h"

/* A datagram socket connected to /dev/log, CLOEXEC, non-blocking; or -1. */
int	sock_connect_syslog(void) must_use;

#endif
