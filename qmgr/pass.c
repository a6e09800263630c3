/*
 * pass - see pass.h.
 * Nothing here is remembered between two calls but the states of message and
 * recipients: pass_advance() asks what is missing and starts it, so that the
 * same code goes on after a sync, a report or a restart.
 */
#include "qmgr/pass.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/fs.h"
#include "os/rand.h"
#include "qmgr/expand.h"
#include "qmgr/job.h"
#include "qmgr/ledger.h"
#include "qmgr/order.h"
#include "qmgr/patience.h"
#include "qmgr/pause.h"
#include "qmgr/report.h"
#include "qmgr/result.h"
#include "qmgr/sync.h"
#include "qmgr/waiting.h"

#define NS_PER_S	INT64_C(1000000000)

void
pass_begin(struct message *m)
{
	int64_t now_s = clock_wall_s();

	message_enter(m, MSG_ACTIVE);
	m->paused = false;
	for (uint32_t i = 0; i < m->n && m->count[RCPT_LATER] > 0; i++)
		if (m->rcpts[i].state == RCPT_LATER &&
		    patience_is_over(m, i, now_s))
			rcpt_enter(m, i, RCPT_NEW);
	message_ripe(m);
}

/* Its time in the file's mtime, before the name says that it counts. */
static void
set_time(struct message *m, int64_t next_s)
{
	int rc;

	if (m->is_log_open)
		rc = fs_fset_mtime(m->log_fd, next_s * NS_PER_S);
	else
		rc = fs_set_mtime(
		    m->q->queue.dirs[queue_dir(m->place, m->id)], m->id,
		    next_s * NS_PER_S);
	if (rc != 0)	/* then it is due at the next start: harmless */
		log_error(LF_STR("event", "time-not-set"), LF_STR("id", m->id),
		    LF_STR("why", strerror(errno)));
}

int
pass_park(struct message *m, int64_t next_s)
{
	struct qmgr *q = m->q;

	if (message_flush(m) != 0)
		return -1;
	set_time(m, next_s);
	if (m->place == QUEUE_INCOMING) {
		if (queue_move(&q->queue, m->id, QUEUE_INCOMING,
		    QUEUE_DEFERRED) == 0) {
			sync_moved(q->sync, queue_dir(QUEUE_DEFERRED, m->id));
			m->place = QUEUE_DEFERRED;
		} else	/* it waits where it is */
			log_error(LF_STR("event", "not-moved"),
			    LF_STR("id", m->id),
			    LF_STR("why", strerror(errno)));
	}
	waiting_add(q, m->id, m->place, next_s);
	message_enter(m, MSG_GONE);
	message_free(m);
	return 0;
}

/*
 * Everything about it is done.  The removal is not synced: if it is lost with
 * the power, the log (if there was more than one result) or nothing says so,
 * and the mail is delivered again.
 */
static void
finish(struct message *m)
{
	if (queue_remove(&m->q->queue, m->place, m->id) != 0) {
		log_error(LF_STR("event", "not-removed"), LF_STR("id", m->id),
		    LF_STR("why", strerror(errno)));
		/* Kept in memory, so that it is not delivered again. */
		return;
	}
	log_info(LF_STR("event", "removed"), LF_STR("id", m->id));
	ledger_count(m->q, m->count[RCPT_NEVER] == 0 ? LEDGER_DELIVERED :
	    m->expired ? LEDGER_EXPIRED : LEDGER_BOUNCED);
	message_enter(m, MSG_GONE);
	message_free(m);
}

static void
give_up(struct message *m, int64_t age_s)
{
	m->expired = true;
	for (uint32_t i = 0; i < m->n; i++)
		if (patience_is_spent(m, i, age_s))
			result_own(m, i, RESULT_NEVER, "4.4.7",
			    "delivery time expired");
}

static void
park(struct message *m, int64_t next_s)
{
	bool paused = m->paused;
	struct qmgr *q = m->q;
	char id[ID_SIZE];

	memcpy(id, m->id, ID_SIZE);
	(void)!pass_park(m, next_s);	/* flushed: cannot fail */
	if (paused)
		waiting_mark_paused(q->waiting, id);
}

/* Some are to be tried again: never more, first tell, or when? */
static void
wait_or_give_up(struct message *m)
{
	const struct retry_conf *c = &m->q->set.retry;
	bool bounce = m->from.n == 0;
	int64_t now_s = clock_wall_s(), age_s, left_s, next_s;
	struct queue_log l = { .kind = QUEUE_LOG_PASS };

	if (message_flush(m) != 0)
		return;		/* what is known must not be forgotten */
	/* Nobody's mail grows old because we were told not to try it. */
	age_s = m->paused ? m->age_s :
	    retry_age(c, m->age_s, m->age_at, now_s);
	next_s = patience_next(m, age_s, now_s, &left_s);
	if (next_s == 0 && !m->paused) {
		give_up(m, age_s);
		return;
	}
	if (!m->paused && retry_warn(c, age_s, m->warned, bounce)) {
		report_delay(m, left_s);
		return;
	}
	if (next_s == 0)	/* its time is over when the pause is */
		next_s = now_s + c->usual.max_s;
	m->age_s = age_s;
	m->age_at = now_s;
	patience_log(m, next_s);
	l.age_s = (uint64_t)age_s;
	l.next = (uint64_t)next_s;
	if (message_log(m, &l) == 0) {
		m->passes++;
		log_info(LF_STR("event", "waits"), LF_STR("id", m->id),
		    LF_NUM("rcpts", m->count[RCPT_LATER]),
		    LF_INT("for", next_s - now_s));
		park(m, next_s);
	}
}

/* No recipient is under way any more. */
static void
settle(struct message *m)
{
	for (uint32_t i = 0; i < m->n && m->count[RCPT_NEVER] > 0; i++)
		if (report_is_due(m, i, RCPT_NEVER)) {
			report_failures(m, i);
			return;
		}
	for (uint32_t i = 0; i < m->n && m->wishes != NULL; i++)
		if (report_is_due(m, i, RCPT_DONE) ||
		    report_is_due(m, i, RCPT_EXPANDED)) {
			report_success(m);
			return;
		}
	if (m->count[RCPT_LATER] > 0)
		wait_or_give_up(m);
	else
		finish(m);
}

static void
stop_account(struct message *m)
{
	for (uint32_t i = 0; i < m->n && m->count[RCPT_NEW] > 0; i++)
		if (m->rcpts[i].state == RCPT_NEW)
			result_paused(m, i);
}

void
pass_advance(struct message *m)
{
	if (m->state != MSG_ACTIVE)
		return;
	if (m->order != ORDER_NONE)
		job_withdraw(m);
	else if (m->count[RCPT_NEW] > 0 &&
	    pause_stops_account(m->q->pause, m->account))
		stop_account(m);
	if (m->count[RCPT_NEW] > 0)
		expand_message(m);
	/* All routes first: recipients of one place travel together. */
	if (m->count[RCPT_NEW] > 0 || m->count[RCPT_ASKED] > 0 ||
	    m->count[RCPT_SYNCING] > 0)
		return;
	if (m->count[RCPT_ROUTED] > 0)
		job_bundle(m);
	if (message_under_way(m) > 0 || m->syncs > 0 || m->jobs > 0 ||
	    !TAILQ_EMPTY(&m->helds))
		return;
	if (m->order != ORDER_NONE && m->count[RCPT_LATER] > 0)
		order_finish(m);
	else
		settle(m);
}
