/*
 * sock_syslog - the system's log daemon, for logd alone.
 */
#ifndef OS_SOCK_SYSLOG_H
#define OS_SOCK_SYSLOG_H

#include "base/base.h"
#include "base/span.h"

/* A datagram socket connected to /dev/log, CLOEXEC, non-blocking; or -1. */
int	sock_connect_syslog(void) must_use;
#define SOCK_LINES_MAX	32
/*
 * Lines, n of them (<= SOCK_LINES_MAX), a datagram each; until deadline_ms
 * (clock_mono_ms) a reader that is slow is waited for.
 * returns  how many went out; fewer than n: errno says why
 */
size_t	sock_send_lines(int fd, const struct span *v, size_t n,
	    int64_t deadline_ms) must_use;

#endif
