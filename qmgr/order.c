/*
 * order - see order.h.
 * Every step leaves the file where a restart finds it right: a move is one
 * rename, and what was written before it is only a line of the log.  A
 * message put back from hold is due at once.
 */
#include "qmgr/order.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "qmgr/ledger.h"
#include "qmgr/limits.h"
#include "qmgr/pass.h"
#include "qmgr/sync.h"

#define NS_PER_S	INT64_C(1000000000)

static const char *const names[] = {
	[ORDER_HOLD] = "hold", [ORDER_RELEASE] = "release",
	[ORDER_REQUEUE] = "requeue", [ORDER_DROP] = "drop",
	[ORDER_FLUSH] = "flush",
};
static const char *const events[] = {
	[ORDER_HOLD] = "held", [ORDER_RELEASE] = "released",
	[ORDER_REQUEUE] = "requeued", [ORDER_DROP] = "dropped",
	[ORDER_FLUSH] = "flushed",
};

const char *
order_name(enum order order)
{
	return names[order];
}

enum order
order_parse(struct span word)
{
	for (size_t i = ORDER_HOLD; i < COUNT(names); i++)
		if (span_eq_str(word, names[i]))
			return (enum order)i;
	return ORDER_NONE;
}

static void
tell(const char *id, enum order order)
{
	log_info(LF_STR("event", events[order]), LF_STR("id", id));
}

static enum order_result
failed(const char *id, enum order order)
{
	log_error(LF_STR("event", "order-failed"), LF_STR("id", id),
	    LF_STR("order", names[order]), LF_STR("why", strerror(errno)));
	return ORDER_FAILED;
}

/* --------------------------------------------------------- files that wait */

static int
move(struct qmgr *q, const char *id, enum queue_state from,
    enum queue_state to)
{
	if (queue_move(&q->queue, id, from, to) != 0)
		return -1;
	sync_moved(q->sync, queue_dir(to, id));
	if (from == QUEUE_HOLD)
		q->ledger.held--;
	if (to == QUEUE_HOLD)
		q->ledger.held++;
	return 0;
}

static int
remove_file(struct qmgr *q, const struct waiting_item *i)
{
	if (queue_remove(&q->queue, i->place, i->id) != 0)
		return -1;
	if (i->place == QUEUE_HOLD)
		q->ledger.held--;
	if (i->place != QUEUE_CORRUPT)	/* that one was counted then */
		ledger_count(q, LEDGER_DROPPED);
	return 0;
}

/* Due now, in deferred: its mtime says so before its name does. */
static int
put_back(struct qmgr *q, const struct waiting_item *i)
{
	int64_t now_s = clock_wall_s();
	enum queue_state place = i->place;

	if (place == QUEUE_HOLD) {
		if (fs_set_mtime(q->queue.dirs[queue_dir(place, i->id)],
		    i->id, now_s * NS_PER_S) != 0 ||
		    move(q, i->id, place, QUEUE_DEFERRED) != 0)
			return -1;
		place = QUEUE_DEFERRED;
	}
	waiting_add(q, i->id, place, now_s);
	qmgr_wake(q);
	return 0;
}

static void
no_line(const struct queue_log *l, void *ctx)
{
	(void)l;
	(void)ctx;
}

/* Where the log of a file ends, and whether its last line has no end. */
static int
log_tail(struct qmgr *q, const struct waiting_item *i,
    struct queue_tail *tail)
{
	struct arena *a = arena_new(ENVELOPE_MEMORY);
	struct queue_head h;
	uint64_t first;
	struct why why;
	int rc = -1;
	int fd = queue_open_read(&q->queue, i->place, i->id);

	errno = EIO;
	if (fd >= 0 && queue_read_head(fd, a, &h, &why) == QUEUE_GOT) {
		first = queue_first_end(&h.first);
		rc = queue_each_log(fd, first, no_line, NULL, tail);
		tail->torn = tail->torn && tail->end > first;
	}
	fd_close(&fd);
	arena_free(&a);
	return rc;
}

