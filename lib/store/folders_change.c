/*
 * folders_change - folders come, go, and get other names.
 * A folder comes into being under its name by one rename of a directory made
 * whole beforehand, and goes by one rename to a name that is no folder's
 * ("..paquebot-..."), after which its files are removed.  Others that have it
 * open keep working in what they hold until they see that it is gone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/rand.h"
#include "store/folder.h"
#include "store/folders.h"
#include "store/folders_fs.h"
#include "store/kept.h"
#include "store/layout.h"
#include "store/quota.h"

#define SIDE_PREFIX	"..paquebot-"	/* an empty part: never a folder */
#define SIDE_SIZE	64
#define SIDE_AGE_S	3600		/* older ones: nobody is at it any more */
#define TREE_MAX	((size_t)2 * FOLDER_MESSAGES_MAX)
#define NS_PER_S	INT64_C(1000000000)

static void
side_name(char out[SIDE_SIZE])
{
	uint32_t r[2];

	rand_octets(r, sizeof(r));
	(void)snprintf(out, SIDE_SIZE, SIDE_PREFIX "%08x%08x", r[0], r[1]);
}

/* The empty file by which Courier knows a folder of a Maildir++. */
static int
mark_folder(int dir)
{
	int fd, rc;

	if (layout_is_fs())
		return 0;
	fd = fs_create(dir, "maildirfolder");
	rc = fd >= 0 ? fs_sync(fd) : -1;
	fd_close(&fd);
	return rc;
}

/* Its mark, its uses, and at last what makes it a folder: cur, new, tmp. */
static int
fill_folder(int root, const char *side, unsigned uses, struct why *why)
{
	int dir = fs_open_dir(root, side), rc = -1;

	if (dir >= 0 && mark_folder(dir) == 0 &&
	    folder_use_write(dir, uses) == 0 && maildir_make(dir, why) == 0 &&
	    fs_dirsync(dir) == 0)
		rc = 0;
	if (rc != 0)
		why_sys(why, WHY_TEMP, "4.3.0", "cannot make a folder");
	fd_close(&dir);
	return rc;
}

/* The directory side becomes the folder's. */
static int
put_in_place(int root, const char *side, const char *name, unsigned uses,
    struct why *why)
{
	struct layout_place p;
	int rc = -1, error;

	if (layout_place(root, name, true, &p) == 0 &&
	    fs_rename_new(root, side, p.dir, p.last) == 0 &&
	    fs_dirsync(p.dir) == 0)
		rc = 0;
	error = errno;
	if (rc != 0 && p.dir >= 0 && error == EEXIST && layout_is_fs() &&
	    !folder_exists(root, name))
		/* It is only above others so far. */
		rc = fill_folder(p.dir, p.last, uses, why) == 0 ? 1 : -1;
	else if (rc != 0)
		why_sys(why, error == EEXIST ? WHY_PERM : WHY_TEMP,
		    error == EEXIST ? "5.1.0" : "4.3.0",
		    "cannot make folder %s", name);
	fd_close(&p.dir);
	return rc;
}

int
folders_create(int root, const char *name, struct why *why)
{
	return folders_create_for(root, name, 0, why);
}

int
folders_create_for(int root, const char *name, unsigned uses,
    struct why *why)
{
	char side[SIDE_SIZE];
	int rc;

	side_name(side);
	if (folder_exists(root, name)) {
		why_set(why, WHY_PERM, "5.1.0", "the folder exists already");
		return -1;
	}
	if (fs_mkdir(root, side) != 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot make a folder");
		return -1;
	}
	rc = fill_folder(root, side, uses, why);
	if (rc == 0)
		rc = put_in_place(root, side, name, uses, why);
	if (rc == 0)
		return 0;
	/* What stays is for a later sweep. */
	(void)!fs_remove_tree(root, side, 16);
	return rc > 0 ? 0 : -1;
}

struct sweep {
	int	root;
	int64_t before_ns;
	char	found[SIDE_SIZE];
};

static int
on_side(const char *name, enum fs_kind kind, void *ctx)
{
	struct sweep *s = ctx;
	struct fs_stat st;

	if (kind != FS_DIR || strlen(name) >= sizeof(s->found) ||
	    !span_starts(span_str(name), SPAN_LIT(SIDE_PREFIX)) ||
	    fs_stat(s->root, name, &st) != 0 || st.ctime_ns > s->before_ns)
		return 0;
	memcpy(s->found, name, strlen(name) + 1);
	return 1;
}

/* What a stop in the middle has left behind: one at a time is enough. */
static void
sweep_sides(int root)
{
	struct sweep s = { .root = root,
	    .before_ns = (clock_wall_s() - SIDE_AGE_S) * NS_PER_S };

	if (fs_list(root, on_side, &s) == 1 &&
	    fs_remove_tree(root, s.found, TREE_MAX) != 0)
		return;		/* the next one tries again */
}

/* All of it is in the directory side then. */
static int
take_away(int root, const char *name, const char *side)
{
	char path[LAYOUT_PATH_SIZE];

	if (layout_is_fs())
		return folders_fs_hollow(root, name, side);
	if (layout_path(name, path) != 0) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return fs_rename_new(root, path, root, side);
}

