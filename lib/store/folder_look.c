/*
 * folder_look - see folder_look.h.
 * Names in new/ and cur/ change the time of the directory, lines the size of the
 * uidlist, notes of other sessions the size of the index's log.  What cannot be
 * trusted is said to have changed.
 */
#include "store/folder_look.h"

#include "os/clock.h"
#include "os/fs.h"
#include "store/folder_priv.h"

#define OLD_NS		INT64_C(2000000000)	/* stamps younger prove nothing */
#define TICK_NS		INT64_C(100000000)	/* two changes may share a ctime */
#define OWN_FEW		16	/* changes, or this part of the messages */

/* mtime is what rsync, tar and touch set back: then ctime is the new one. */
static void
stamp_of(struct stamp *out, const struct fs_stat *st)
{
	int64_t now_ns = (int64_t)clock_wall_us() * 1000;

	*out = (struct stamp){ .inode = st->inode,
	    .size_octets = st->size_octets, .mtime_ns = st->mtime_ns,
	    .ctime_ns = st->ctime_ns };
	out->old = st->mtime_ns + OLD_NS < now_ns &&
	    st->ctime_ns + TICK_NS < now_ns;
}

static bool
is_stamped(const struct stamp *a, const struct fs_stat *st)
{
	return a->inode == st->inode && a->mtime_ns == st->mtime_ns &&
	    a->ctime_ns == st->ctime_ns && a->size_octets == st->size_octets;
}

/* How long a stamp after a change of our own is believed. */
static int64_t
doubt_s(const struct folder *f, bool first)
{
	int64_t s = DOUBT_S + (int64_t)(f->cols.n / DOUBT_MESSAGES_PER_S);

	return first ? s * DOUBT_FIRST : s;
}

static bool
is_believed(const struct folder *f, const struct stamp *a, bool first)
{
	int64_t age_s = clock_wall_s() - a->ours_s;

	return a->old || (a->ours_s != 0 && age_s >= 0 &&
	    age_s < doubt_s(f, first));
}

/* The directory is other than had says, which then says how it is. */
static bool
has_changed(const struct folder *f, struct stamp *had,
    const struct fs_stat *is, bool first)
{
	if (f->synced && is_stamped(had, is) && is_believed(f, had, first))
		return false;
	stamp_of(had, is);
	return true;
}

static bool
log_is_same(const struct folder_index *ix)
{
	struct fs_stat st;

	return !ix->loaded || ix->log_fd < 0 ||
	    (fs_fstat(ix->log_fd, &st) == 0 && st.size_octets == ix->log_at);
}

int
folder_look(struct folder *f, bool first, struct look *out, struct why *why)
{
	struct fs_stat new, cur, list;

	if (fs_fstat(f->new_dir, &new) != 0 || fs_fstat(f->cur_dir, &cur) != 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot look at the folder");
		return -1;
	}
	if (new.links == 0 || cur.links == 0) {
		why_set(why, WHY_PERM, "5.1.1", "the folder is gone");
		return -1;
	}
	*out = (struct look){
		.in_new = has_changed(f, &f->new_at, &new, first),
		.in_cur = has_changed(f, &f->cur_at, &cur, first),
		.list = !f->synced ||
		    fs_stat(f->dir, UIDLIST_NAME, &list) != 0 ||
		    list.inode != f->uidlist.inode ||
		    list.size_octets != f->uidlist.at_octets,
		.noted = !log_is_same(&f->index),
	};
	return 0;
}

bool
look_is_same(const struct look *l)
{
	return !l->in_new && !l->in_cur && !l->list && !l->noted;
}

void
own_change_begin(const struct folder *f, struct own_change *o)
{
	struct fs_stat st;

	o->mtime_ns = 0;
	if (f->synced && (f->cur_at.old || f->cur_at.ours_s != 0) &&
	    fs_fstat(f->cur_dir, &st) == 0 && is_stamped(&f->cur_at, &st))
		o->mtime_ns = st.mtime_ns;
}

void
own_change_end(struct folder *f, const struct own_change *o, size_t changes)
{
	struct stamp *s = &f->cur_at;
	struct fs_stat st;

	if (changes == 0)
		return;
	f->index.changed = true;
	if (!f->synced || o->mtime_ns == 0 || o->mtime_ns != s->mtime_ns ||
	    (changes > 1 && changes * OWN_FEW > f->cols.n))
		return;
	/* Not a time that the clock of the system would give. */
	if (fs_fset_mtime(f->cur_dir, (int64_t)clock_wall_us() * 1000 + 1) != 0
	    || fs_fstat(f->cur_dir, &st) != 0 || st.inode != s->inode)
		return;
	s->size_octets = st.size_octets;
	s->mtime_ns = st.mtime_ns;
	s->ctime_ns = st.ctime_ns;
	if (s->ours_s == 0)
		s->ours_s = clock_wall_s();
	s->old = false;
}

int64_t
folder_due_ms(const struct folder *f)
{
	int64_t due_s;

	if (f->cur_at.old || f->cur_at.ours_s == 0)
		return -1;
	due_s = f->cur_at.ours_s + doubt_s(f, false) - clock_wall_s();
	return (due_s < 0 ? 0 : due_s + 1) * 1000;
}
