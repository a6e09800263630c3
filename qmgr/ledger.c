/*
 * ledger - see ledger.h.
 * The numbers are kept where a message changes its fate, not derived from
 * each other, so that a path that forgets a message shows as a difference.
 * What the comparison finds without knowing it is taken in again: a file is
 * the only record of a message, so it is right.
 */
#include "qmgr/ledger.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "qmgr/limits.h"
#include "qmgr/message.h"
#include "qmgr/qmgr.h"
#include "qmgr/waiting.h"
#include "queue/scan.h"

#define NS_PER_S	INT64_C(1000000000)

static const char *const names[LEDGER_ENTRIES] = {
	[LEDGER_FOUND] = "found", [LEDGER_ACCEPTED] = "accepted",
	[LEDGER_REPORTS] = "reports", [LEDGER_DELIVERED] = "delivered",
	[LEDGER_BOUNCED] = "bounced", [LEDGER_EXPIRED] = "expired",
	[LEDGER_DROPPED] = "dropped", [LEDGER_CORRUPT] = "corrupt",
	[LEDGER_UNFINISHED] = "unfinished", [LEDGER_VANISHED] = "vanished",
};

void
ledger_init(struct ledger *l)
{
	memset(l, 0, sizeof(*l));
	l->dir = QUEUE_DIRS;
}

void
ledger_count(struct qmgr *q, enum ledger_entry what)
{
	q->ledger.n[what]++;
}

/* Messages in the queue now. */
static uint64_t
queued(const struct qmgr *q)
{
	return hash_count(q->messages) - q->ledger.committing +
	    waiting_count(q->waiting) + q->ledger.held;
}

/* in - out - queued: 0 when nothing is lost. */
static int64_t
difference(const struct qmgr *q)
{
	int64_t sum = -(int64_t)queued(q);

	for (size_t i = 0; i < LEDGER_ENTRIES; i++)
		sum += i < LEDGER_DELIVERED ? (int64_t)q->ledger.n[i] :
		    -(int64_t)q->ledger.n[i];
	return sum;
}

static void
check_sum(struct qmgr *q)
{
	int64_t now = difference(q);

	if (now == q->ledger.told)
		return;
	q->ledger.told = now;
	log_error(LF_STR("event", "ledger-differs"), LF_INT("difference", now),
	    LF_NUM("queued", queued(q)));
	if (q->ledger.dir == QUEUE_DIRS)
		ledger_compare(q);
}

/* -------------------------------------------------------------- comparison */

/*
 * A file that a session still writes is known to its session alone: its first
 * line is blank, however long that takes.  From a filled one to COMMIT it is
 * seconds.
 */
static bool
may_be_a_session(struct qmgr *q, enum queue_state place, const char *id)
{
	enum queue_got got = QUEUE_TROUBLE;
	struct queue_head h;
	struct arena *a;
	struct fs_stat st;
	struct why why;
	int fd;

	if (fs_stat(q->queue.dirs[queue_dir(place, id)], id, &st) != 0)
		return true;	/* gone again */
	if (place != QUEUE_INCOMING)
		return false;
	if (clock_wall_s() - st.mtime_ns / NS_PER_S < STRANGE_AFTER_S)
		return true;
	a = arena_new(ENVELOPE_MEMORY);
	fd = queue_open_read(&q->queue, place, id);
	if (fd >= 0)
		got = queue_read_head(fd, a, &h, &why);
	fd_close(&fd);
	arena_free(&a);
	return got == QUEUE_UNFINISHED;
}

struct looking {
	struct qmgr	*q;
	enum queue_state place;
};

static void
look(const char *id, int64_t next_s, void *ctx)
{
	struct looking *k = ctx;
	struct qmgr *q = k->q;

	q->ledger.files++;
	if (waiting_has(q->waiting, id) || message_find(q, id) != NULL ||
	    may_be_a_session(q, k->place, id))
		return;
	q->ledger.strange++;
	log_error(LF_STR("event", "file-unknown"), LF_STR("id", id),
	    LF_STR("place", queue_state_name(k->place)));
	ledger_count(q, LEDGER_FOUND);
	waiting_add(q, id, k->place, next_s);
}

