/*
 * path - see path.h.
 * A program that is tried in its build directory must find its siblings
 * there; the kernel knows which file is running, argv[0] only what a caller
 * claims.
 */
#include "os/path.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/span.h"

int
path_absolute(const char *path, char *out, size_t out_size)
{
	char here[1024];
	int n;

	if (path[0] == '/')
		return span_copy(span_str(path), out, out_size);
	if (getcwd(here, sizeof(here)) == NULL)
		return -1;
	n = snprintf(out, out_size, "%s/%s", here, path);
	return n > 0 && (size_t)n < out_size ? 0 : -1;
}

int
path_real(const char *path, char *out, size_t out_size)
{
	char *real = realpath(path, NULL);
	int rc;

	if (real == NULL)
		return -1;
	rc = span_copy(span_str(real), out, out_size);
	if (rc != 0)
		errno = ENAMETOOLONG;
	free(real);
	return rc;
}

int
path_set_group(const char *path, uint32_t gid, uint32_t mode)
{
	if (lchown(path, (uid_t)-1, gid) != 0)
		return -1;
	return fchmodat(AT_FDCWD, path, mode, 0);
}

int
path_self_dir(char *out, size_t out_size)
{
#ifdef __linux__
	ssize_t n = readlink("/proc/self/exe", out, out_size);
	char *slash;

	if (n <= 0 || (size_t)n >= out_size)
		return -1;
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL || slash == out)
		return -1;
	*slash = '\0';
	return 0;
#else
	(void)out;
	(void)out_size;
	return -1;
#endif
}
