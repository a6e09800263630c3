/*
 * folders_fs - folders whose directories may be in each other (layout fs) come and
 * go; only for lib/store/folders_change.c.
 */
#ifndef STORE_FOLDERS_FS_H
#define STORE_FOLDERS_FS_H

#include "base/base.h"
#include "store/layout.h"

/*
 * A folder goes, and those below it stay: all that is the folder's is moved to
 * the directory side of the mail root, which is made; durable.
 * returns  0; -1 with errno
 */
int	folders_fs_hollow(int root, const char *name, const char *side)
	    must_use;
/* A directory gets another place, with all below it; durable.  EEXIST. */
int	folders_fs_move(int root, const char *from, const char *to) must_use;

#endif
