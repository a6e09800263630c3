/*
 * confine_master - what the one root process keeps.
 */
#ifndef OS_CONFINE_MASTER_H
#define OS_CONFINE_MASTER_H

#include "base/base.h"
#include "base/why.h"

/*
 * Give up all capabilities but those by which a supervisor makes and ends its
 * daemons, for itself and for all it will start.  Not dumpable, no core.
 * Before that, CONFINE_LOCK_MAX octets may be locked, for struct confine.
 * kept  filled with their names
 * returns  0; -1 with why: the process must end
 */
int	confine_master(char *kept, size_t kept_size, struct why *why)
	    must_use;

#endif
