/*
 * scan - see scan.h.
 * A deferred file costs one stat and no read, so that a queue of a million
 * messages is known in seconds.
 */
#include "queue/scan.h"

#include <errno.h>

#include "os/fs.h"

#define NS_PER_S	1000000000

struct walk {
	const struct queue *q;
	enum queue_state state;
	size_t	dir;
	void	(*each)(const char *id, int64_t next_s, void *ctx);
	void   *ctx;
	size_t	foreign;
};

static int
on_name(const char *name, enum fs_kind kind, void *arg)
{
	struct walk *w = arg;
	struct fs_stat st = { .mtime_ns = 0 };

	if (!id_valid(span_str(name)) || kind != FS_FILE ||
	    queue_dir(w->state, name) != w->dir) {
		w->foreign++;
		return 0;
	}
	/* Gone between the two: delivered by nobody, so removed by hand. */
	if (w->state == QUEUE_DEFERRED &&
	    fs_stat(w->q->dirs[w->dir], name, &st) != 0)
		return errno == ENOENT ? 0 : -1;
	w->each(name, st.mtime_ns / NS_PER_S, w->ctx);
	return 0;
}

int
queue_scan_dir(const struct queue *q, enum queue_state s, size_t dir,
    void (*each)(const char *id, int64_t next_s, void *ctx), void *ctx,
    size_t *foreign)
{
	struct walk w = { .q = q, .state = s, .dir = dir, .each = each,
		.ctx = ctx };
	int rc = fs_list(q->dirs[dir], on_name, &w);

	*foreign = w.foreign;
	return rc;
}

int
queue_scan(const struct queue *q, enum queue_state s,
    void (*each)(const char *id, int64_t next_s, void *ctx), void *ctx,
    size_t *foreign)
{
	size_t first = queue_dir(s, "00000000000000000000");
	size_t n = s == QUEUE_DEFERRED ? QUEUE_FANOUT : 1, some;
	int rc = 0;

	*foreign = 0;
	for (size_t i = first; i < first + n && rc == 0; i++) {
		rc = queue_scan_dir(q, s, i, each, ctx, &some);
		*foreign += some;
	}
	return rc;
}
