/*
 * lock - see lock.h.
 * Two who find the same stale dotlock cannot both remove it, and neither removes
 * the fresh one that the other has made since.  Where the system can lock the
 * stale file, a fresh one does not lose its name for a moment, either.
 */
#include "store/lock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "base/span.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/rand.h"
#include "os/spawn.h"
#include "os/user.h"

#define PAUSE_MS	5		/* grows to PAUSE_MAX_MS */
#define PAUSE_MAX_MS	100
#define NS_PER_S	INT64_C(1000000000)

const char *
lock_host(void)
{
	static char name[256];

	if (name[0] == '\0' && user_host(name, sizeof(name)) != 0)
		span_copy_cut(SPAN_LIT("localhost"), name, sizeof(name));
	return name;
}

/*
 * The process that made the lock lived on this host and is gone.  After a
 * start of the system its pid says nothing: somebody else may have it, and a
 * loss of power often leaves the name without the text.
 */
static bool
maker_is_gone(int dir, const char *name, const struct fs_stat *st)
{
	struct buf text;
	struct span rest, pid;
	uint64_t n;
	bool gone = false, old = st->ctime_ns / NS_PER_S < clock_boot_s();

	buf_init(&text, 512);
	if (fs_slurp(dir, name, &text) == 0) {
		rest = span_trim_ws(buf_span(&text));
		pid = span_cut(&rest, ':');
		if (num_parse(pid, 1, INT32_MAX, &n) != 0 || rest.p == NULL)
			gone = old;
		else if (span_eq_str(span_cut(&rest, ':'), lock_host()))
			gone = old || (spawn_kill((pid_t)n, 0) != 0 &&
			    errno == ESRCH);
	}
	buf_fini(&text);
	return gone;
}

static bool
is_stale(int dir, const char *name, struct fs_stat *st)
{
	int64_t now = clock_wall_s(), limit_s;

	if (fs_stat(dir, name, st) != 0 || st->kind == FS_DIR)
		return false;
	limit_s = st->size_octets == 0 ? LOCK_EMPTY_S : LOCK_STALE_S;
	/* ctime is this host's clock, also where the maker's was wrong. */
	if (st->ctime_ns / NS_PER_S + limit_s < now &&
	    st->mtime_ns / NS_PER_S + limit_s < now)
		return true;
	return maker_is_gone(dir, name, st);
}

/*
 * One that nobody can lock: it may not be written, or the file system knows no
 * locks.  It gets a name of our own and, if it is not what was stale, its name
 * back.
 */
static void
set_aside(int dir, const char *name)
{
	struct fs_stat st, moved;
	char aside[128];
	uint32_t r;

	if (!is_stale(dir, name, &st))
		return;
	rand_octets(&r, sizeof(r));
	(void)snprintf(aside, sizeof(aside), "%s.stale.%08x", name, r);
	if (fs_rename(dir, name, dir, aside) != 0)
		return;
	if (fs_stat(dir, aside, &moved) == 0 && moved.inode != st.inode &&
	    fs_rename_new(dir, aside, dir, name) == 0)
		return;		/* somebody was quicker: theirs again */
	(void)fs_discard(dir, aside);
}

/*
 * It is out of the way, or was not stale; the caller tries again.  Who removes
 * a stale one holds a lock of the system on that file: so it is still that
 * file which has the name, and nobody else takes away what was made since.
 */
static void
remove_stale(int dir, const char *name)
{
	struct fs_stat st, here;
	int fd = fs_open_rw(dir, name);

	if (fd < 0 || fs_lock_try(fd) != 0) {
		if (errno != ENOENT && errno != EAGAIN)
			set_aside(dir, name);
	} else if (fs_fstat(fd, &here) == 0 &&
	    is_stale(dir, name, &st) && st.inode == here.inode &&
	    fs_stat(dir, name, &st) == 0 && st.inode == here.inode)
		(void)fs_discard(dir, name);
	fd_close(&fd);
}

bool
dotlock_held(const struct dotlock *l)
{
	struct fs_stat st;

	return l->fd >= 0 && fs_stat(l->dir, l->name, &st) == 0 &&
	    st.inode == l->inode;
}

static int
try_once(struct dotlock *l)
{
	struct fs_stat st;
	char text[300];
	int n;

	l->fd = fs_create(l->dir, l->name);
	if (l->fd < 0)
		return -1;
	n = snprintf(text, sizeof(text), "%ld:%s", (long)spawn_self(),
	    lock_host());
	if (n > 0 && fd_write_all(l->fd, text, num_min((size_t)n,
	    sizeof(text) - 1)) == 0 && fs_fstat(l->fd, &st) == 0) {
		l->inode = st.inode;
		if (dotlock_held(l))
			return 0;
		/* Stopped before it was signed, and held to be dead. */
		fd_close(&l->fd);
		errno = EEXIST;
		return -1;
	}
	n = errno;
	(void)fs_discard(l->dir, l->name);	/* the first failure counts */
	fd_close(&l->fd);
	errno = n;
	return -1;
}

int
dotlock_take(struct dotlock *l, int dir, const char *name, int64_t wait_ms)
{
	int64_t deadline = clock_deadline(wait_ms), pause = PAUSE_MS;

	*l = DOTLOCK_NONE;
	l->dir = dir;
	if (snprintf(l->name, sizeof(l->name), "%s.lock", name) >=
	    (int)sizeof(l->name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (;;) {
		if (try_once(l) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
		remove_stale(dir, l->name);
		if (try_once(l) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
		if (clock_mono_ms() >= deadline) {
			errno = EAGAIN;
			return -1;
		}
		/* Not all at the same moment. */
		clock_sleep_ms(pause + (int64_t)rand_below(PAUSE_MS));
		if (pause < PAUSE_MAX_MS)
			pause *= 2;
	}
}

void
dotlock_touch(struct dotlock *l)
{
	/* A failure only makes it look older than it is. */
	if (l->fd < 0 ||
	    fs_fset_mtime(l->fd, (int64_t)clock_wall_us() * 1000) != 0)
		return;
}

void
dotlock_drop(struct dotlock *l)
{
	/* If it cannot be removed, an empty one gets stale soonest. */
	if (dotlock_held(l) && fs_discard(l->dir, l->name) != 0 &&
	    fs_truncate(l->fd, 0) != 0)
		log_warn(LF_STR("event", "lock-stays"),
		    LF_STR("name", l->name));
	fd_close(&l->fd);
}
