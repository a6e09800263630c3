/*
 * entry - see entry.h: the directories of the queue and the names in them.
 * What is read from a file is in entry_read.c.
 *
 * The lock is on a file of its own, which is never removed: an open-file lock
 * ends with its owner, however that ends.  The run number is replaced
 * durably before the first id is made from it.
 */
#include "queue/entry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "os/fd.h"
#include "os/fs.h"

#define DIR_INCOMING	0
#define DIR_HOLD	1
#define DIR_CORRUPT	2
#define DIR_DEFERRED	3

/* The digits of an id (base/id.h), any of which may be its last. */
static const char digits[QUEUE_FANOUT + 1] =
    "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz";

size_t
queue_dir(enum queue_state s, const char *id)
{
	switch (s) {
	case QUEUE_HOLD:
		return DIR_HOLD;
	case QUEUE_CORRUPT:
		return DIR_CORRUPT;
	case QUEUE_DEFERRED:
		return DIR_DEFERRED +
		    span_chr(span_str(digits), id[ID_LEN - 1]) % QUEUE_FANOUT;
	case QUEUE_INCOMING:
	case QUEUE_NONE:
		break;
	}
	return DIR_INCOMING;
}

void
queue_dir_path(size_t dir, char out[16])
{
	static const char *const names[] = { "incoming", "hold", "corrupt" };

	if (dir < DIR_DEFERRED)
		(void)snprintf(out, 16, "%s", names[dir]);	/* fits */
	else
		(void)snprintf(out, 16, "deferred/%c",		/* fits */
		    digits[dir - DIR_DEFERRED]);
}

static int
open_dirs(struct queue *q, struct why *why)
{
	char path[16];

	for (size_t i = 0; i < QUEUE_DIRS; i++) {
		queue_dir_path(i, path);
		if (fs_mkdirs(q->top, path) == 0)
			q->dirs[i] = fs_open_dir(q->top, path);
		if (q->dirs[i] < 0) {
			why_sys(why, WHY_TEMP, "4.3.0", "queue: %s", path);
			return -1;
		}
	}
	return 0;
}

static int
take_lock(struct queue *q, int64_t deadline_ms, struct why *why)
{
	q->lock = fs_open_append(q->top, "lock");
	if (q->lock >= 0 && fs_lock(q->lock, deadline_ms) == 0)
		return 0;
	if (errno == EAGAIN)
		why_set(why, WHY_TEMP, "4.3.0",
		    "queue: another qmgr has this queue");
	else
		why_sys(why, WHY_TEMP, "4.3.0", "queue: lock");
	return -1;
}

/* Nobody else replaces a file here: we have the lock. */
static int
sweep(const struct queue *q, struct why *why)
{
	if (fs_replace_sweep(q->top, INT64_MAX) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "queue: what a power cut left");
	return -1;
}

static int
count_run(struct queue *q, struct why *why)
{
	uint64_t run = 0;
	struct buf b;
	int rc = -1;

	buf_init(&b, 32);
	if (fs_slurp(q->top, "run", &b) != 0 && errno != ENOENT)
		goto out;
	/* Damaged by hand: begin again; ids still differ by their time. */
	if (num_parse(span_trim_ws(buf_span(&b)), 0, UINT32_MAX, &run) != 0)
		run = 0;
	q->run = (uint32_t)(run + 1);
	buf_clear(&b);
	if (buf_addf(&b, "%lu\n", (unsigned long)q->run) == 0)
		rc = fs_replace(q->top, "run", buf_span(&b), 0600);
out:
	if (rc != 0)
		why_sys(why, WHY_TEMP, "4.3.0", "queue: run");
	buf_fini(&b);
	return rc;
}

int
queue_open(struct queue *q, int top, int64_t deadline_ms, struct why *why)
{
	q->top = top;
	q->lock = -1;
	q->run = 0;
	for (size_t i = 0; i < QUEUE_DIRS; i++)
		q->dirs[i] = -1;
	if (take_lock(q, deadline_ms, why) == 0 && open_dirs(q, why) == 0 &&
	    sweep(q, why) == 0 && count_run(q, why) == 0)
		return 0;
	queue_close(q);
	return -1;
}

void
queue_close(struct queue *q)
{
	for (size_t i = 0; i < QUEUE_DIRS; i++)
		fd_close(&q->dirs[i]);
	fd_close(&q->lock);
}

int
queue_create(const struct queue *q, const char *id)
{
	return fs_create_write(q->dirs[DIR_INCOMING], id);
}

int
queue_open_read(const struct queue *q, enum queue_state s, const char *id)
{
	return fs_open_read(q->dirs[queue_dir(s, id)], id);
}

int
queue_open_log(const struct queue *q, enum queue_state s, const char *id)
{
	return fs_open_rw(q->dirs[queue_dir(s, id)], id);
}

int
queue_write(const struct queue *q, const char *id,
    const struct queue_envelope *e, struct span message, struct why *why)
{
	struct queue_writer w;
	struct buf b;
	int fd = -1;

	buf_init(&b, QUEUE_FIRST_LEN + QUEUE_ENVELOPE_MAX + message.n);
	if (queue_writer_begin(&w, e, &b) != 0 ||
	    buf_add_span(&b, message) != 0) {
		why_set(why, WHY_TEMP, "4.3.0", "queue: envelope too large");
		goto out;
	}
	queue_writer_add(&w, message.p, message.n);
	queue_writer_first(&w, b.p);
	fd = fs_create(q->dirs[DIR_INCOMING], id);
	if (fd >= 0 && fd_write_all(fd, b.p, b.n) == 0)
		goto out;
	why_sys(why, WHY_TEMP, "4.3.0", "queue: write %s", id);
	if (fd >= 0)
		(void)queue_remove(q, QUEUE_INCOMING, id);	/* or at start */
	fd_close(&fd);
out:
	buf_fini(&b);
	return fd;
}

int
queue_move(const struct queue *q, const char *id, enum queue_state from,
    enum queue_state to)
{
	if (!queue_state_edge(from, to)) {
		errno = EINVAL;
		return -1;
	}
	return fs_rename(q->dirs[queue_dir(from, id)], id,
	    q->dirs[queue_dir(to, id)], id);
}

int
queue_remove(const struct queue *q, enum queue_state s, const char *id)
{
	return fs_discard(q->dirs[queue_dir(s, id)], id);
}
