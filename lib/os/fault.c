/*
 * fault - see fault.h.  PAQUEBOT_FAULT=[program/]call:n:what is read once per
 * process: the n-th call of that kind (from 1) fails with the errno `what`
 * (EIO ENOSPC EDQUOT EMFILE ENOMEM EACCES EROFS EINTR), or with KILL the
 * process stops there as by kill -9.  With n = 0 every call fails.  SKIP, for
 * fsync, fdatasync and dirsync (the fsyncs of directories): it does nothing
 * and says that it worked; tests that a missing sync is found are made of it.
 * The program's name narrows it to one daemon of the suite.  What was done to
 * a call is logged, so that a test can tell a fault that was survived from one
 * that never came.  Not in release builds.
 */
#include "os/fault.h"

#ifdef FAULT

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/span.h"

static struct {
	pid_t	 pid;		/* counts are per process: a fork starts anew */
	uint64_t nth, seen;
	int	 error;		/* KILL: -1, SKIP: 0 */
	bool	 logging;	/* a line is written by calls, too */
	char	 call[16];	/* "": no fault asked for */
} fault;

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EDQUOT", EDQUOT },
	{ "EMFILE", EMFILE }, { "ENOMEM", ENOMEM }, { "EACCES", EACCES },
	{ "EROFS", EROFS }, { "EINTR", EINTR }, { "KILL", -1 },
	{ "SKIP", 0 },
};

static bool
fault_parse(struct span text)
{
	struct span call, nth;
	size_t i;

	if (span_has(text, '/')) {
		if (!span_eq_str(span_cut(&text, '/'), getprogname()))
			return false;
	}
	call = span_cut(&text, ':');
	nth = span_cut(&text, ':');
	if (num_parse(nth, 0, UINT32_MAX, &fault.nth) != 0 ||
	    span_copy(call, fault.call, sizeof(fault.call)) != 0)
		return false;
	for (i = 0; i < COUNT(errors); i++)
		if (span_eq_str(text, errors[i].name)) {
			fault.error = errors[i].error;
			return true;
		}
	return false;
}

static void
say(void)
{
	fault.logging = true;
	log_warn(LF_STR("event", "fault"), LF_STR("call", fault.call),
	    LF_NUM("n", fault.seen));
	fault.logging = false;
}

bool
fault_here(const char *call)
{
	if (fault.logging)
		return false;
	if (fault.pid != getpid()) {
		fault.pid = getpid();
		fault.seen = 0;
		if (!fault_parse(span_str(getenv("PAQUEBOT_FAULT"))))
			fault.call[0] = '\0';
	}
	if (strcmp(fault.call, call) != 0)
		return false;
	fault.seen++;
	if (fault.nth != 0 && fault.seen != fault.nth)
		return false;
	say();
	if (fault.error < 0)
		(void)kill(getpid(), SIGKILL);	/* does not return */
	errno = fault.error;
	return true;
}

#else

/* ISO C wants something in each file. */
typedef int fault_is_off;

#endif
