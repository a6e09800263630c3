/*
 * user - the system's users and groups.  Only before confinement.
 */
#ifndef OS_USER_H
#define OS_USER_H

#include "base/base.h"

struct user {
	char	 name[64];
	uint32_t uid, gid;
	char	 home[512];
	char	 full_name[128];
};
/* 0; -1 errno ENOENT: no such user; other: cannot tell now. */
int	user_by_name(const char *name, struct user *out) must_use;
int	user_by_uid(uint32_t uid, struct user *out) must_use;
int	group_by_name(const char *name, uint32_t *gid) must_use;
uint32_t user_self(void);	/* effective uid */
uint32_t group_self(void);
/* The name of this host, gethostname(2); -1: it has none, or does not fit. */
int	user_host(char *out, size_t out_size) must_use;

#endif