static int
note_requeue(struct qmgr *q, const struct waiting_item *i)
{
	struct queue_log l = { .kind = QUEUE_LOG_REQUEUED,
		.time = clock_wall_s() };
	struct queue_tail tail;
	struct buf line;
	int fd, rc = -1;

	if (log_tail(q, i, &tail) != 0)
		return -1;
	fd = queue_open_log(&q->queue, i->place, i->id);
	if (fd < 0)
		return -1;
	buf_init(&line, KIB);
	if ((!tail.torn || buf_add_char(&line, '\n') == 0) &&
	    queue_log_put(&line, &l) == 0)
		rc = fd_pwrite_all(fd, line.p, line.n, tail.end);
	buf_fini(&line);
	fd_close(&fd);
	return rc;
}

/* May this be done with a message that is there? */
static bool
fits(enum queue_state place, enum order order)
{
	switch (order) {
	case ORDER_HOLD:
	case ORDER_FLUSH:
		return place == QUEUE_INCOMING || place == QUEUE_DEFERRED;
	case ORDER_RELEASE:
		return place == QUEUE_HOLD;
	case ORDER_REQUEUE:
		return place != QUEUE_CORRUPT && place != QUEUE_NONE;
	case ORDER_DROP:
		return place != QUEUE_NONE;
	case ORDER_NONE:
		break;
	}
	return false;
}

static int
carry_out(struct qmgr *q, const struct waiting_item *i, enum order order)
{
	switch (order) {
	case ORDER_HOLD:
		return move(q, i->id, i->place, QUEUE_HOLD);
	case ORDER_DROP:
		return remove_file(q, i);
	case ORDER_REQUEUE:
		if (note_requeue(q, i) != 0)
			return -1;
		return put_back(q, i);
	case ORDER_RELEASE:
	case ORDER_FLUSH:
		return put_back(q, i);
	case ORDER_NONE:
		break;
	}
	return -1;
}

/* --------------------------------------------------- messages in memory */

static enum order_result
order_active(struct message *m, enum order order)
{
	if (m->state == MSG_COMMITTING || order == ORDER_RELEASE)
		return ORDER_NOT;
	if (order == ORDER_FLUSH)
		return ORDER_DONE;	/* it is being tried */
	m->order = (uint8_t)order;
	message_ripe(m);
	return ORDER_SOON;
}

void
order_finish(struct message *m)
{
	struct queue_log l = { .kind = QUEUE_LOG_REQUEUED };
	struct waiting_item self = { .place = m->place };
	enum order order = (enum order)m->order;
	struct qmgr *q = m->q;

	memcpy(self.id, m->id, ID_SIZE);
	if (order == ORDER_REQUEUE) {
		if (message_log(m, &l) == 0 &&
		    pass_park(m, clock_wall_s()) == 0)
			tell(self.id, order);
		return;
	}
	/* What is known of its recipients goes with it. */
	if (order == ORDER_HOLD && message_flush(m) != 0)
		return;
	if (carry_out(q, &self, order) != 0) {
		(void)failed(self.id, order);
		return;		/* tried again with those that are stuck */
	}
	tell(self.id, order);
	message_enter(m, MSG_GONE);
	message_free(m);
}

enum order_result
order_apply(struct qmgr *q, const struct waiting_item *i, enum order order)
{
	struct message *m = message_find(q, i->id);
	struct waiting_item old = *i;
	bool waited;

	if (m != NULL)
		return order_active(m, order);
	if (!fits(i->place, order))
		return ORDER_NOT;
	waited = waiting_take(q->waiting, i->id, &old);
	if (!waited && i->place != QUEUE_HOLD && i->place != QUEUE_CORRUPT)
		return ORDER_NOT;	/* a session's that is not committed */
	if (carry_out(q, &old, order) != 0) {
		if (waited)
			waiting_add(q, old.id, old.place, old.next_s);
		return failed(old.id, order);
	}
	tell(old.id, order);
	return ORDER_DONE;
}
