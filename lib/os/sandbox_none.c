/*
 * sandbox_none - systems of which we know nothing beyond POSIX: users, chroot
 * and limits are all there is, and the report says so.
 */
#if !defined(__linux__) && !defined(__OpenBSD__) && !defined(__FreeBSD__)

#include "os/sandbox.h"

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

int
sandbox_apply(const struct confine *c, struct confine_report *r,
    struct why *why)
{
	(void)c;
	(void)why;
	sandbox_missing(r, "sandbox");
	return 0;
}

int
sandbox_mailbox(int dir, struct why *why)
{
	(void)dir;
	(void)why;
	return 0;
}

int
sandbox_narrow(enum sandbox sandbox, struct why *why)
{
	(void)sandbox;
	(void)why;
	return 0;
}

#else
typedef int sandbox_none_is_off;
#endif
