/*
 * stream - one connection of a program that serves one client: buffered reads
 * and writes over a non-blocking descriptor, each with a deadline.
 *
 * The deadline is the caller's for a whole command (stream_deadline), not for
 * each read, so that a client which sends one octet now and then is still
 * closed in time; or, for long transfers, a deadline that moves with the
 * octets (stream_pace).  What is written is kept until the buffer is full,
 * until stream_flush(), or until more input is needed: one write for all
 * answers to a flight of commands.
 *
 * TLS takes the place of read(2) and write(2) by a struct stream_io.  The
 * program has to ignore SIGPIPE (fd_no_sigpipe).
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <sys/types.h>

#include "base/base.h"
#include "base/span.h"

enum stream_result {
	STREAM_OK,
	STREAM_EOF,		/* the peer has ended its output */
	STREAM_FULL,		/* the input buffer holds all it can */
	STREAM_TIMEOUT,		/* the deadline has come */
	STREAM_ERROR		/* errno of the system; reset, broken pipe */
};

/*
 * What carries the octets.  Both: octets moved (read: 0 is the end), or -1
 * with errno; for EAGAIN *want is set to the fd_event to wait for (preset to
 * FD_READ for read, FD_WRITE for write).  close ends the layer, not fd; it
 * may be NULL.
 */
struct stream_io {
	ssize_t (*read)(void *ctx, int fd, void *p, size_t n, int *want);
	ssize_t (*write)(void *ctx, int fd, const void *p, size_t n,
		    int *want);
	void	(*close)(void *ctx);
	/* Octets wait inside the layer, of which fd knows nothing; or NULL. */
	bool	(*pending)(void *ctx);
};

struct stream {
	int	fd;
	const struct stream_io *io;
	void   *io_ctx;
	char   *in;			/* input waits at in + in_at .. in_end */
	size_t	in_size, in_at, in_end;
	char   *out;			/* output waits at out .. out_n */
	size_t	out_size, out_n;
	int64_t deadline_ms;		/* of clock_mono_ms */
	int64_t window_ms;		/* pace: the deadline is never further */
	int64_t	earned_us;		/* pace: not yet a whole millisecond */
	unsigned pace_octets_s;		/* 0: the deadline does not move */
	enum stream_result in_end_why;	/* sticky: EOF, ERROR, TIMEOUT */
	enum stream_result out_end_why;
	uint64_t octets_in, octets_out;	/* through io, since stream_init */
};

/*
 * fd   non-blocking; the stream's own from here on
 * in_size, out_size  of the buffers, >= 64; they never grow
 * The deadline is "now" until stream_deadline() is called.
 */
void	stream_init(struct stream *s, int fd, size_t in_size, size_t out_size);
/* Ends the layer, closes fd, frees.  Unsent output is lost: flush first. */
void	stream_fini(struct stream *s);

/*
 * Input that another process has read from this connection already; right
 * after stream_init().  STREAM_FULL: more than in_size octets.
 */
enum stream_result stream_preload(struct stream *s, struct span input)
	    must_use;

/* All that follows, until the next call, has to end within from_now_ms. */
void	stream_deadline(struct stream *s, int64_t from_now_ms);
/*
 * A long transfer: window_ms from now, and each octet that moves in either
 * direction earns 1000 / octets_per_s ms more, but never so much that the
 * deadline would be further away than window_ms.
 */
void	stream_pace(struct stream *s, int64_t window_ms,
	    unsigned octets_per_s);

/* What has been read and not consumed; valid until the next stream_fill. */
struct span	stream_peek(const struct stream *s);
/* n <= stream_peek().n.  The octets stay readable until the next fill. */
void	stream_consume(struct stream *s, size_t n);
/*
 * Wait for at least one more octet of input.  Waiting output is sent first.
 * STREAM_FULL: nothing read, in_size octets wait already.  All results but
 * OK and FULL stay: the same is returned from then on.
 */
enum stream_result stream_fill(struct stream *s) must_use;
/* true: a fill would wait, so this is the moment to stop and answer. */
bool	stream_idle(const struct stream *s);
/*
 * Has the peer sent octets, or ended its output, though nobody waits for any?
 * What it sent can be read.  What a layer says to itself is nothing.
 */
bool	stream_heard(struct stream *s);

/* STREAM_OK, TIMEOUT or ERROR; sticky, so only the last need be looked at. */
enum stream_result stream_write(struct stream *s, const void *p, size_t n);
enum stream_result stream_puts(struct stream *s, const char *text);
/* What was sent, or read and consumed, is nowhere in its buffers any more. */
void	stream_wipe(struct stream *s);
enum stream_result stream_flush(struct stream *s) must_use;
/*
 * As far as it goes without waiting; the rest stays for the next flush.
 * returns  all of it is out
 */
bool	stream_flush_now(struct stream *s) must_use;

/*
 * Another layer from here on (STARTTLS).  Output is to be flushed before.
 * returns  octets of input that were waiting and are now forgotten: they came
 * before the layer and must not count as if they came through it.
 */
size_t	stream_set_io(struct stream *s, const struct stream_io *io, void *ctx)
	    must_use;
/*
 * The layer says goodbye and is gone: what is read from now on is what the peer
 * still sends through it, and of no use but to be dropped.
 */
void	stream_end_io(struct stream *s);

#endif
