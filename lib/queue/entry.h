/*
 * entry - the queue on disk: its directories, and one file in them.
 * All work is done beneath descriptors that are opened once; no path is
 * looked up again.  What is durable, and when, is the caller's affair
 * (doc/queue.md); nothing here syncs but queue_open.
 */
#ifndef QUEUE_ENTRY_H
#define QUEUE_ENTRY_H

#include "base/arena.h"
#include "base/base.h"
#include "base/id.h"
#include "base/why.h"
#include "queue/format.h"
#include "queue/log.h"
#include "queue/states.h"

#define QUEUE_FANOUT	51	/* directories in deferred: last characters */
#define QUEUE_DIRS	(3 + QUEUE_FANOUT)

struct queue {
	int	 top;		/* the caller's; stays open */
	int	 lock;
	uint32_t run;		/* +1 per queue_open, durable */
	int	 dirs[QUEUE_DIRS];
};

/*
 * Make what is missing of the directories, take the exclusive lock (waits
 * until deadline_ms for an owner that is about to end), count the run.
 * returns  0, or -1 with why (WHY_TEMP)
 */
int	queue_open(struct queue *q, int top, int64_t deadline_ms,
	    struct why *why) must_use;
void	queue_close(struct queue *q);

/* The number (index of dirs) and the path beneath top of a file's directory. */
size_t	queue_dir(enum queue_state s, const char *id);
void	queue_dir_path(size_t dir, char out[16]);

/* A new file in incoming, for writing only; the descriptor or -1 with errno. */
int	queue_create(const struct queue *q, const char *id) must_use;
int	queue_open_read(const struct queue *q, enum queue_state s,
	    const char *id) must_use;
int	queue_open_log(const struct queue *q, enum queue_state s,
	    const char *id) must_use;
/*
 * A whole new file in incoming; not synced.
 * returns  its descriptor, or -1 with why (nothing is left behind)
 */
int	queue_write(const struct queue *q, const char *id,
	    const struct queue_envelope *e, struct span message,
	    struct why *why) must_use;

int	queue_move(const struct queue *q, const char *id,
	    enum queue_state from, enum queue_state to) must_use;
/* Gone already counts as removed. */
int	queue_remove(const struct queue *q, enum queue_state s,
	    const char *id);

enum queue_got {
	QUEUE_GOT,
	QUEUE_UNFINISHED,	/* first line blank, no log: never acknowledged */
	QUEUE_DAMAGED,		/* why says what */
	QUEUE_TROUBLE		/* cannot be read now */
};
struct queue_head {
	struct queue_first    first;
	struct queue_envelope envelope;	/* in the arena */
	uint64_t	      size_octets;	/* of the file */
};
/*
 * First line and envelope, checked against each other and the file's size,
 * not against the checksum.  One read for an envelope below 4 KiB.
 */
enum queue_got	queue_read_head(int fd, struct arena *a,
	    struct queue_head *out, struct why *why) must_use;

/* The checksum over envelope and message, a piece at a time. */
struct queue_check {
	struct sum64 sum;
	uint64_t     at, end, want;
};
void	queue_check_begin(struct queue_check *c, const struct queue_first *f);
enum queue_checked { QUEUE_CHECK_MORE, QUEUE_CHECK_GOOD, QUEUE_CHECK_BAD,
	QUEUE_CHECK_TROUBLE };
/* octets: how much to read now. */
enum queue_checked	queue_check_step(struct queue_check *c, int fd,
	    size_t octets) must_use;

struct queue_tail {
	uint64_t end;		/* of the file: where the next line goes */
	bool	 torn;		/* begin it with an LF: the last line has none */
};
/*
 * Every log line that stands in the file from `at` on, in order; what is no
 * line is passed over.  Linear in the size of the log.
 * returns  0, or -1: cannot be read
 */
int	queue_each_log(int fd, uint64_t at,
	    void (*each)(const struct queue_log *l, void *ctx), void *ctx,
	    struct queue_tail *tail) must_use;

#endif
