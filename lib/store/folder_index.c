/*
 * folder_index - the view comes from the index, as far as that is good, and
 * what a look at the disk has found goes into it.
 *
 *	index_load	snapshot and log, without a lock, when a folder is opened
 *	index_catch_up	what other sessions have noted since, under the lock
 *	index_save	what this one has found: a transaction, or a new snapshot
 *
 * The Maildir and dovecot-uidlist are the truth.  The index says what they said
 * when they had certain stamps; if those are still the same, and were old when
 * they were taken, nobody needs to list anything.  Otherwise everything is
 * listed as if there were no index, with the lock held from before the listing
 * until its result is noted; so notes come in the order of the looks.
 *
 * Whatever is missing, torn, stale or makes no sense leads to a new snapshot.
 * Neither file is ever synced: after a loss of power the sums tell.
 *
 * MODSEQ (RFC 7162 3.1) is the time in microseconds, or the last one plus one:
 * it ascends though the index may be lost (ceiling.h).  What a lost log said of
 * flags that were set and taken away again cannot be known: then, and after a
 * start of the system, all messages get a new one.
 */
#include "store/folder_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/ceiling.h"
#include "store/folder_priv.h"

#define LOCK_MS		20000
#define FOREIGN_LOG	"dovecot.index.log"
/* A directory's time counts as far as the year 2100. */
#define TIME_MAX_NS	INT64_C(4102444800000000000)
#define ATTEMPTS	3
#define TICK_NS		INT64_C(100000000) /* times of files lag behind */
#define LOG_SLACK	(64 * KIB) /* of log that is left in peace */
#define LOG_MOST	(2 * MIB)  /* that a session reads into memory */

void
index_init(struct folder *f)
{
	f->index = (struct folder_index){ .log_fd = -1 };
	index_base_init(&f->index.base);
}

void
index_fini(struct folder *f)
{
	index_base_close(&f->index.base);
	fd_close(&f->index.log_fd);
	uids_fini(&f->index.gone);
}

/* The number for what changes now, above all before. */
static uint64_t
next_modseq(struct folder *f)
{
	uint64_t now_us = clock_wall_us();

	f->index.modseq++;
	if (f->index.modseq < now_us)
		f->index.modseq = now_us;
	return f->index.modseq;
}

/*
 * Dovecot gives numbers of its own, and notes them in its log: clients may have
 * seen there what we have not.
 */
void
index_foreign(const struct folder *f, struct stamp *out)
{
	struct fs_stat st;

	*out = (struct stamp){ .inode = 0 };
	if (fs_stat(f->dir, FOREIGN_LOG, &st) == 0)
		*out = (struct stamp){ .inode = st.inode,
			.size_octets = st.size_octets,
			.mtime_ns = st.mtime_ns };
}

/* The later of the two times, if that is one. */
static void
note_time(int64_t *last_ns, int64_t ns)
{
	if (ns > *last_ns && ns <= TIME_MAX_NS)
		*last_ns = ns;
}

/*
 * The time of the last change that directories and log tell: numbers are times,
 * and where the clock went back after it, they go on above it.  Each number was
 * drawn before the log grew; who removed log or snapshot changed the folder.
 * (mtime is anybody's to set: to a day that comes, too.)
 */
static uint64_t
last_modseq(const struct folder *f)
{
	struct fs_stat st;
	int64_t last_ns = 0;

	note_time(&last_ns, f->new_at.ctime_ns);
	note_time(&last_ns, f->cur_at.ctime_ns);
	if (fs_fstat(f->dir, &st) == 0)
		note_time(&last_ns, st.ctime_ns);
	if (f->index.log_fd >= 0 && fs_fstat(f->index.log_fd, &st) == 0)
		note_time(&last_ns, st.ctime_ns);
	return last_ns == 0 ? 0 : (uint64_t)(last_ns + TICK_NS) / 1000;
}

void
index_state_of(const struct folder *f, struct index_state *out)
{
	struct fs_stat st;

	*out = (struct index_state){ .modseq = f->index.modseq,
	    .floor = f->index.floor, .forgot = f->index.forgot, .boot_s = clock_boot_s(),
	    .new_at = f->new_at, .cur_at = f->cur_at,
	    .list_inode = f->uidlist.inode,
	    .list_octets = f->uidlist.at_octets,
	    .list_settled = f->index.settled,
	    .list_last = f->uidlist.last, .list = f->uidlist.header };
	/* Nobody is to believe what is not known to be so. */
	if (!f->synced)
		out->new_at = out->cur_at = (struct stamp){ .inode = 0 };
	out->list.nextuid = f->nextuid;
	index_foreign(f, &out->foreign);
	if (f->uidlist.fd >= 0 && fs_fstat(f->uidlist.fd, &st) == 0 &&
	    st.size_octets == f->uidlist.at_octets)
		out->list_mtime_ns = st.mtime_ns;
}

