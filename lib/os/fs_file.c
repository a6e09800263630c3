/*
 * fs_file - the part of fs that works on whole files and trees: slurp,
 * replace, remove.
 */
#include "os/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/fs_name.h"
#include "os/rand.h"

#define SLURP_STEP	(16 * KIB)
#define TREE_DEPTH_MAX	32

int
fs_slurp_fd(int fd, struct buf *out)
{
	size_t room;
	ssize_t got;
	char *to, more;

	for (;;) {
		room = out->cap - out->n;
		if (room > SLURP_STEP)
			room = SLURP_STEP;
		if (room == 0) {	/* full: is this the end, too? */
			got = fd_read(fd, &more, 1);
			if (got > 0)
				errno = EFBIG;
			return got == 0 ? 0 : -1;
		}
		to = buf_room(out, room);
		if (to == NULL) {
			errno = EFBIG;
			return -1;
		}
		got = fd_read(fd, to, room);
		if (got <= 0)
			return (int)got;
		buf_grown(out, (size_t)got);
	}
}

int
fs_slurp(int dir, const char *path, struct buf *out)
{
	int fd, rc;

	fd = fs_open_read(dir, path);
	if (fd < 0)
		return -1;
	rc = fs_slurp_fd(fd, out);
	fd_close(&fd);
	return rc;
}

/* fchmod: whatever the umask was. */
static int
write_synced(int dir, const char *name, struct span text, uint32_t mode)
{
	int fd, rc = -1;

	fd = fs_create(dir, name);
	if (fd < 0)
		return -1;
	if (fs_chmod(fd, mode) == 0 &&
	    fd_write_all(fd, text.p, text.n) == 0 && fs_sync(fd) == 0)
		rc = 0;
	if (rc == 0)
		rc = fd_close_check(&fd);
	fd_close(&fd);
	return rc;
}

int
fs_replace(int dir, const char *name, struct span text, uint32_t mode)
{
	char tmp[NAME_MAX + 1];
	uint32_t r[2];
	int error;

	if (!fs_name_ok(name))
		return -1;
	rand_octets(r, sizeof(r));
	if (snprintf(tmp, sizeof(tmp), ".%s.%08x%08x", name, r[0], r[1]) >=
	    (int)sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (write_synced(dir, tmp, text, mode) != 0 ||
	    fs_rename(dir, tmp, dir, name) != 0) {
		error = errno;
		(void)fs_discard(dir, tmp);	/* the first failure counts */
		errno = error;
		return -1;
	}
	return fs_dirsync(dir);
}

/* ".name.", then the sixteen digits of above. */
static bool
is_replacement(const char *name)
{
	size_t n = strlen(name);
	const char *digits = name + n - (n < 16 ? n : 16);

	return name[0] == '.' && n > 18 && digits[-1] == '.' &&
	    strspn(digits, "0123456789abcdef") == 16;
}

struct sweep {
	int	dir;
	int64_t before_ns;
};

static int
sweep_one(const char *name, enum fs_kind kind, void *ctx)
{
	const struct sweep *s = ctx;
	struct fs_stat st;

	if (kind != FS_FILE || !is_replacement(name))
		return 0;
	if (s->before_ns < INT64_MAX && (fs_stat(s->dir, name, &st) != 0 ||
	    st.mtime_ns >= s->before_ns))
		return 0;
	return fs_discard(s->dir, name);
}

int
fs_replace_sweep(int dir, int64_t before_ns)
{
	struct sweep s = { .dir = dir, .before_ns = before_ns };

	return fs_list(dir, sweep_one, &s) == 0 ? 0 : -1;
}

struct removal {
	int	dir;		/* what each() gets the names of */
	size_t *left;		/* entries of the whole tree */
	int	depth;
};

static int	remove_entry(const char *name, enum fs_kind kind, void *ctx);

static int
remove_inside(const struct removal *above, const char *name, int fd)
{
	struct removal r = { fd, above->left, above->depth - 1 };
	int rc = fs_list(fd, remove_entry, &r);

	fd_close(&fd);
	return rc == 0 ? fs_rmdir(above->dir, name) : -1;
}

static int
remove_entry(const char *name, enum fs_kind kind, void *ctx)
{
	const struct removal *r = ctx;
	int fd;

	(void)kind;	/* of the moment of listing; open() tells for sure */
	if (*r->left == 0 || r->depth == 0) {
		errno = EMFILE;
		return -1;
	}
	(*r->left)--;
	fd = openat(r->dir, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return remove_inside(r, name, fd);
	/* ENOTDIR, ELOOP: what is no directory goes itself. */
	if (errno != ENOTDIR && errno != ELOOP)
		return -1;
	return fs_unlink(r->dir, name);
}

int
fs_remove_tree(int dir, const char *name, size_t most)
{
	struct removal r = { dir, &most, TREE_DEPTH_MAX };

	return fs_name_ok(name) ? remove_entry(name, FS_OTHER, &r) : -1;
}
