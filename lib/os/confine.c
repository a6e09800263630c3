/*
 * confine - see confine.h.  The order is the point:
 *
 *   limits          may always be lowered
 *   bounding set    while there is CAP_SETPCAP
 *   chdir, chroot   while there is CAP_SYS_CHROOT
 *   groups, gid, uid  in this order: each needs the rights of the next
 *   capabilities    what is left of them
 *   no_new_privs, not dumpable, Landlock, filter   (sandbox_*.c)
 *
 * Directories that the process will need are opened by the caller before.
 * After each step the process asks the system whether it is so.
 */
#include "os/confine.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/sandbox.h"
#ifdef __linux__
#include "os/sandbox_linux.h"
#endif

#define ESC	"4.3.5"
#define FOREIGN_LOCK	(8 * MIB)	/* Linux' own default, for others' code */

void
sandbox_missing(struct confine_report *r, const char *word)
{
	size_t n = strlen(r->missing);

	(void)snprintf(r->missing + n, sizeof(r->missing) - n, "%s%s",
	    n > 0 ? " " : "", word);
}

static int
limit(int which, uint64_t most, const char *name, struct why *why)
{
	struct rlimit l;

	if (getrlimit(which, &l) == 0) {
		if (l.rlim_max > most)
			l.rlim_max = most;
		l.rlim_cur = l.rlim_max;
		if (setrlimit(which, &l) == 0)
			return 0;
	}
	why_sys(why, WHY_TEMP, ESC, "limit of %s", name);
	return -1;
}

int
confine_file_size(uint64_t octets, struct why *why)
{
#ifdef __linux__
	if (SANDBOX_SANITIZED)	/* its report goes to a file */
		return 0;
#endif
	return octets == CONFINE_ANY_SIZE ? 0 :
	    limit(RLIMIT_FSIZE, octets, "file size", why);
}

static int
set_limits(const struct confine *c, struct why *why)
{
	if (limit(RLIMIT_CORE, 0, "core files", why) != 0 ||
	    limit(RLIMIT_NPROC, c->nproc, "processes", why) != 0)
		return -1;
	if (c->nofile > 0 &&
	    limit(RLIMIT_NOFILE, c->nofile, "descriptors", why) != 0)
		return -1;
	if (confine_file_size(c->fsize_octets, why) != 0)
		return -1;
#if !defined(__OpenBSD__)	/* has none; RLIMIT_DATA is set by login.conf */
#ifdef __linux__
	if (SANDBOX_SANITIZED)	/* a sanitizer reserves terabytes */
		return 0;
#endif
	if (c->mem_max_octets > 0 &&
	    limit(RLIMIT_AS, c->mem_max_octets, "memory", why) != 0)
		return -1;
#endif
	return limit(RLIMIT_MEMLOCK, c->lock_memory ? c->mem_max_octets :
	    c->sandbox == SANDBOX_MODULES || c->sandbox == SANDBOX_PROGRAMS ?
	    FOREIGN_LOCK : 0, "locked memory", why);
}

/*
 * All that is mapped now or later stays out of the swap, page by page as it is
 * used.  The limit counts the whole address space, so master raised it.  A lower
 * one would do for a while, and then the stack could not grow.
 */
static void
lock_memory(const struct confine *c, struct confine_report *r)
{
	int what = MCL_CURRENT | MCL_FUTURE;
	struct rlimit l;

#ifdef MCL_ONFAULT
	what |= MCL_ONFAULT;
#endif
#ifdef __linux__
	if (SANDBOX_SANITIZED)	/* as above */
		return;
#endif
	if (!c->lock_memory)
		return;
	if (getrlimit(RLIMIT_MEMLOCK, &l) == 0 &&
	    l.rlim_cur < c->mem_max_octets)
		r->unlocked = EPERM;
	else if (mlockall(what) != 0)
		r->unlocked = errno;
}

static int
enter_jail(const char *jail, struct why *why)
{
	if (chdir(jail) == 0 && chroot(".") == 0 && chdir("/") == 0)
		return 0;
	why_sys(why, WHY_TEMP, ESC, "chroot to %s", jail);
	return -1;
}

/* The BSDs keep the effective gid in the list. */
static int
no_groups(uint32_t gid)
{
#ifdef __linux__
	(void)gid;
	return setgroups(0, NULL);
#else
	gid_t g = gid;

	return setgroups(1, &g);
#endif
}

static bool
ids_are(uint32_t uid, uint32_t gid)
{
	uid_t ru, eu, su;
	gid_t rg, eg, sg, list[2];
	int n = getgroups(2, list);

	if (n > 1 || (n == 1 && list[0] != gid))
		return false;
	return getresuid(&ru, &eu, &su) == 0 &&
	    getresgid(&rg, &eg, &sg) == 0 && ru == uid && eu == uid &&
	    su == uid && rg == gid && eg == gid && sg == gid;
}

