/*
 * fs_open - the part of fs that opens.  A path is walked component by
 * component with O_NOFOLLOW, so it leads nowhere but beneath its directory;
 * most have one component.  openat2(2) would do it at once, but no filter can
 * see the mode that it gives a new file: who may call it can make set-uid
 * files.
 */
#include "os/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "os/fault.h"
#include "os/fd.h"
#include "os/fs_name.h"

#define DEPTH_MAX	64	/* components of a path */
/* On the way a directory is only passed through: no right to read it. */
#ifdef O_PATH
#define O_THROUGH	O_PATH
#else
#define O_THROUGH	O_RDONLY
#endif

bool
fs_name_ok(const char *name)
{
	if (name[0] != '\0' && strcmp(name, ".") != 0 &&
	    strcmp(name, "..") != 0 && strchr(name, '/') == NULL)
		return true;
	errno = EINVAL;
	return false;
}

/* The next component of *path, or -1 with errno; moves *path behind it. */
static int
next_component(const char **path, char out[NAME_MAX + 1])
{
	size_t n = strcspn(*path, "/");

	if (n > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(out, *path, n);
	out[n] = '\0';
	*path += n;
	while (**path == '/')
		(*path)++;
	return fs_name_ok(out) ? 0 : -1;
}

static int
open_stepwise(int dir, const char *path, int flags, mode_t mode)
{
	char name[NAME_MAX + 1];
	int at = -1, fd, depth;

	for (depth = 0; depth < DEPTH_MAX; depth++) {
		if (next_component(&path, name) != 0)
			break;
		if (*path == '\0') {
			fd = openat(at >= 0 ? at : dir, name,
			    flags | O_NOFOLLOW, mode);
			fd_close(&at);
			return fd;
		}
		fd = openat(at >= 0 ? at : dir, name,
		    O_THROUGH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_close(&at);
		if (fd < 0)
			return -1;
		at = fd;
	}
	if (depth == DEPTH_MAX)
		errno = ENAMETOOLONG;
	fd_close(&at);
	return -1;
}

static int
open_beneath(int dir, const char *path, int flags)
{
	flags |= O_CLOEXEC | O_NOCTTY;
	if (fault_here("open"))
		return -1;
	if (path[0] == '\0') {
		errno = ENOENT;
		return -1;
	}
	return open_stepwise(dir, path, flags, 0600);
}

/*
 * A regular file or nothing: O_NONBLOCK, so that a FIFO holds up nobody.  What
 * we have just made is one.
 */
static int
open_file(int dir, const char *path, int flags)
{
	struct stat sb;
	int fd = open_beneath(dir, path, flags | O_NONBLOCK);

	if (fd < 0 || (flags & O_EXCL) != 0)
		return fd;
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode))
		return fd;
	fd_close(&fd);
	errno = EINVAL;
	return -1;
}

int
fs_open_top(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
fs_enter(const char *path)
{
	int fd = fs_open_top(path);

	if (fd >= 0 && fchdir(fd) != 0)
		fd_close(&fd);
	return fd;
}

int
fs_open_dir(int dir, const char *path)
{
	return open_beneath(dir, path, O_RDONLY | O_DIRECTORY);
}

int
fs_open_read(int dir, const char *path)
{
	return open_file(dir, path, O_RDONLY);
}

int
fs_open_rw(int dir, const char *path)
{
	return open_file(dir, path, O_RDWR);
}

int
fs_open_append(int dir, const char *name)
{
	if (!fs_name_ok(name))
		return -1;
	return open_file(dir, name, O_RDWR | O_APPEND | O_CREAT);
}

int
fs_create(int dir, const char *name)
{
	if (!fs_name_ok(name))
		return -1;
	return open_file(dir, name, O_RDWR | O_CREAT | O_EXCL);
}

int
fs_create_write(int dir, const char *name)
{
	if (!fs_name_ok(name))
		return -1;
	return open_file(dir, name, O_WRONLY | O_CREAT | O_EXCL);
}

/* One level of fs_mkdirs: made and synced if missing, then entered. */
static int
mkdir_enter(int dir, const char *name)
{
	if (fs_mkdir(dir, name) == 0) {
		if (fs_dirsync(dir) != 0)
			return -1;
	} else if (errno != EEXIST)
		return -1;
	return openat(dir, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
fs_mkdirs(int dir, const char *path)
{
	char name[NAME_MAX + 1];
	int at = -1, fd, depth;

	for (depth = 0; *path != '\0' && depth < DEPTH_MAX; depth++) {
		fd = -1;
		if (next_component(&path, name) == 0)
			fd = mkdir_enter(at >= 0 ? at : dir, name);
		fd_close(&at);
		if (fd < 0)
			return -1;
		at = fd;
	}
	fd_close(&at);
	if (*path != '\0') {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}
