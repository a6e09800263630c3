/*
 * namespace - the user namespace in which a parent can become the mailbox
 * owners and nobody else.  The daemon leaves for a new namespace by itself;
 * master, who keeps the rights, writes the maps from outside.
 */
#ifndef OS_NAMESPACE_H
#define OS_NAMESPACE_H

#include <sys/types.h>

#include "base/base.h"
#include "base/why.h"

struct id_range {
	uint32_t first, count;
};

/* 0, or -1 with why: this system has no (allowed) user namespaces. */
int	namespace_leave(struct why *why) must_use;
/*
 * Identity maps for the process that left: uids and gids in these ranges exist
 * in it under their own numbers.  Ranges must not overlap nor hold 0; at most 16.
 */
int	namespace_map(pid_t pid, const struct id_range *uids, size_t nuids,
	    const struct id_range *gids, size_t ngids, struct why *why) must_use;

#endif