static int
become(uint32_t uid, uint32_t gid, struct why *why)
{
	if (no_groups(gid) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0) {
		why_sys(why, WHY_TEMP, ESC, "cannot become %u:%u", uid, gid);
		return -1;
	}
	if (!ids_are(uid, gid)) {
		why_set(why, WHY_TEMP, ESC, "did not become %u:%u", uid, gid);
		return -1;
	}
	return 0;
}

/*
 * Once the rights to do so are gone: root, the old ids and a neighbour must
 * be out of reach.  A refusal proves little where a filter refuses too, but a
 * success says that the process must not go on.
 */
static int
no_way_back(uint32_t uid, uint32_t gid, struct why *why)
{
	const uint32_t u[] = { 0, uid + 1, uid - 1 }, g[] = { 0, gid + 1 };
	bool back = false;

	for (size_t i = 0; i < COUNT(u); i++)
		if (u[i] != uid && u[i] != UINT32_MAX)
			back |= setresuid(u[i], u[i], u[i]) == 0;
	for (size_t i = 0; i < COUNT(g); i++)
		if (g[i] != gid && g[i] != UINT32_MAX)
			back |= setresgid(g[i], g[i], g[i]) == 0;
	if (!back && ids_are(uid, gid))
		return 0;
	why_set(why, WHY_TEMP, ESC, "could come back from %u:%u", uid, gid);
	return -1;
}

int
confine(const struct confine *c, struct confine_report *r, struct why *why)
{
	memset(r, 0, sizeof(*r));
	if (set_limits(c, why) != 0 || sandbox_before_ids(c, why) != 0)
		return -1;
	lock_memory(c, r);
	if (c->jail != NULL) {
		if (enter_jail(c->jail, why) != 0)
			return -1;
		r->chrooted = true;
	}
	if (c->drop_ids && become(c->uid, c->gid, why) != 0)
		return -1;
	if (sandbox_after_ids(c, r, why) != 0)
		return -1;
	if (c->drop_ids) {
		if (!c->keep_owner_caps && c->uid != 0 &&
		    no_way_back(c->uid, c->gid, why) != 0)
			return -1;
		r->ids_dropped = true;
	}
	return sandbox_apply(c, r, why);
}

#ifdef __linux__
/* A capability is enough to chroot, so the ids can go first. */
static int
owner_ids(uint32_t uid, uint32_t gid, struct why *why)
{
	if (sandbox_keep_caps(why) != 0 || become(uid, gid, why) != 0 ||
	    sandbox_keep_chroot_only(why) != 0)
		return -1;
	return no_way_back(uid, gid, why);
}

static int
owner_chroot(int dir)
{
	return fchdir(dir) != 0 || chroot(".") != 0 || chdir("/") != 0 ?
	    -1 : 0;
}

static int
owner_final(struct why *why)
{
	return sandbox_drop_all(why);
}
#else
/* Only root can chroot: it stays the saved id until that is done. */
static int
owner_ids(uint32_t uid, uint32_t gid, struct why *why)
{
	if (no_groups(gid) == 0 && setresgid(gid, gid, gid) == 0 &&
	    setresuid(uid, uid, 0) == 0)
		return 0;
	why_sys(why, WHY_TEMP, ESC, "cannot become %u:%u", uid, gid);
	return -1;
}

static int
owner_chroot(int dir)
{
	if (fchdir(dir) != 0 || seteuid(0) != 0)
		return -1;
	return chroot(".") != 0 || chdir("/") != 0 ? -1 : 0;
}

static int
owner_final(struct why *why)
{
	uint32_t uid = getuid(), gid = getgid();

	if (seteuid(0) != 0 || become(uid, gid, why) != 0)
		return -1;
	return no_way_back(uid, gid, why);
}
#endif

int
confine_become_owner(uint32_t uid, uint32_t gid, bool unprivileged,
    struct why *why)
{
	if (uid == 0 || gid == 0) {
		why_set(why, WHY_PERM, "5.3.5", "no mailbox belongs to root");
		return -1;
	}
	return unprivileged ? 0 : owner_ids(uid, gid, why);
}

int
confine_enter_mailbox(int dir, bool unprivileged, struct why *why)
{
	if (dir >= 0 &&
	    (unprivileged ? fchdir(dir) : owner_chroot(dir)) != 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot enter the mailbox");
		return -1;
	}
	if (!unprivileged && owner_final(why) != 0)
		return -1;
	return sandbox_mailbox(dir, why);
}

int
confine_narrow(enum sandbox sandbox, struct why *why)
{
	return sandbox_narrow(sandbox, why);
}
