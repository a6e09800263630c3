/*
 * droplock.c - see droplock.h.
 * The file is empty and stays; its time says when the last session began.  Two
 * sessions never write the same time, since each does so with the lock: so who
 * gets a lent lock back sees by the time whether somebody has been there.
 */
#include "pop3d/droplock.h"

#include <errno.h>

#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/lock.h"

#define NS_PER_US	1000
#define NS_PER_S	INT64_C(1000000000)

/* A time in the future was written before the clock was set back. */
static bool
is_too_soon(int64_t last_ns, unsigned delay_s)
{
	int64_t age_ns = (int64_t)clock_wall_us() * NS_PER_US - last_ns;

	return delay_s > 0 && age_ns >= 0 &&
	    age_ns < (int64_t)delay_s * NS_PER_S;
}

static enum droplock_result
begin(struct droplock *l, bool first, unsigned delay_s, struct why *why)
{
	struct fs_stat st;

	if (fs_fstat(l->fd, &st) != 0)
		goto failed;
	if (!first && is_too_soon(st.mtime_ns, delay_s)) {
		why_set(why, WHY_TEMP, "4.2.0", "the last log-in was less "
		    "than %u s ago", delay_s);
		return DROPLOCK_TOO_SOON;
	}
	if (fs_fset_mtime(l->fd, (int64_t)clock_wall_us() * NS_PER_US) != 0 ||
	    fs_fstat(l->fd, &st) != 0)
		goto failed;
	l->since_ns = st.mtime_ns;
	l->held = true;
	return DROPLOCK_TAKEN;
failed:
	why_sys(why, WHY_TEMP, "4.2.0", "cannot mark " LOCK_POP3);
	return DROPLOCK_FAILED;
}

enum droplock_result
droplock_take(struct droplock *l, int root, unsigned wait_s,
    unsigned delay_s, struct why *why)
{
	enum droplock_result result = DROPLOCK_FAILED;
	struct fs_stat st;
	bool first = fs_stat(root, LOCK_POP3, &st) != 0;

	*l = DROPLOCK_NONE;
	l->fd = fs_open_append(root, LOCK_POP3);
	if (l->fd >= 0 &&
	    fs_lock(l->fd, clock_deadline((int64_t)wait_s * 1000)) == 0) {
		result = begin(l, first, delay_s, why);
	} else {
		if (l->fd >= 0 && errno == EAGAIN)
			result = DROPLOCK_IN_USE;
		why_sys(why, WHY_TEMP, "4.2.0", "cannot lock the maildrop");
	}
	if (result != DROPLOCK_TAKEN)
		droplock_drop(l);
	return result;
}

void
droplock_lend(struct droplock *l)
{
	/* If it cannot be let go it is simply kept. */
	if (l->held && fs_unlock(l->fd) == 0)
		l->held = false;
}

bool
droplock_back(struct droplock *l)
{
	struct fs_stat st;

	if (!l->held && l->fd >= 0 && fs_lock_try(l->fd) == 0 &&
	    fs_fstat(l->fd, &st) == 0 && st.mtime_ns == l->since_ns &&
	    st.links > 0)
		l->held = true;
	if (!l->held)
		droplock_drop(l);
	return l->held;
}

void
droplock_drop(struct droplock *l)
{
	fd_close(&l->fd);
	l->held = false;
}
