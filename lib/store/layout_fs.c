/*
 * layout_fs - see layout.h: directories in directories.
 * A walk holds one directory open on each level, and goes into none that has
 * messages in it: cur, new and tmp are no folders.  No symbolic link is followed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "os/fd.h"
#include "os/fs.h"
#include "store/layout.h"

struct level {
	int	dir;
	int	depth;
	char	name[FOLDER_NAME_SIZE];		/* "": the mail root */
	int   (*each)(const char *name, int dir, bool exists, void *ctx);
	void   *ctx;
};

/* The name of directory `entry` of a level; false: no folder. */
static bool
name_below(const struct level *l, const char *entry,
    char out[FOLDER_NAME_SIZE])
{
	char path[LAYOUT_PATH_SIZE], whole[2 * LAYOUT_PATH_SIZE];

	path[0] = '\0';
	if (strlen(entry) > LAYOUT_PART_MAX || (l->name[0] != '\0' &&
	    layout_path(l->name, path) != 0))
		return false;
	(void)snprintf(whole, sizeof(whole), "%s%s%s", path,
	    path[0] != '\0' ? "/" : "", entry);
	return layout_name(span_str(whole), '/', out) == 0 &&
	    layout_path(out, path) == 0 && strcmp(path, whole) == 0;
}

static int
on_directory(const char *entry, enum fs_kind kind, void *ctx)
{
	const struct level *l = ctx;
	struct level below = { .depth = l->depth + 1, .each = l->each,
		.ctx = l->ctx };
	struct fs_stat st;
	bool exists;
	int rc = 0;

	if (kind != FS_DIR || below.depth > FOLDER_DEPTH_MAX ||
	    !name_below(l, entry, below.name))
		return 0;
	below.dir = fs_open_dir(l->dir, entry);
	if (below.dir < 0)
		return errno == ENOENT || errno == ENOTDIR ||
		    errno == ELOOP ? 0 : -1;	/* gone or replaced meanwhile */
	exists = fs_stat(below.dir, "cur", &st) == 0 && st.kind == FS_DIR;
	if (!folder_is_inbox(below.name))
		rc = l->each(below.name, below.dir, exists, l->ctx);
	if (rc == 0)
		rc = fs_list(below.dir, on_directory, &below);
	fd_close(&below.dir);
	return rc;
}

int
layout_walk(int root, int (*each)(const char *name, int dir, bool exists,
    void *ctx), void *ctx)
{
	struct level top = { .dir = root, .each = each, .ctx = ctx };

	return fs_list(root, on_directory, &top);
}

static int
open_place(int root, char *path, bool make, struct layout_place *out)
{
	char *slash = strrchr(path, '/');

	out->dir = -1;
	if (slash == NULL) {
		out->dir = fd_dup(root);
	} else {
		*slash = '\0';
		if (make && fs_mkdirs(root, path) != 0)
			return -1;
		out->dir = fs_open_dir(root, path);
		path = slash + 1;
	}
	span_copy_cut(span_str(path), out->last, sizeof(out->last));
	return out->dir < 0 ? -1 : 0;
}

int
layout_place(int root, const char *name, bool make, struct layout_place *out)
{
	char path[LAYOUT_PATH_SIZE];

	out->dir = -1;
	if (layout_path(name, path) == 0)
		return open_place(root, path, make, out);
	errno = ENAMETOOLONG;
	return -1;
}

void
layout_prune(int root, const char *name)
{
	char path[LAYOUT_PATH_SIZE], above[LAYOUT_PATH_SIZE];
	struct layout_place p;
	char *slash;
	bool gone = true;

	if (!layout_is_fs() || layout_path(name, path) != 0)
		return;
	while (gone && (slash = strrchr(path, '/')) != NULL) {
		*slash = '\0';
		(void)snprintf(above, sizeof(above), "%s", path);
		gone = open_place(root, above, false, &p) == 0 &&
		    fs_rmdir(p.dir, p.last) == 0;
		fd_close(&p.dir);
	}
}
