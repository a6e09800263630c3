/* scratch.h - a directory of its own for tests that need one. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/fs.h"
#include "t.h"

static char scratch_path[64];
static int scratch = -1;

static inline int
scratch_setup(void **state)
{
	(void)state;
	(void)snprintf(scratch_path, sizeof(scratch_path),
	    "/tmp/paquebot-unit.XXXXXX");
	if (mkdtemp(scratch_path) == NULL)
		return -1;
	scratch = fs_open_top(scratch_path);
	return scratch >= 0 ? 0 : -1;
}

static inline int
scratch_teardown(void **state)
{
	int top = fs_open_top("/tmp"), rc;

	(void)state;
	fd_close(&scratch);
	rc = fs_remove_tree(top, strrchr(scratch_path, '/') + 1, 1000000);
	fd_close(&top);
	return rc;
}

/* path beneath the scratch directory; replaces what is there. */
static inline void
scratch_put(const char *path, const char *text)
{
	int fd = openat(scratch, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	T_TRUE(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
	fd_close(&fd);
}

/* A file's text, until the next call. */
static inline const char *
scratch_get(const char *path)
{
	static char text[65536];
	int fd = openat(scratch, path, O_RDONLY);
	ssize_t n;

	T_TRUE(fd >= 0);
	n = fd_read(fd, text, sizeof(text) - 1);
	T_TRUE(n >= 0);
	text[n] = '\0';
	fd_close(&fd);
	return text;
}

static inline bool
scratch_has(const char *path)
{
	return faccessat(scratch, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

#endif
