/*
 * path - file names as the system sees them: made absolute, and where this
 * program's own file lies.
 */
#ifndef OS_PATH_H
#define OS_PATH_H

#include "base/base.h"

/*
 * path as an absolute one: the working directory in front where needed; links
 * stay as they are.
 * returns  0, or -1 when it does not fit or the directory cannot be told
 */
int	path_absolute(const char *path, char *out, size_t out_size) must_use;
/* With all links resolved; it must exist.  0, or -1 with errno. */
int	path_real(const char *path, char *out, size_t out_size) must_use;
/* For a socket's name, which cannot be opened: group and permissions. */
int	path_set_group(const char *path, uint32_t gid, uint32_t mode)
	    must_use;
/* The directory of the running program's file; -1: the system cannot say. */
int	path_self_dir(char *out, size_t out_size) must_use;

#endif
