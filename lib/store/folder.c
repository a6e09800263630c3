/*
 * folder - see folder.h: opening, closing, and looking at the view.
 * All four directories are held open: what others rename above us does not
 * lead us anywhere else.
 */
#include "store/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_cache.h"
#include "store/folder_priv.h"
#include "store/layout.h"

void
folder_changes_init(struct folder_changes *c)
{
	*c = (struct folder_changes){ .keywords = false };
}

void
folder_changes_fini(struct folder_changes *c)
{
	uids_fini(&c->added);
	uids_fini(&c->expunged);
	uids_fini(&c->flagged);
}

void
changes_clear(struct folder_changes *c)
{
	uids_clear(&c->added);
	uids_clear(&c->expunged);
	uids_clear(&c->flagged);
	c->keywords = false;
	c->reset = false;
}

void
folder_result_init(struct folder_result *r)
{
	*r = (struct folder_result){ .made_uidvalidity = 0 };
}

void
folder_result_fini(struct folder_result *r)
{
	uids_fini(&r->done);
	uids_fini(&r->modified);
	uids_fini(&r->made);
}

/* The folder's own directory; INBOX is the root. */
static int
open_dir(int root, const char *name)
{
	char path[LAYOUT_PATH_SIZE];
	struct fs_stat st;
	int dir;

	if (folder_is_inbox(name))
		return fd_dup(root);
	if (layout_path(name, path) != 0) {
		errno = EINVAL;
		return -1;
	}
	dir = fs_open_dir(root, path);
	/* A directory that is only above others is no folder. */
	if (dir >= 0 && layout_is_fs() && fs_stat(dir, "cur", &st) != 0)
		fd_close(&dir);
	return dir;
}

static int
open_parts(struct folder *f, struct why *why)
{
	f->dir = open_dir(f->root, f->name);
	if (f->dir < 0) {
		why_sys(why, errno == ENOENT || errno == ENOTDIR ? WHY_PERM :
		    WHY_TEMP, errno == ENOENT ? "5.1.1" : "4.3.0",
		    "no folder %s", f->name);
		return -1;
	}
	/* Other programs may have left a part out. */
	if (maildir_make(f->dir, why) != 0)
		return -1;
	f->new_dir = fs_open_dir(f->dir, "new");
	f->cur_dir = fs_open_dir(f->dir, "cur");
	f->tmp_dir = fs_open_dir(f->dir, "tmp");
	if (f->new_dir < 0 || f->cur_dir < 0 || f->tmp_dir < 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot open folder %s",
		    f->name);
		return -1;
	}
	/* What a stopped delivery left; whoever may change the folder sweeps. */
	if (!f->read_only)
		maildir_sweep_tmp(f->tmp_dir);
	return 0;
}

struct folder *
folder_open(int root, const char *name, bool read_only, struct why *why)
{
	struct folder *f = xcalloc(1, sizeof(*f));

	f->root = root;
	f->dir = f->new_dir = f->cur_dir = f->tmp_dir = -1;
	f->read_only = read_only;
	f->shown = xcalloc(1, sizeof(*f->shown));
	columns_init(&f->cols);
	index_init(f);
	cache_init(&f->cache);
	keywords_init(&f->keywords);
	folder_changes_init(&f->pending);
	uidlist_file_init(&f->uidlist, -1);
	if (span_copy(span_str(name), f->name, sizeof(f->name)) != 0) {
		why_set(why, WHY_PERM, "5.1.0", "no such folder name");
		folder_close(&f);
	} else if (open_parts(f, why) != 0)
		folder_close(&f);
	else
		uidlist_file_init(&f->uidlist, f->dir);
	return f;
}

void
folder_empty(struct folder *f)
{
	columns_fini(&f->cols);
	extras_fini(&f->extras);
	index_fini(f);
	index_init(f);
	cache_fini(&f->cache);
}

void
folder_close(struct folder **fp)
{
	struct folder *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	folder_cache_write(f);
	folder_flush(f);
	cache_fini(&f->cache);
	columns_fini(&f->cols);
	extras_fini(&f->extras);
	index_fini(f);
	free(f->shown);
	keywords_fini(&f->keywords);
	folder_changes_fini(&f->pending);
	uidlist_file_fini(&f->uidlist);
	fd_close(&f->tmp_dir);
	fd_close(&f->cur_dir);
	fd_close(&f->new_dir);
	fd_close(&f->dir);
	free(f);
}

const char *
folder_name_of(const struct folder *f)
{
	return f->name;
}

bool
folder_read_only(const struct folder *f)
{
	return f->read_only;
}

uint32_t
folder_uidvalidity(const struct folder *f)
{
	return f->uidvalidity;
}

uint32_t
folder_uidnext(const struct folder *f)
{
	return f->nextuid;
}

const char *
folder_guid(const struct folder *f)
{
	return f->uidlist.header.guid;
}

const char *
folder_keyword(const struct folder *f, unsigned i)
{
	return i < KEYWORDS_MAX ? f->keywords.name[i] : NULL;
}

int
folder_keyword_index(const struct folder *f, struct span name)
{
	return keywords_find(&f->keywords, name);
}

void
folder_dirs(const struct folder *f, int out[2])
{
	out[0] = f->new_dir;
	out[1] = f->cur_dir;
}
