/*
 * folder_commit - see folder_change.h: changes, one after the other.  Flags are
 * in folder_flags.c, copies in folder_copy.c.
 */
#include "store/folder_commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_look.h"
#include "store/kept.h"
#include "store/quota.h"

void
commit_tick(const struct folder_change *c, size_t done)
{
	if (c->tick != NULL)
		c->tick(c->tick_ctx, done);
}

/* Look again where the files are: once per change. */
int
commit_look_again(struct folder *f, bool *looked, struct why *why)
{
	*looked = true;
	f->synced = false;	/* whatever the stamps say */
	return folder_refresh(f, why);
}

/* kept: where it goes, or -1. */
static int
remove_file(int kept, int dir, const struct message *m)
{
	if (kept >= 0) {
		if (kept_take(kept, dir, m->name, m->uid) == 0)
			return 0;
		if (errno == ENOENT)
			return -1;
	}
	/* Without room to keep it nobody could make any. */
	return fs_unlink(dir, m->name);
}

static enum tried
remove_one(struct folder *f, uint32_t uid, int kept, int64_t *octets)
{
	size_t i = columns_at(&f->cols, uid);
	const struct message *m;
	struct fs_stat st = { .size_octets = 0 };
	int dir;

	if (!columns_has(&f->cols, uid))
		return TRIED_SAME;
	m = folder_whole(f, i);
	if (m == NULL)
		return TRIED_GONE;
	dir = m->in_new ? f->new_dir : f->cur_dir;
	if ((m->known & NEED_SIZE) != 0)
		st.size_octets = m->size_octets;
	else if (fs_stat(dir, m->name, &st) != 0)
		st.size_octets = 0;	/* the next count puts it right */
	if (remove_file(kept, dir, m) != 0)
		return errno == ENOENT ? TRIED_GONE : TRIED_FAILED;
	*octets -= (int64_t)st.size_octets;
	return TRIED_DONE;
}

struct expunge {
	struct uids gone;
	int64_t	    octets;	/* less than before */
	int	    kept;	/* where the files go; -1: nowhere */
};

static int
expunge_all(struct folder *f, const struct folder_change *c,
    struct expunge *x, struct why *why)
{
	bool looked = false;
	enum tried t;

	for (size_t i = 0; i < c->uids_n; i++) {
		commit_tick(c, i);
		t = remove_one(f, c->uids[i], x->kept, &x->octets);
		if (t == TRIED_GONE && !looked) {
			/* The view may change: what is removed is out first. */
			folder_drop(f, &x->gone);
			if (commit_look_again(f, &looked, why) != 0)
				return -1;
			t = remove_one(f, c->uids[i], x->kept, &x->octets);
		}
		if (t == TRIED_FAILED) {
			why_sys(why, WHY_TEMP, "4.3.0", "cannot remove");
			return -1;
		}
		if (t == TRIED_DONE)
			uids_add(&x->gone, c->uids[i]);
	}
	return 0;
}

int
commit_expunge(struct folder *f, const struct folder_change *c, bool keep,
    struct folder_result *r, struct why *why)
{
	struct expunge x = { .kept = keep ? kept_open(f->root, f->name) : -1 };
	struct own_change own;
	int rc;

	uids_init(&x.gone);
	own_change_begin(f, &own);
	rc = expunge_all(f, c, &x, why);
	folder_drop(f, &x.gone);
	own_change_end(f, &own, x.gone.n);
	for (size_t i = 0; i < x.gone.n; i++)
		uids_add(&r->done, x.gone.v[i]);
	if (x.gone.n > 0) {
		quota_add(f->root, x.octets, -(int64_t)x.gone.n);
		if (((x.kept >= 0 && fs_dirsync(x.kept) != 0) ||
		    fs_dirsync(f->cur_dir) != 0 ||
		    fs_dirsync(f->new_dir) != 0) && rc == 0) {
			why_sys(why, WHY_TEMP, "4.3.0", "cannot sync %s",
			    f->name);
			rc = -1;
		}
	}
	fd_close(&x.kept);
	uids_fini(&x.gone);
	return rc;
}

int
commit_name(struct folder *f, const struct folder_change *c,
    struct arrival *a, struct folder_result *r, struct why *why)
{
	char base[MAILDIR_NAME_SIZE];
	uint32_t letters;
	uint8_t flags = c->flags & MESSAGE_FLAGS_STORED;

	a->to_new = true;
	if (c->kind == CHANGE_DELIVER)
		return 0;
	if (folder_letters(f, c->keywords, c->keywords_n, &letters,
	    &r->keywords_full, why) != 0)
		return -1;
	if (flags == 0 && letters == 0)
		return 0;
	a->to_new = false;
	memcpy(base, a->name, sizeof(base));
	if (maildir_name_make(a->name, span_of(base, a->base_n), flags,
	    letters, SPAN_NONE) == 0)
		return 0;
	why_set(why, WHY_TEMP, "4.3.0", "the name is too long");
	return -1;
}

