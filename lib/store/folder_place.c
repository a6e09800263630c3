/*
 * folder_place - messages get their names and UIDs in a folder.
 *
 *	lock the uidlist
 *	rename each file to new/ or cur/	(from here on others see it)
 *	append their lines to the uidlist, fdatasync
 *	fsync the directories
 *	unlock
 *
 * While the lock is held nobody else gives UIDs to these files.  A failure
 * before the lines are there takes the names back.  A stop in between leaves
 * whole messages without UID, which the next sync gives them.
 *
 * A delivery only tries the lock, and is done when file and directory are
 * synced.  With the lock it adds the line, too, but without a sync: who first
 * tells the UID to a client does that.  The lock comes before the name: else a
 * session could see the file and give it a UID before we do.
 */
#include <errno.h>
#include <string.h>

#include "os/fs.h"
#include "store/folder_priv.h"

#define REPAIRS		2

/* The uidlist of the folder, locked, and where it ends. */
struct list {
	struct dotlock lock;
	struct uidlist_tail tail;
};

static int
dir_of(const struct folder *to, const struct arrival *a)
{
	return a->to_new ? to->new_dir : to->cur_dir;
}

static int
place_one(const struct folder *to, struct arrival *a, struct why *why)
{
	if (fs_rename_new(a->from_dir, a->from, dir_of(to, a), a->name) != 0) {
		a->missing = errno == ENOENT;
		why_sys(why, WHY_TEMP, errno == ENOSPC ? "4.3.1" : "4.3.0",
		    "cannot put the message into %s", to->name);
		return -1;
	}
	a->placed = true;
	return 0;
}

/* Back to where they came from: so the caller still has them. */
static void
take_back(const struct folder *to, struct arrival *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!v[i].placed)
			continue;
		if (fs_rename_new(dir_of(to, &v[i]), v[i].name, v[i].from_dir,
		    v[i].from) == 0)
			v[i].placed = false;
	}
}

static int
sync_dirs(const struct folder *to, const struct arrival *v, size_t n)
{
	bool in_new = false, in_cur = false;

	for (size_t i = 0; i < n; i++) {
		in_new = in_new || (v[i].placed && v[i].to_new);
		in_cur = in_cur || (v[i].placed && !v[i].to_new);
	}
	if (in_new && fs_dirsync(to->new_dir) != 0)
		return -1;
	return in_cur && fs_dirsync(to->cur_dir) != 0 ? -1 : 0;
}

/* A line for each that has been placed. */
static int
add_lines(struct uidlist_tail *t, struct arrival *v, size_t n, bool sync)
{
	struct buf lines;
	int rc = -1;

	buf_init(&lines, UIDLIST_FILE_MAX);
	for (size_t i = 0; i < n; i++) {
		struct uidlist_record r = {
			.base = span_of(v[i].name, v[i].base_n),
			.ext = span_str(v[i].ext) };

		if (!v[i].placed)
			continue;
		r.uid = v[i].uid = t->header.nextuid++;
		(void)uidlist_put_record(&lines, &r);	/* `full` tells */
	}
	if (t->header.nextuid > UID_CEILING)
		errno = EOVERFLOW;	/* the next sync begins anew */
	else if (!lines.full)
		rc = uidlist_tail_append(t, buf_span(&lines), sync);
	buf_fini(&lines);
	return rc;
}

static int
place_locked(struct folder *to, struct arrival *v, size_t n,
    enum place_how how, struct list *l, struct why *why)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++)
		rc = place_one(to, &v[i], why);
	if (rc != 0 && how == PLACE_ALL) {
		take_back(to, v, n);
		return -1;
	}
	errno = ETIMEDOUT;	/* a lock that is no longer ours */
	if (!dotlock_held(&l->lock) ||
	    add_lines(&l->tail, v, n, true) != 0 || sync_dirs(to, v, n) != 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot store in %s",
		    to->name);
		take_back(to, v, n);
		return -1;
	}
	return rc;
}

/*
 * Lock the folder's uidlist and find its end.  A list that is missing or
 * damaged is put right first, by a sync of that folder.
 */
static int
lock_list(struct folder *to, struct list *l, struct why *why)
{
	bool damaged;

	for (int i = 0; i <= REPAIRS; i++) {
		if (dotlock_take(&l->lock, to->dir, UIDLIST_NAME,
		    LOCK_WAIT_MS) != 0) {
			why_sys(why, WHY_TEMP, "4.2.0",
			    "cannot lock " UIDLIST_NAME);
			return -1;
		}
		if (uidlist_tail_open(&l->tail, to->dir) == 0)
			return 0;
		damaged = errno == ENOENT || errno == EINVAL;
		why_sys(why, WHY_TEMP, "4.3.0", "cannot use " UIDLIST_NAME);
		dotlock_drop(&l->lock);
		if (!damaged)
			return -1;
		to->synced = false;	/* whatever the stamps say */
		to->repair = true;
		if (folder_refresh(to, why) != 0)
			return -1;
	}
	return -1;
}

/* UIDs for what has been placed under the lock; 0 where that fails. */
static void
give_uids(struct folder *to, struct arrival *v, size_t n,
    uint32_t *uidvalidity)
{
	struct uidlist_tail t;

	if (uidlist_tail_open(&t, to->dir) != 0)
		return;
	if (add_lines(&t, v, n, false) == 0)
		*uidvalidity = t.header.uidvalidity;
	else
		for (size_t i = 0; i < n; i++)
			v[i].uid = 0;
	uidlist_tail_close(&t);
}

static int
deliver(struct folder *to, struct arrival *v, size_t n,
    uint32_t *uidvalidity, struct why *why)
{
	struct dotlock lock = DOTLOCK_NONE;
	struct fs_stat st;
	bool locked;
	int rc = 0;

	/* Where nobody has made a list yet there is no line to be added. */
	locked = fs_stat(to->dir, UIDLIST_NAME, &st) == 0 &&
	    dotlock_take(&lock, to->dir, UIDLIST_NAME, 0) == 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = place_one(to, &v[i], why);
	if (rc == 0 && sync_dirs(to, v, n) != 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot sync %s", to->name);
		rc = -1;
	}
	if (rc != 0)
		take_back(to, v, n);
	else if (locked && dotlock_held(&lock))
		give_uids(to, v, n, uidvalidity);
	dotlock_drop(&lock);
	return rc;
}

int
folder_place(struct folder *to, struct arrival *v, size_t n,
    enum place_how how, uint32_t *uidvalidity, struct why *why)
{
	struct list l;
	int rc;

	*uidvalidity = 0;
	if (n == 0)
		return 0;
	if (how == PLACE_DELIVER)
		return deliver(to, v, n, uidvalidity, why);
	if (lock_list(to, &l, why) != 0)
		return -1;
	rc = place_locked(to, v, n, how, &l, why);
	*uidvalidity = l.tail.header.uidvalidity;
	uidlist_tail_close(&l.tail);
	dotlock_drop(&l.lock);
	return rc;
}
