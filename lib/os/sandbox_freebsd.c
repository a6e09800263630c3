/*
 * sandbox_freebsd - FreeBSD: capability mode (capsicum(4)) for the classes
 * that work by descriptors alone.  In it no path leads anywhere but beneath a
 * directory that is held open, no socket can be connected, and no other
 * process can be signalled; so the classes that fork, connect or change ids
 * cannot enter it and say "capsicum" is missing; nor can a daemon that opens
 * its maps by name.  A mailbox session and a delivery, which have their
 * directories open, can.
 *
 * Read against the manual pages, compiled against declarations of our own
 * (tests/privs/test_other_systems.py), never run.
 */
#ifdef __FreeBSD__

#include "os/sandbox.h"

#include <sys/capsicum.h>
#include <sys/procctl.h>

#include <errno.h>
#include <unistd.h>

#define ESC	"4.3.5"

int
sandbox_before_ids(const struct confine *c, struct why *why)
{
	(void)c;
	(void)why;
	return 0;
}

int
sandbox_after_ids(const struct confine *c, struct confine_report *r,
    struct why *why)
{
	(void)c;
	(void)why;
	r->caps_dropped = true;		/* there are none */
	return 0;
}

static int
set_flags(struct confine_report *r, struct why *why)
{
	int arg = PROC_TRACE_CTL_DISABLE;

	if (procctl(P_PID, (id_t)getpid(), PROC_TRACE_CTL, &arg) != 0) {
		why_sys(why, WHY_TEMP, ESC, "PROC_TRACE_CTL");
		return -1;
	}
	r->undumpable = true;
#ifdef PROC_NO_NEW_PRIVS_CTL
	arg = PROC_NO_NEW_PRIVS_ENABLE;
	if (procctl(P_PID, (id_t)getpid(), PROC_NO_NEW_PRIVS_CTL,
	    &arg) != 0) {
		why_sys(why, WHY_TEMP, ESC, "PROC_NO_NEW_PRIVS_CTL");
		return -1;
	}
	r->no_new_privs = true;
#else
	sandbox_missing(r, "no_new_privs");
#endif
	return 0;
}

static bool
fits(enum sandbox s)
{
	return s == SANDBOX_STDIO || s == SANDBOX_FILES;
}

int
sandbox_apply(const struct confine *c, struct confine_report *r,
    struct why *why)
{
	unsigned mode = 0;

	if (set_flags(r, why) != 0)
		return -1;
	if (c->sandbox != SANDBOX_STDIO) {
		if (c->sandbox != SANDBOX_MODULES &&
		    c->sandbox != SANDBOX_PROGRAMS)
			sandbox_missing(r, "capsicum");
		return 0;
	}
	if (sandbox_narrow(c->sandbox, why) != 0)
		return -1;
	if (cap_getmode(&mode) == 0 && mode != 0) {
		r->filtered = r->landlocked = true;
		return 0;
	}
	sandbox_missing(r, "capsicum");	/* not in this kernel */
	return 0;
}

int
sandbox_mailbox(int dir, struct why *why)
{
	(void)dir;	/* the capability mode of sandbox_narrow() does it */
	(void)why;
	return 0;
}

int
sandbox_narrow(enum sandbox sandbox, struct why *why)
{
	if (!fits(sandbox) || cap_enter() == 0 || errno == ENOSYS)
		return 0;
	why_sys(why, WHY_TEMP, ESC, "cap_enter");
	return -1;
}

#else
typedef int sandbox_freebsd_is_off;
#endif
