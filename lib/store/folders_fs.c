/*
 * folders_fs - see folders_fs.h.
 * A folder with others below it cannot be renamed away whole, and somebody may
 * make one below it at any moment.  So its parts are moved one by one, cur first:
 * from then on it is no folder any more.  What a stop leaves is a directory without
 * cur, which is nobody's folder.
 */
#include "store/folders_fs.h"

#include <errno.h>
#include <string.h>

#include "os/fd.h"
#include "os/fs.h"

struct hollow {
	int from, to;
};

static int
move_file(const char *name, enum fs_kind kind, void *ctx)
{
	const struct hollow *h = ctx;

	return kind != FS_FILE ? 0 : fs_rename(h->from, name, h->to, name);
}

static int
move_parts(const struct hollow *h)
{
	static const char *const parts[] = { "cur", "new", "tmp" };
	struct hollow copy = *h;

	for (size_t i = 0; i < COUNT(parts); i++)
		if (fs_rename(h->from, parts[i], h->to, parts[i]) != 0 &&
		    (i == 0 || errno != ENOENT))
			return -1;
	return fs_list(h->from, move_file, &copy) == 0 &&
	    fs_dirsync(h->from) == 0 ? 0 : -1;
}

int
folders_fs_hollow(int root, const char *name, const char *side)
{
	struct hollow h = { .from = -1, .to = -1 };
	struct layout_place p;
	int rc = -1;

	if (layout_place(root, name, false, &p) != 0)
		return -1;
	h.from = fs_open_dir(p.dir, p.last);
	if (h.from >= 0 && fs_mkdir(root, side) == 0)
		h.to = fs_open_dir(root, side);
	if (h.to >= 0)
		rc = move_parts(&h);
	fd_close(&h.to);
	fd_close(&h.from);
	/* Where nothing is below it the directory goes, too. */
	if (rc == 0 && fs_rmdir(p.dir, p.last) == 0)
		layout_prune(root, name);
	fd_close(&p.dir);
	return rc;
}

static int
move_to(const struct layout_place *from, const struct layout_place *to)
{
	int rc = fs_rename_new(from->dir, from->last, to->dir, to->last);

	/* An empty directory is no folder, and in nobody's way. */
	if (rc != 0 && errno == EEXIST) {
		if (fs_rmdir(to->dir, to->last) != 0) {
			errno = EEXIST;
			return -1;
		}
		rc = fs_rename_new(from->dir, from->last, to->dir, to->last);
	}
	return rc == 0 && fs_dirsync(to->dir) == 0 &&
	    fs_dirsync(from->dir) == 0 ? 0 : -1;
}

int
folders_fs_move(int root, const char *from, const char *to)
{
	struct layout_place old, new = { .dir = -1 };
	int rc = -1, error;

	if (layout_place(root, from, false, &old) == 0 &&
	    layout_place(root, to, true, &new) == 0)
		rc = move_to(&old, &new);
	error = errno;
	fd_close(&new.dir);
	fd_close(&old.dir);
	layout_prune(root, rc == 0 ? from : to);
	errno = error;
	return rc;
}