int
folders_delete(int root, const char *name, struct why *why)
{
	char side[SIDE_SIZE];
	int kept;

	if (folder_is_inbox(name)) {
		/* RFC 3501 6.3.4 */
		why_set(why, WHY_PERM, "5.7.0", "INBOX cannot be deleted");
		return -1;
	}
	side_name(side);
	if (!folder_exists(root, name)) {
		why_set(why, WHY_PERM, "5.1.1", "no folder %s", name);
		return -1;
	}
	if (take_away(root, name, side) != 0 || fs_dirsync(root) != 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot delete %s", name);
		return -1;
	}
	/* It is gone: what follows only gives the space back. */
	quota_forget(root, side);
	kept = fs_open_dir(root, side);
	if (kept >= 0)
		kept_take_folder(root, name, kept);
	fd_close(&kept);
	if (fs_remove_tree(root, side, TREE_MAX) == 0)
		sweep_sides(root);
	return 0;
}

/* The name of `below` when from is called to. */
static int
moved_name(const char *below, const char *from, const char *to,
    char out[FOLDER_NAME_SIZE], struct why *why)
{
	char text[2 * FOLDER_NAME_SIZE];

	(void)snprintf(text, sizeof(text), "%s%s", to, below + strlen(from));
	return folder_name(span_str(text), out, why);
}

static bool
concerns(const struct folders_entry *e, const char *from)
{
	return e->exists && (strcmp(e->name, from) == 0 ||
	    folder_is_below(e->name, from));
}

/* Everything that could go wrong, before anything has been renamed. */
static int
check_rename(int root, const struct folders *fs, const char *from,
    const char *to, struct why *why)
{
	char name[FOLDER_NAME_SIZE];
	size_t found = 0;

	for (size_t i = 0; i < fs->n; i++) {
		if (!concerns(&fs->v[i], from))
			continue;
		found++;
		if (moved_name(fs->v[i].name, from, to, name, why) != 0)
			return -1;
		if (folder_exists(root, name)) {
			why_set(why, WHY_PERM, "5.1.0",
			    "folder %s exists already", name);
			return -1;
		}
	}
	if (found > 0)
		return 0;
	why_set(why, WHY_PERM, "5.1.1", "no folder %s", from);
	return -1;
}

/* The tree is one directory. */
static int
rename_tree(int root, const char *from, const char *to, struct why *why)
{
	bool there;

	if (folders_fs_move(root, from, to) == 0)
		return 0;
	there = errno == EEXIST;
	why_sys(why, there ? WHY_PERM : WHY_TEMP, there ? "5.1.0" : "4.3.0",
	    "cannot rename %s", from);
	return -1;
}

static int
rename_all(int root, const struct folders *fs, const char *from,
    const char *to, struct why *why)
{
	char name[FOLDER_NAME_SIZE];
	char old_dir[LAYOUT_PATH_SIZE], new_dir[LAYOUT_PATH_SIZE];

	if (layout_is_fs())
		return rename_tree(root, from, to, why);
	for (size_t i = 0; i < fs->n; i++) {
		if (!concerns(&fs->v[i], from))
			continue;
		if (moved_name(fs->v[i].name, from, to, name, why) != 0)
			return -1;
		if (layout_path(fs->v[i].name, old_dir) != 0 ||
		    layout_path(name, new_dir) != 0 ||
		    fs_rename_new(root, old_dir, root, new_dir) != 0) {
			why_sys(why, WHY_TEMP, "4.3.0", "cannot rename %s",
			    fs->v[i].name);
			return -1;
		}
	}
	if (fs_dirsync(root) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot sync the mail root");
	return -1;
}

static int
move_everything(struct folder *inbox, struct folder *to, struct why *why)
{
	struct folder_change c = { .kind = CHANGE_MOVE, .to = to };
	struct uids all;
	int rc;

	if (folder_sync(inbox, NULL, why) != 0)
		return -1;
	uids_init(&all);
	for (size_t i = 0; i < folder_count(inbox); i++)
		uids_add(&all, folder_message(inbox, i)->uid);
	c.uids = all.v;
	c.uids_n = all.n;
	rc = folder_commit(inbox, &c, 1, NULL, why);
	uids_fini(&all);
	return rc;
}

static int
rename_inbox(int root, const char *to, struct why *why)
{
	struct folder *from = NULL, *into = NULL;
	int rc = -1;

	if (folders_create(root, to, why) != 0)
		return -1;
	from = folder_open(root, "INBOX", false, why);
	if (from != NULL)
		into = folder_open(root, to, false, why);
	if (into != NULL)
		rc = move_everything(from, into, why);
	folder_close(&into);
	folder_close(&from);
	return rc;
}

int
folders_rename(int root, const char *from, const char *to, struct why *why)
{
	struct folders fs;
	int rc;

	if (folder_is_inbox(to) || folder_exists(root, to)) {
		why_set(why, WHY_PERM, "5.1.0", "folder %s exists already",
		    to);
		return -1;
	}
	if (folder_is_inbox(from))
		return rename_inbox(root, to, why);
	if (strcmp(from, to) == 0 || folder_is_below(to, from)) {
		why_set(why, WHY_PERM, "5.1.0",
		    "a folder cannot become part of itself");
		return -1;
	}
	if (folders_list(root, false, &fs, why) != 0)
		return -1;
	rc = check_rename(root, &fs, from, to, why);
	if (rc == 0)
		rc = rename_all(root, &fs, from, to, why);
	folders_fini(&fs);
	return rc;
}
