/*
 * folder_check - see folder_check.h.
 * Two views of one folder: one that believes the index and looks at nothing
 * else, one that is not given any.  The first is taken before the second, so a
 * change in between makes the index old, not wrong: it is wrong only if its
 * stamps are those that the directories have before and after.
 */
#include "store/folder_check.h"

#include <string.h>

#include "os/fs.h"
#include "store/folder_cache.h"
#include "store/folder_priv.h"

static bool
same_message(struct folder *a, struct folder *b, size_t i)
{
	const struct message *x = folder_whole(a, i), *y = folder_whole(b, i);

	return x != NULL && y != NULL && x->uid == y->uid &&
	    x->in_new == y->in_new && strcmp(x->name, y->name) == 0 &&
	    (x->flags & MESSAGE_FLAGS_STORED) ==
	    (y->flags & MESSAGE_FLAGS_STORED) && x->keywords == y->keywords;
}

static bool
same_view(struct folder *a, struct folder *b)
{
	bool same = a->cols.n == b->cols.n &&
	    a->uidvalidity == b->uidvalidity;

	for (size_t i = 0; same && i < a->cols.n; i++)
		same = same_message(a, b, i);
	return same;
}

static bool
same_stamp(const struct stamp *s, int dir)
{
	struct fs_stat st;

	return fs_fstat(dir, &st) == 0 && (s->old || s->ours_s != 0) &&
	    s->inode == st.inode &&
	    s->mtime_ns == st.mtime_ns && s->ctime_ns == st.ctime_ns &&
	    s->size_octets == st.size_octets;
}

static bool
is_current(const struct folder *f)
{
	return same_stamp(&f->index.state.new_at, f->new_dir) &&
	    same_stamp(&f->index.state.cur_at, f->cur_dir);
}

static enum index_is
judge(struct folder *by_index, struct folder *listed)
{
	if (!by_index->known)
		return INDEX_IS_NONE;
	if (!is_current(by_index))
		return INDEX_IS_OLD;
	if (same_view(by_index, listed))
		return INDEX_IS_GOOD;
	/* Beside a change of ours there may have been another one. */
	return by_index->index.state.cur_at.old ? INDEX_IS_WRONG :
	    INDEX_IS_OLD;
}

int
folder_check(int root, const char *name, enum index_is *is, size_t *messages,
    struct why *why)
{
	struct folder *by_index, *listed = NULL;
	int rc = -1;

	by_index = folder_open(root, name, true, why);
	if (by_index != NULL)
		listed = folder_open(root, name, true, why);
	if (listed == NULL)
		goto out;
	by_index->silent = true;
	index_load(by_index);
	listed->index.off = true;
	rc = folder_sync(listed, NULL, why);
	if (rc == 0) {
		*is = judge(by_index, listed);
		*messages = folder_count(listed);
	}
	by_index->index.off = true;	/* nothing is written */
out:
	folder_close(&listed);
	folder_close(&by_index);
	return rc;
}

int
folder_rebuild(int root, const char *name, size_t *messages, struct why *why)
{
	static const char *const files[] = { INDEX_NAME, INDEX_LOG_NAME,
		CACHE_NAME };
	struct folder *f = folder_open(root, name, true, why);
	int rc = -1;

	if (f == NULL)
		return -1;
	for (size_t i = 0; i < COUNT(files); i++)
		if (fs_discard(f->dir, files[i]) != 0) {
			why_sys(why, WHY_TEMP, "4.3.0", "cannot remove %s",
			    files[i]);
			goto out;
		}
	rc = folder_sync(f, NULL, why);
	*messages = folder_count(f);
	if (rc == 0 && !f->index.loaded) {
		why_set(why, WHY_TEMP, "4.3.0", "the index cannot be written");
		rc = -1;
	}
out:
	folder_close(&f);
	return rc;
}