/*
 * Finish and name the files of n neighbouring changes.  All are on their way
 * to the disk before the first is waited for: most file systems then need
 * one commit of their journal, and not one for each.
 */
static int
finish_all(struct folder *f, const struct folder_change *c, size_t n,
    struct arrival *v, struct folder_result *r, struct why *why)
{
	uint64_t octets = 0;

	for (size_t i = 0; i < n; i++)
		octets += folder_append_octets(*c[i].append);
	if (quota_room(f->root, octets, n, why) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (append_finish(*c[i].append, c[i].date_s, &v[i], why) != 0 ||
		    commit_name(f, &c[i], &v[i], r, why) != 0)
			return -1;
		if (n > 1)
			fs_sync_soon((*c[i].append)->fd);
	}
	for (size_t i = 0; i < n; i++)
		if (append_sync(*c[i].append, why) != 0)
			return -1;
	return 0;
}

static int
commit_appends(struct folder *f, const struct folder_change *c, size_t n,
    struct folder_result *r, struct why *why)
{
	enum place_how how = c->kind == CHANGE_DELIVER ? PLACE_DELIVER :
	    PLACE_ALL;
	struct arrival *v = xcalloc(n, sizeof(v[0]));
	uint32_t uidvalidity = 0;
	uint64_t octets = 0;
	int rc;

	rc = finish_all(f, c, n, v, r, why);
	if (rc == 0)
		rc = folder_place(f, v, n, how, &uidvalidity, why);
	for (size_t i = 0; i < n; i++) {
		octets += (*c[i].append)->size_octets;
		if (rc == 0) {
			uids_add(&r->made, v[i].uid);
			(*c[i].append)->tmp[0] = '\0';	/* it has moved */
		}
		folder_append_abort(c[i].append);
	}
	if (rc == 0) {
		r->made_uidvalidity = uidvalidity;
		quota_add(f->root, (int64_t)octets, (int64_t)n);
	}
	free(v);
	return rc;
}

static bool
is_append(const struct folder_change *c)
{
	return c->kind == CHANGE_APPEND || c->kind == CHANGE_DELIVER;
}

/* It brings a file, which is taken whatever happens. */
static bool
has_file(const struct folder_change *c)
{
	return is_append(c) || c->kind == CHANGE_REPLACE;
}

/* How many changes from the first on are made as one. */
static size_t
group_of(const struct folder_change *c, size_t n)
{
	size_t i = 1;

	while (is_append(c) && i < n && c[i].kind == c->kind)
		i++;
	return i;
}

static int
commit_group(struct folder *f, const struct folder_change *c, size_t n,
    struct folder_result *r, struct why *why)
{
	switch (c->kind) {
	case CHANGE_FLAGS_SET:
	case CHANGE_FLAGS_ADD:
	case CHANGE_FLAGS_REMOVE:
		return commit_flags(f, c, r, why);
	case CHANGE_EXPUNGE:
		return commit_expunge(f, c, true, r, why);
	case CHANGE_APPEND:
	case CHANGE_DELIVER:
		return commit_appends(f, c, n, r, why);
	case CHANGE_REPLACE:
		return commit_replace(f, c, r, why);
	case CHANGE_COPY:
		return folder_copy(f, c, r, why);
	case CHANGE_MOVE:
		return folder_move(f, c, r, why);
	}
	bug("folder change of kind %d", (int)c->kind);
}

/* COPY takes from a folder that may be read-only; all else changes it. */
static bool
is_allowed(const struct folder *f, const struct folder_change *c,
    struct why *why)
{
	bool here = c->kind == CHANGE_COPY || !f->read_only;
	bool there = (c->kind != CHANGE_COPY && c->kind != CHANGE_REPLACE) ||
	    !c->to->read_only;

	if (here && there)
		return true;
	why_set(why, WHY_PERM, "5.7.0", "the folder is open read-only");
	return false;
}

int
folder_commit(struct folder *f, const struct folder_change *changes, size_t n,
    struct folder_result *result, struct why *why)
{
	struct folder_result spare, *r = result;
	size_t i = 0, group;
	int rc = 0;

	folder_result_init(&spare);
	if (r == NULL)
		r = &spare;
	uids_clear(&r->done);
	uids_clear(&r->modified);
	uids_clear(&r->made);
	r->made_uidvalidity = 0;
	r->keywords_full = false;
	for (; rc == 0 && i < n; i += group) {
		group = group_of(&changes[i], n - i);
		rc = is_allowed(f, &changes[i], why) ?
		    commit_group(f, &changes[i], group, r, why) : -1;
	}
	/* Taken in every case, as the header promises. */
	for (i = 0; i < n; i++)
		if (has_file(&changes[i]))
			folder_append_abort(changes[i].append);
	folder_result_fini(&spare);
	return rc;
}
