/*
 * sandbox - what the kernel offers beyond users and chroot, one duty per
 * function, one file per system (sandbox_linux.c, sandbox_openbsd.c,
 * sandbox_freebsd.c, sandbox_none.c; each is empty on other systems).  Only
 * confine.c calls these.
 *
 * All return 0, or -1 with why.  A layer that the system lacks is no failure:
 * its name is added to r->missing by sandbox_missing().
 */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include "base/base.h"
#include "base/why.h"
#include "os/confine.h"

/* While still root: what can no longer be done as the new user. */
int	sandbox_before_ids(const struct confine *c, struct why *why) must_use;
/* As the new user: capabilities off but for the owner's, if kept. */
int	sandbox_after_ids(const struct confine *c, struct confine_report *r,
	    struct why *why) must_use;
/* No new privileges, not dumpable, paths, system calls. */
int	sandbox_apply(const struct confine *c, struct confine_report *r,
	    struct why *why) must_use;

/*
 * Owner of a mailbox (Linux): capabilities survive the next change of ids;
 * then only the right to chroot stays; then none at all.
 */
int	sandbox_keep_caps(struct why *why) must_use;
int	sandbox_keep_chroot_only(struct why *why) must_use;
int	sandbox_drop_all(struct why *why) must_use;
/* Only what is beneath dir (< 0: no change of paths), no foreign signals. */
int	sandbox_mailbox(int dir, struct why *why) must_use;
int	sandbox_narrow(enum sandbox sandbox, struct why *why) must_use;

/* Adds a word to r->missing; in confine.c. */
void	sandbox_missing(struct confine_report *r, const char *word);

#endif