static void
count_held(const char *id, int64_t next_s, void *ctx)
{
	uint64_t *n = ctx;

	(void)id;
	(void)next_s;
	(*n)++;
}

/* Files come and go there by hand: each counts as found or dropped. */
static void
compare_hold(struct qmgr *q)
{
	struct ledger *l = &q->ledger;
	uint64_t have = 0;
	size_t foreign;

	if (queue_scan(&q->queue, QUEUE_HOLD, count_held, &have,
	    &foreign) != 0 || have == l->held)
		return;
	log_warn(LF_STR("event", "hold-changed"),
	    LF_NUM("known", l->held), LF_NUM("files", have));
	if (have > l->held)
		l->n[LEDGER_FOUND] += have - l->held;
	else
		l->n[LEDGER_VANISHED] += l->held - have;
	l->held = have;
}

/* One directory; the last one ends it. */
static void
compare_next(struct qmgr *q)
{
	struct looking k = { .q = q };
	struct ledger *l = &q->ledger;
	size_t foreign;

	if (l->dir == queue_dir(QUEUE_HOLD, NULL)) {
		compare_hold(q);
	} else if (l->dir != queue_dir(QUEUE_CORRUPT, NULL)) {
		k.place = l->dir == queue_dir(QUEUE_INCOMING, NULL) ?
		    QUEUE_INCOMING : QUEUE_DEFERRED;
		if (queue_scan_dir(&q->queue, k.place, l->dir, look, &k,
		    &foreign) != 0)
			log_error(LF_STR("event", "queue-unreadable"),
			    LF_STR("why", strerror(errno)));
	}
	if (++l->dir == QUEUE_DIRS)
		log_info(LF_STR("event", "ledger-compared"),
		    LF_NUM("files", l->files), LF_NUM("unknown", l->strange),
		    LF_INT("difference", difference(q)));
}

void
ledger_compare(struct qmgr *q)
{
	q->ledger.dir = 0;
	q->ledger.files = q->ledger.strange = 0;
}

void
ledger_tick(struct qmgr *q)
{
	check_sum(q);
	if (q->seconds == COMPARE_AFTER_S)
		ledger_compare(q);
	if (q->ledger.dir < QUEUE_DIRS)
		compare_next(q);
}

/* --------------------------------------------------------------- for people */

static void
show_json(struct qmgr *q, struct buf *out)
{
	const struct ledger *l = &q->ledger;

	(void)!buf_add_char(out, '{');
	for (size_t i = 0; i < LEDGER_ENTRIES; i++)
		(void)!json_pair_u64(out, names[i], l->n[i]);
	(void)!json_pair_u64(out, "queued", queued(q));
	(void)!buf_addf(out, ",\"difference\":%lld",
	    (long long)difference(q));
	(void)!json_pair_u64(out, "active", hash_count(q->messages));
	(void)!json_pair_u64(out, "waiting", waiting_count(q->waiting));
	(void)!json_pair_u64(out, "held", l->held);
	(void)!json_pair_u64(out, "recipients_delivered", l->rcpts[0]);
	(void)!json_pair_u64(out, "recipients_deferred", l->rcpts[1]);
	(void)!json_pair_u64(out, "recipients_failed", l->rcpts[2]);
	(void)!buf_add_str(out, "}\n");
}

void
ledger_show(struct qmgr *q, bool json, struct buf *out)
{
	const struct ledger *l = &q->ledger;

	if (json) {
		show_json(q, out);
		return;
	}
	for (size_t i = 0; i < LEDGER_ENTRIES; i++)
		(void)!buf_addf(out, "%-12s %10llu\n", names[i],
		    (unsigned long long)l->n[i]);
	(void)!buf_addf(out, "%-12s %10llu (%zu active, %zu waiting, "
	    "%llu held)\n%-12s %10lld%s\n", "queued",
	    (unsigned long long)queued(q), hash_count(q->messages),
	    waiting_count(q->waiting), (unsigned long long)l->held,
	    "difference", (long long)difference(q),
	    difference(q) == 0 ? "" : " -- see the log");
	(void)!buf_addf(out, "results      %10llu delivered, %llu deferred, "
	    "%llu failed\n", (unsigned long long)l->rcpts[0],
	    (unsigned long long)l->rcpts[1], (unsigned long long)l->rcpts[2]);
}
