/*
 * stream - see stream.h.  Input waits in one buffer that is moved to its front
 * only when there is no room behind it; a consumer that takes all there is
 * costs no move at all.  Output is one buffer too, written when it is full,
 * when asked, and before the stream waits for input, so that the answers to a
 * flight of pipelined commands leave in one segment.
 */
#include "net/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"
#include "base/secret.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/memory.h"

#define BUFFER_MIN	64

static ssize_t
plain_read(void *ctx, int fd, void *p, size_t n, int *want)
{
	(void)ctx;
	(void)want;
	return fd_read(fd, p, n);
}

static ssize_t
plain_write(void *ctx, int fd, const void *p, size_t n, int *want)
{
	(void)ctx;
	(void)want;
	return fd_write(fd, p, n);
}

static const struct stream_io plain = {
	.read = plain_read, .write = plain_write
};

void
stream_init(struct stream *s, int fd, size_t in_size, size_t out_size)
{
	if (in_size < BUFFER_MIN || out_size < BUFFER_MIN)
		bug("stream buffers of %zu and %zu", in_size, out_size);
	*s = (struct stream){
		.fd = fd, .io = &plain,
		.in = xmalloc(in_size), .in_size = in_size,
		.out = xmalloc(out_size), .out_size = out_size,
		.deadline_ms = clock_mono_ms(),
	};
}

enum stream_result
stream_preload(struct stream *s, struct span input)
{
	if (input.n > s->in_size)
		return STREAM_FULL;
	if (input.n > 0)
		memcpy(s->in, input.p, input.n);
	s->in_at = 0;
	s->in_end = input.n;
	return STREAM_OK;
}

void
stream_fini(struct stream *s)
{
	if (s->io->close != NULL)
		s->io->close(s->io_ctx);
	s->io = &plain;
	free(s->in);
	free(s->out);
	s->in = s->out = NULL;
	s->in_at = s->in_end = s->out_n = 0;
	s->in_end_why = s->out_end_why = STREAM_ERROR;
	fd_close(&s->fd);
}

void
stream_wipe(struct stream *s)
{
	wipe(s->out + s->out_n, s->out_size - s->out_n);
	wipe(s->in, s->in_at);
}

void
stream_deadline(struct stream *s, int64_t from_now_ms)
{
	s->deadline_ms = clock_deadline(from_now_ms);
	s->pace_octets_s = 0;
}

void
stream_pace(struct stream *s, int64_t window_ms, unsigned octets_per_s)
{
	s->deadline_ms = clock_deadline(window_ms);
	s->window_ms = window_ms;
	s->earned_us = 0;
	s->pace_octets_s = octets_per_s;
}

/* n octets have moved: they have earned some time. */
static void
earn(struct stream *s, size_t n)
{
	int64_t most;

	if (s->pace_octets_s == 0)
		return;
	s->earned_us += (int64_t)n * 1000000 / s->pace_octets_s;
	s->deadline_ms += s->earned_us / 1000;
	s->earned_us %= 1000;
	most = clock_deadline(s->window_ms);
	if (s->deadline_ms > most)
		s->deadline_ms = most;
}

struct span
stream_peek(const struct stream *s)
{
	return span_of(s->in + s->in_at, s->in_end - s->in_at);
}

void
stream_consume(struct stream *s, size_t n)
{
	if (n > s->in_end - s->in_at)
		bug("consumed %zu of %zu octets", n, s->in_end - s->in_at);
	s->in_at += n;
}

bool
stream_idle(const struct stream *s)
{
	return s->in_at == s->in_end && (s->io->pending == NULL ||
	    !s->io->pending(s->io_ctx));
}

/* Who waits for long gives back what it has no use for meanwhile. */
static int
wait_long(struct stream *s, int what)
{
	int64_t soon = clock_deadline(MEMORY_REST_MS);
	int rc;

	if (s->deadline_ms <= soon)
		return fd_wait(s->fd, what, s->deadline_ms);
	rc = fd_wait(s->fd, what, soon);
	if (rc != 0)
		return rc;
	memory_rest();
	return fd_wait(s->fd, what, s->deadline_ms);
}

/*
 * A peer that always has something ready (records without data, in a layer)
 * is held to its deadline as well.
 */
static enum stream_result
wait_for(struct stream *s, int what)
{
	int rc = wait_long(s, what);

	if (rc == 0 || clock_mono_ms() >= s->deadline_ms)
		return STREAM_TIMEOUT;
	return rc < 0 ? STREAM_ERROR : STREAM_OK;
}

static bool
would_wait(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK;
}

/* Everything that waits in out, to the last octet. */
static enum stream_result
write_out(struct stream *s)
{
	size_t at = 0;
	ssize_t done;
	int want;

	while (s->out_end_why == STREAM_OK && at < s->out_n) {
		want = FD_WRITE;
		done = s->io->write(s->io_ctx, s->fd, s->out + at,
		    s->out_n - at, &want);
		if (done >= 0) {
			at += (size_t)done;
			s->octets_out += (size_t)done;
			earn(s, (size_t)done);
			if (clock_mono_ms() >= s->deadline_ms &&
			    at < s->out_n)
				s->out_end_why = STREAM_TIMEOUT;
		} else if (would_wait(errno))
			s->out_end_why = wait_for(s, want);
		else
			s->out_end_why = STREAM_ERROR;
	}
	s->out_n = 0;
	return s->out_end_why;
}

