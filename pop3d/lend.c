/*
 * lend - see lend.h.
 * In front of a command the session itself waits, and can say what happened.
 * Elsewhere the stream waits: between it and the socket stands a layer that
 * waits for so long first, then lends the maildrop, and asks for it back before
 * any octet moves again.  If it does not get it the connection is as good as
 * lost: in the middle of a message nothing can be said.
 */
#include "pop3d/lend.h"

#include <errno.h>

#include "base/bug.h"
#include "os/clock.h"
#include "os/fd.h"

/* What was lent is ours again, or is not lent; else s->lost. */
static bool
is_ours(struct session *s)
{
	if (s->lent && !droplock_back(&s->drop.lock))
		s->lost = true;
	s->lent = false;
	errno = ECONNABORTED;
	return !s->lost;
}

/* true: it can go on at once; false: the stream waits, without the maildrop. */
static bool
wait_or_lend(struct session *s, int fd, int what)
{
	int64_t until_ms = clock_deadline(s->lend_ms);

	if (!s->drop.lock.held || until_ms >= s->stream.deadline_ms)
		return false;
	if (fd_wait(fd, what, until_ms) != 0)
		return true;
	droplock_lend(&s->drop.lock);
	s->lent = !s->drop.lock.held;
	errno = EAGAIN;
	return false;
}

static ssize_t
lend_read(void *ctx, int fd, void *p, size_t n, int *want)
{
	struct session *s = ctx;
	ssize_t got;

	if (!is_ours(s))
		return -1;
	*want = FD_READ;
	got = fd_read(fd, p, n);
	if (got < 0 && errno == EAGAIN && wait_or_lend(s, fd, FD_READ))
		got = fd_read(fd, p, n);
	return got;
}

static ssize_t
lend_write(void *ctx, int fd, const void *p, size_t n, int *want)
{
	struct session *s = ctx;
	ssize_t did;

	if (!is_ours(s))
		return -1;
	*want = FD_WRITE;
	did = fd_write(fd, p, n);
	if (did < 0 && errno == EAGAIN && wait_or_lend(s, fd, FD_WRITE))
		did = fd_write(fd, p, n);
	return did;
}

void
lend_begin(struct session *s)
{
	static const struct stream_io io = {
		.read = lend_read, .write = lend_write
	};

	if (s->lend_ms != 0 && stream_set_io(&s->stream, &io, s) != 0)
		bug("input before the session has begun");
}

bool
lend_wait(struct session *s, int64_t idle_ms)
{
	int fd = s->stream.fd;

	/* All that does not end well shows again when a line is read. */
	if (s->lend_ms == 0 || s->lend_ms >= idle_ms ||
	    !stream_idle(&s->stream) ||
	    stream_flush(&s->stream) != STREAM_OK ||
	    fd_wait(fd, FD_READ, clock_deadline(s->lend_ms)) != 0)
		return true;
	droplock_lend(&s->drop.lock);
	if (fd_wait(fd, FD_READ, clock_deadline(idle_ms - s->lend_ms)) != 1)
		s->done = true;		/* the timeout: nothing to be said */
	return droplock_back(&s->drop.lock);
}
