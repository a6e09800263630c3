/*
 * sandbox_openbsd - OpenBSD: pledge(2) for calls, unveil(2) for paths.  There
 * are no capabilities; a process that is not root has none.  A pledge is never
 * given back.  With "error" a call that was not promised fails with ENOSYS, as
 * on Linux what stands in no table; without it, it kills.  The parent of
 * mailbox owners stays root with "id": the system has no user namespace.  It
 * does not unveil, because its children do, each its own mailbox: what is
 * locked once cannot be changed.
 *
 * Read against the manual pages, compiled against declarations of our own
 * (tests/privs/test_other_systems.py), never run.
 */
#ifdef __OpenBSD__

#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/fd.h"

#define ESC	"4.3.5"

static const char *const promises[] = {
	[SANDBOX_STDIO] = "error stdio recvfd sendfd",
	/* "inet" and "unix" are what accept(2) asks for. */
	[SANDBOX_FORK] = "error stdio recvfd sendfd proc inet unix",
	[SANDBOX_FILES] = "error stdio recvfd sendfd rpath wpath cpath fattr "
	    "flock",
	[SANDBOX_FILES_FORK] = "error stdio recvfd sendfd rpath wpath cpath "
	    "fattr flock proc",
	[SANDBOX_NET] = "error stdio recvfd sendfd inet dns proc",
	[SANDBOX_OWNER] = "error stdio recvfd sendfd rpath wpath cpath fattr "
	    "flock proc id chown unveil",
	/* (of the other two we do not know what they call) */
	[SANDBOX_PROGRAMS] = NULL,
};

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

/* unveil() takes paths, we hold directories: from inside it is ".". */
static int
unveil_dirs(const int *dirs, const char *permissions)
{
	for (; dirs != NULL && *dirs >= 0; dirs++)
		if (fchdir(*dirs) != 0 || unveil(".", permissions) != 0)
			return -1;
	return 0;
}

static int
unveil_all(const int *read_dirs, const int *write_dirs)
{
	int here, rc = -1;

	here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (here < 0)
		return -1;
	if (unveil_dirs(read_dirs, "r") == 0 &&
	    unveil_dirs(write_dirs, "rwc") == 0 && fchdir(here) == 0 &&
	    unveil(NULL, NULL) == 0)
		rc = 0;
	fd_close(&here);
	return rc;
}

int
sandbox_apply(const struct confine *c, struct confine_report *r,
    struct why *why)
{
	r->no_new_privs = true;		/* no class of known code may exec at all */
	r->undumpable = true;		/* core limit 0, no ptrace of others */
	if (promises[c->sandbox] == NULL)
		return 0;
	if (c->sandbox != SANDBOX_OWNER &&
	    (c->read_dirs != NULL || c->write_dirs != NULL)) {
		if (unveil_all(c->read_dirs, c->write_dirs) != 0) {
			why_sys(why, WHY_TEMP, ESC, "unveil");
			return -1;
		}
		r->landlocked = true;
	}
	if (sandbox_narrow(c->sandbox, why) != 0)
		return -1;
	r->filtered = true;
	return 0;
}

int
sandbox_mailbox(int dir, struct why *why)
{
	const int dirs[] = { dir, -1 };

	if (dir < 0 || unveil_all(NULL, dirs) == 0)
		return 0;
	why_sys(why, WHY_TEMP, ESC, "unveil");
	return -1;
}

int
sandbox_narrow(enum sandbox sandbox, struct why *why)
{
	if (promises[sandbox] == NULL || pledge(promises[sandbox], NULL) == 0)
		return 0;
	why_sys(why, WHY_TEMP, ESC, "pledge");
	return -1;
}

#else
typedef int sandbox_openbsd_is_off;
#endif