bool
index_same_foreign(const struct stamp *a, const struct stamp *b)
{
	return a->inode == b->inode && a->size_octets == b->size_octets &&
	    a->mtime_ns == b->mtime_ns;
}

/* The file of that name is the one that is open. */
bool
index_is_same(const struct folder *f, const char *name, int fd)
{
	struct fs_stat by_name, open;

	return fs_stat(f->dir, name, &by_name) == 0 &&
	    fs_fstat(fd, &open) == 0 && by_name.inode == open.inode &&
	    by_name.device == open.device;
}

static int
open_log(struct folder *f)
{
	int fd = fs_open_rw(f->dir, INDEX_LOG_NAME);

	if (fd < 0 && errno == ENOENT)
		fd = fs_create(f->dir, INDEX_LOG_NAME);
	if (fd < 0 && errno == EEXIST)
		fd = fs_open_rw(f->dir, INDEX_LOG_NAME);
	return fd;
}

/* The log that has the name, made if there is none. */
static bool
lock_log(struct folder *f)
{
	struct folder_index *ix = &f->index;
	int64_t deadline_ms = clock_deadline(LOCK_MS);

	for (int i = 0; i < ATTEMPTS && !ix->off; i++) {
		if (ix->log_fd < 0)
			ix->log_fd = open_log(f);
		if (ix->log_fd < 0 || fs_lock(ix->log_fd, deadline_ms) != 0)
			ix->off = true;
		else if (index_is_same(f, INDEX_LOG_NAME, ix->log_fd))
			return true;
		fd_close(&ix->log_fd);	/* somebody has removed it */
	}
	return false;
}

bool
index_lock(struct folder *f)
{
	if (f->index.held == 0 && !lock_log(f))
		return false;
	f->index.held++;
	return true;
}

void
index_unlock(struct folder *f)
{
	if (f->index.held > 0 && --f->index.held > 0)
		return;
	if (f->index.log_fd >= 0 && fs_unlock(f->index.log_fd) != 0)
		fd_close(&f->index.log_fd);
}

static bool
same_state(const struct index_state *a, const struct index_state *b)
{
	uint8_t x[INDEX_HEAD], y[INDEX_HEAD];

	index_put_head(x, &(struct index_head){ .state = *a });
	index_put_head(y, &(struct index_head){ .state = *b });
	return memcmp(x, y, sizeof(x)) == 0;
}

/* The UIDs of what is to be noted, ascending. */
static void
list_unsaved(const struct folder *f, struct uids *out)
{
	const struct extras *x = &f->extras;

	for (size_t i = 0; i < x->size && out->n < f->index.unsaved; i++)
		if (x->v[i] != NULL && x->v[i]->unsaved)
			uids_add(out, x->v[i]->m.uid);
	uids_sort(out);
}

static void
put_unsaved(struct folder *f, struct buf *out, uint64_t modseq)
{
	const struct columns *c = &f->cols;
	struct uids uids;

	uids_init(&uids);
	list_unsaved(f, &uids);
	for (size_t k = 0; k < uids.n; k++) {
		struct extra *e = extras_get(&f->extras, uids.v[k]);
		size_t i = columns_at(c, uids.v[k]);

		if (e->m.modseq == 0)
			e->m.modseq = modseq;
		e->m.flags = c->bits[i] & MESSAGE_FLAGS_STORED;
		e->m.in_new = (c->bits[i] & BIT_IN_NEW) != 0;
		e->m.keywords = columns_letters(c, i);
		index_log_put_message(out, &e->m);
		e->unsaved = false;
		f->index.unsaved--;
	}
	uids_fini(&uids);
}

/* All unsaved things as one transaction, by one write. */
static int
append(struct folder *f, uint64_t modseq)
{
	struct folder_index *ix = &f->index;
	struct index_state state;
	struct buf text;
	int rc = -1;

	buf_init(&text, INDEX_LOG_MAX);
	index_log_begin(&text);
	for (size_t i = 0; i < ix->gone.n; i++)
		index_log_put_gone(&text, ix->gone.v[i]);
	put_unsaved(f, &text, modseq);
	index_state_of(f, &state);
	index_log_put_state(&text, &state);
	index_log_end(&text, 0, ix->base.head.generation, modseq);
	if (text.n > 0 && fd_pwrite_all(ix->log_fd, text.p, text.n,
	    ix->log_at) == 0) {
		ix->log_at += text.n;
		ix->state = state;
		uids_clear(&ix->gone);
		rc = 0;
	}
	buf_fini(&text);
	return rc;
}

