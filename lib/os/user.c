/*
 * user - see user.h.  The reentrant calls with a buffer of our own: an entry
 * that does not fit our fields is refused, never cut.
 */
#include "os/user.h"

#include <sys/types.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/span.h"

#define ENTRY_MAX	(64 * KIB)	/* big groups name all their members */

static int
user_fill(const struct passwd *pw, struct user *out)
{
	struct span full = span_str(pw->pw_gecos);

	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	/* passwd(5): the full name ends at the first comma. */
	span_copy_cut(span_head(full, span_chr(full, ',')), out->full_name,
	    sizeof(out->full_name));
	if (span_copy(span_str(pw->pw_name), out->name,
	    sizeof(out->name)) != 0 ||
	    span_copy(span_str(pw->pw_dir), out->home,
	    sizeof(out->home)) != 0) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

/* getpwnam_r(3): these, too, mean that there is no such name. */
static int
not_found_errno(int rc)
{
	if (rc == 0 || rc == ENOENT || rc == ESRCH || rc == EBADF ||
	    rc == EPERM)
		return ENOENT;
	return rc;
}

static int
user_get(const char *name, uint32_t uid, struct user *out)
{
	struct passwd pw, *found = NULL;
	char *text = xmalloc(ENTRY_MAX);
	int rc, result = -1;

	if (name != NULL)
		rc = getpwnam_r(name, &pw, text, ENTRY_MAX, &found);
	else
		rc = getpwuid_r(uid, &pw, text, ENTRY_MAX, &found);
	if (found != NULL)
		result = user_fill(found, out);
	else
		errno = not_found_errno(rc);
	free(text);
	return result;
}

int
user_by_name(const char *name, struct user *out)
{
	return user_get(name, 0, out);
}

int
user_by_uid(uint32_t uid, struct user *out)
{
	return user_get(NULL, uid, out);
}

int
group_by_name(const char *name, uint32_t *gid)
{
	struct group gr, *found = NULL;
	char *text = xmalloc(ENTRY_MAX);
	int rc;

	rc = getgrnam_r(name, &gr, text, ENTRY_MAX, &found);
	if (found != NULL)
		*gid = found->gr_gid;
	else
		errno = not_found_errno(rc);
	free(text);
	return found != NULL ? 0 : -1;
}

uint32_t
user_self(void)
{
	return geteuid();
}

uint32_t
group_self(void)
{
	return getegid();
}

int
user_host(char *out, size_t out_size)
{
	if (out_size == 0 || gethostname(out, out_size) != 0)
		return -1;
	out[out_size - 1] = '\0';	/* POSIX does not promise it */
	if (out[0] != '\0')
		return 0;
	errno = ENOENT;
	return -1;
}