enum stream_result
stream_flush(struct stream *s)
{
	return write_out(s);
}

bool
stream_flush_now(struct stream *s)
{
	size_t at = 0;
	ssize_t done = 1;
	int want = FD_WRITE;

	while (s->out_end_why == STREAM_OK && done > 0 && at < s->out_n) {
		done = s->io->write(s->io_ctx, s->fd, s->out + at,
		    s->out_n - at, &want);
		if (done > 0) {
			at += (size_t)done;
			s->octets_out += (size_t)done;
			earn(s, (size_t)done);
		} else if (done < 0 && !would_wait(errno))
			s->out_end_why = STREAM_ERROR;
	}
	memmove(s->out, s->out + at, s->out_n - at);
	s->out_n -= at;
	return s->out_n == 0;
}

enum stream_result
stream_write(struct stream *s, const void *p, size_t n)
{
	const char *from = p;
	size_t part;

	while (n > 0 && s->out_end_why == STREAM_OK) {
		part = num_min(n, s->out_size - s->out_n);
		memcpy(s->out + s->out_n, from, part);
		s->out_n += part;
		from += part;
		n -= part;
		if (s->out_n == s->out_size)
			(void)write_out(s);
	}
	return s->out_end_why;
}

enum stream_result
stream_puts(struct stream *s, const char *text)
{
	return stream_write(s, text, strlen(text));
}

/* Room behind in_end, by a move to the front if there is none. */
static bool
make_room(struct stream *s)
{
	if (s->in_at == s->in_end) {
		s->in_at = s->in_end = 0;
	} else if (s->in_end == s->in_size && s->in_at > 0) {
		memmove(s->in, s->in + s->in_at, s->in_end - s->in_at);
		s->in_end -= s->in_at;
		s->in_at = 0;
	}
	return s->in_end < s->in_size;
}

/*
 * asked    we have just written something that the peer answers: its answer
 *          cannot be here yet, so the first try would be in vain
 */
static enum stream_result
read_in(struct stream *s, bool asked)
{
	enum stream_result r = STREAM_OK;
	ssize_t got;
	int want;

	/* Below another layer there may be octets that it has read already. */
	if (asked && s->io == &plain)
		r = wait_for(s, FD_READ);
	while (r == STREAM_OK) {
		want = FD_READ;
		got = s->io->read(s->io_ctx, s->fd, s->in + s->in_end,
		    s->in_size - s->in_end, &want);
		if (got > 0) {
			s->in_end += (size_t)got;
			s->octets_in += (size_t)got;
			earn(s, (size_t)got);
			return STREAM_OK;
		}
		if (got == 0)
			r = STREAM_EOF;
		else if (would_wait(errno))
			r = wait_for(s, want);
		else
			r = STREAM_ERROR;
	}
	return r;
}

enum stream_result
stream_fill(struct stream *s)
{
	bool asked = s->out_n > 0;

	if (s->in_end_why != STREAM_OK)
		return s->in_end_why;
	if (!make_room(s))
		return STREAM_FULL;
	if (s->out_n > 0 && write_out(s) != STREAM_OK)
		s->in_end_why = s->out_end_why;
	else if (clock_mono_ms() >= s->deadline_ms)
		s->in_end_why = STREAM_TIMEOUT;
	else
		s->in_end_why = read_in(s, asked);
	return s->in_end_why;
}

#define TRIES	16	/* records without data that are passed over at once */

bool
stream_heard(struct stream *s)
{
	int want;

	if (s->in_end_why != STREAM_OK)
		return true;
	for (int i = 0; i < TRIES && stream_idle(s); i++) {
		ssize_t got;

		if (fd_wait(s->fd, FD_READ, 0) == 0)
			return false;
		s->in_at = s->in_end = 0;
		got = s->io->read(s->io_ctx, s->fd, s->in, s->in_size, &want);
		if (got > 0) {
			s->in_end = (size_t)got;
			s->octets_in += (size_t)got;
		} else if (got == 0 || !would_wait(errno)) {
			s->in_end_why = got == 0 ? STREAM_EOF : STREAM_ERROR;
			return true;
		}
	}
	return !stream_idle(s);
}

size_t
stream_set_io(struct stream *s, const struct stream_io *io, void *ctx)
{
	size_t forgotten = s->in_end - s->in_at;

	if (s->out_n > 0)
		bug("another layer with %zu octets unsent", s->out_n);
	s->io = io != NULL ? io : &plain;
	s->io_ctx = ctx;
	s->in_at = s->in_end = 0;
	return forgotten;
}

void
stream_end_io(struct stream *s)
{
	if (s->io->close != NULL)
		s->io->close(s->io_ctx);
	s->io = &plain;
	s->io_ctx = NULL;
	s->in_at = s->in_end = 0;
}
