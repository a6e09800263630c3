/*
 * folder_leave - see folder_leave.h.
 * A look that believes nothing it knew: it takes the lock, reads the list to its
 * end, writes it anew if it is torn, and gives UIDs to what has none.
 *
 * Dovecot's index knows nothing of what happened meanwhile.  A message that came
 * and went, and a flag that is again as it was, would leave no trace in it, and
 * a client that was here would never be told (RFC 7162 3.2.5).  So it begins
 * anew, with a log that says from which number on it knows: whoever asks for
 * what came before gets all.
 */
#include "store/folder_leave.h"

#include <errno.h>
#include <string.h>

#include "os/clock.h"
#include "os/fs.h"
#include "store/dovecot_log.h"
#include "store/folder_priv.h"

static int
slurp(int dir, const char *name, struct buf *out, struct why *why)
{
	buf_init(out, DOVECOT_INDEX_MAX);
	if (fs_slurp(dir, name, out) == 0 || errno == ENOENT)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot read %s", name);
	return -1;
}

int
folder_dovecot_index(const struct folder *f, struct dovecot_index *x,
    struct why *why)
{
	struct buf index, log = { .p = NULL }, old = { .p = NULL };
	int rc;

	*x = (struct dovecot_index){ .v = NULL };
	rc = slurp(f->dir, DOVECOT_INDEX_NAME, &index, why);
	if (rc == 0)
		rc = slurp(f->dir, DOVECOT_LOG_NAME, &log, why);
	if (rc == 0)
		rc = slurp(f->dir, DOVECOT_OLD_LOG_NAME, &old, why);
	if (rc == 0)
		rc = dovecot_index_read(x, buf_span(&index), buf_span(&log),
		    buf_span(&old)) == 0 ? 0 : 1;
	buf_fini(&old);
	buf_fini(&log);
	buf_fini(&index);
	return rc;
}

/* The next program would keep for ever what a power cut has left here. */
static void
sweep(int dir)
{
	struct dotlock lock;

	if (dotlock_take(&lock, dir, UIDLIST_NAME, 0) != 0)
		return;
	uidlist_sweep(dir);
	dotlock_drop(&lock);
}

static int
begin_dovecot(const struct folder *f, struct why *why)
{
	static const char *const gone[] = { DOVECOT_INDEX_NAME,
		DOVECOT_OLD_LOG_NAME, DOVECOT_CACHE_NAME };
	uint8_t head[DOVECOT_LOG_HEAD];

	for (size_t i = 0; i < COUNT(gone); i++)
		if (fs_discard(f->dir, gone[i]) != 0) {
			why_sys(why, WHY_TEMP, "4.3.0", "cannot remove %s",
			    gone[i]);
			return -1;
		}
	dovecot_log_begin(head, (uint32_t)clock_wall_s(), f->index.modseq);
	if (fs_replace(f->dir, DOVECOT_LOG_NAME, span_of(head, sizeof(head)),
	    0600) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot write " DOVECOT_LOG_NAME);
	return -1;
}

int
folder_leave(struct folder *f, uint64_t *modseq, struct why *why)
{
	f->synced = false;	/* whatever the stamps say */
	f->repair = true;	/* nor what was read of the list */
	if (folder_refresh(f, why) != 0)
		return -1;
	if (!f->known) {
		why_set(why, WHY_TEMP, "4.3.0", "the folder is being changed");
		return -1;
	}
	sweep(f->dir);
	*modseq = f->index.modseq;
	if (begin_dovecot(f, why) != 0)
		return -1;
	if (fs_dirsync(f->new_dir) == 0 && fs_dirsync(f->cur_dir) == 0 &&
	    fs_dirsync(f->dir) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot sync %s", f->name);
	return -1;
}