/* The log would be long, for what the snapshot says. */
static bool
is_much(const struct folder *f)
{
	const struct folder_index *ix = &f->index;

	return (ix->unsaved + ix->gone.n) * 2 > f->cols.n + 64 ||
	    ix->log_at > LOG_MOST ||
	    ix->log_at > LOG_SLACK + f->cols.n * INDEX_MESSAGE;
}

/* What is torn at the end of the log goes, so that it is not in the way. */
static int
trim_log(const struct folder_index *ix)
{
	struct fs_stat st;

	if (fs_fstat(ix->log_fd, &st) != 0)
		return -1;
	return st.size_octets == ix->log_at ? 0 :
	    fs_truncate(ix->log_fd, ix->log_at);
}

/* Something has no number yet. */
static bool
is_unnumbered(const struct folder *f)
{
	const struct extras *x = &f->extras;

	for (size_t i = 0; i < x->size && f->index.unsaved > 0; i++)
		if (x->v[i] != NULL && x->v[i]->unsaved &&
		    x->v[i]->m.modseq == 0)
			return true;
	return f->index.gone.n > 0;
}

/*
 * What was noted before is not known, or not all of it, or others have given
 * numbers: whatever a client knows, all is news to it.
 */
static bool
begin_anew(struct folder *f, const struct index_state *state)
{
	struct folder_index *ix = &f->index;
	uint64_t last;

	if (ix->loaded && !ix->restamp && ix->state.modseq != 0 &&
	    index_same_foreign(&state->foreign, &ix->state.foreign))
		return false;
	last = last_modseq(f);
	ix->ceiling = ceiling_read(f->dir);
	if (last < ix->ceiling)
		last = ix->ceiling;
	if (ix->modseq < last)
		ix->modseq = last;
	ix->floor = ix->forgot = next_modseq(f);
	return true;
}

/*
 * Before a number is noted, and so may be told.  Where that cannot be written,
 * the clock alone has to do.
 */
static void
reserve(struct folder *f)
{
	struct folder_index *ix = &f->index;

	if (ix->ceiling < ix->modseq)	/* others may have raised it */
		ix->ceiling = ceiling_read(f->dir);
	if (ix->ceiling < ix->modseq)
		ix->ceiling = ceiling_raise(f->dir, ix->modseq);
}

/*
 * The log was removed while it was locked, and somebody may have begun a new
 * one before our number was drawn: so all begins anew once more, above both.
 * (Who begins after a removal that comes later is above us by its time.)  Or the
 * snapshot was removed as soon as it was written.
 * rc  of the first attempt
 */
static int
insist(struct folder *f, int rc)
{
	struct folder_index *ix = &f->index;
	struct index_state state;

	for (int i = 0; i < ATTEMPTS && (rc != 0 ||
	    !index_is_same(f, INDEX_LOG_NAME, ix->log_fd)); i++) {
		fd_close(&ix->log_fd);
		if (!lock_log(f))
			return -1;
		ix->loaded = false;
		index_state_of(f, &state);
		(void)begin_anew(f, &state);
		reserve(f);
		rc = index_write(f);
	}
	return rc;
}

void
index_save(struct folder *f)
{
	struct folder_index *ix = &f->index;
	struct index_state state;
	bool anew;
	int rc;

	index_state_of(f, &state);
	anew = begin_anew(f, &state);
	ix->changed = false;
	if (!anew && ix->unsaved == 0 && ix->gone.n == 0 &&
	    same_state(&state, &ix->state))
		return;
	uids_sort(&ix->gone);
	if (!anew && is_unnumbered(f))
		(void)next_modseq(f);	/* ix->modseq is it */
	reserve(f);
	if (ix->loaded && !is_much(f) && trim_log(ix) == 0)
		rc = append(f, ix->modseq);
	else
		rc = index_write(f);
	rc = insist(f, rc);
	ix->restamp = false;
	/* No room, no right: the folder goes on without. */
	if (rc != 0) {
		ix->loaded = false;
		ix->off = true;
	}
}

void
folder_flush(struct folder *f)
{
	struct folder_index *ix = &f->index;
	struct fs_stat st;

	if (!f->known || ix->off || !ix->loaded ||
	    (ix->unsaved == 0 && ix->gone.n == 0) ||
	    ix->log_fd < 0 || fs_lock_try(ix->log_fd) != 0)
		return;
	/* Only if nobody else has noted anything: else a look comes first. */
	if (index_is_same(f, INDEX_LOG_NAME, ix->log_fd) &&
	    index_is_same(f, INDEX_NAME, ix->base.fd) &&
	    fs_fstat(ix->log_fd, &st) == 0 && st.size_octets == ix->log_at)
		index_save(f);
	index_unlock(f);
}
