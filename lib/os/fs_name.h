/*
 * fs_name - the check in front of every name that fs takes; only for lib/os.
 */
#ifndef OS_FS_NAME_H
#define OS_FS_NAME_H

#include "base/base.h"

/* One component: not empty, no '/', not "." or "..".  false sets EINVAL. */
bool	fs_name_ok(const char *name);

#endif
