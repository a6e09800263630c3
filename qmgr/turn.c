/*
 * turn - see turn.h.
 */
#include "qmgr/turn.h"

#include "base/bug.h"
#include "os/clock.h"
#include "qmgr/dispatch.h"
#include "qmgr/expand.h"
#include "qmgr/limits.h"
#include "qmgr/load.h"
#include "qmgr/message.h"
#include "qmgr/orphan.h"
#include "qmgr/pass.h"
#include "qmgr/waiting.h"

#define ROUNDS		8	/* before others have their turn */
#define STUCK_EVERY	30	/* seconds */

void
qmgr_wake(struct qmgr *q)
{
	event_active(q->work, EV_TIMEOUT, 1);
}

bool
qmgr_room(const struct qmgr *q)
{
	return hash_count(q->messages) < q->set.active_max &&
	    q->rcpts < RCPTS_MAX / 2;
}

void
qmgr_new_id(struct qmgr *q, char id[ID_SIZE])
{
	id_make(&q->ids, clock_wall_us(), id);
}

static void
on_work(evutil_socket_t fd, short what, void *arg)
{
	struct qmgr *q = arg;
	struct message *m;

	(void)fd;
	(void)what;
	for (int i = 0; i < ROUNDS; i++) {
		load_turn(q);
		while ((m = TAILQ_FIRST(&q->ripe)) != NULL) {
			TAILQ_REMOVE(&q->ripe, m, ripe);
			m->is_ripe = false;
			pass_advance(m);
		}
		waiting_turn(q);
		expand_turn(q);
		dispatch_turn(q);
		if (TAILQ_EMPTY(&q->ripe))
			return;
	}
	qmgr_wake(q);
}

/* A disk that was full may have room again. */
static void
again_each(struct span key, void *value, void *ctx)
{
	struct message *m = value;

	(void)key;
	(void)ctx;
	if (m->state == MSG_ACTIVE && message_under_way(m) == 0)
		message_ripe(m);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	int64_t now_ms = clock_mono_ms();
	struct qmgr *q = arg;

	(void)fd;
	(void)what;
	waiting_tick(q);
	ledger_tick(q);
	orphan_tick(q, now_ms);
	expand_tick(q, now_ms);
	dispatch_tick(q, now_ms);
	schedule_sweep(q->schedule, now_ms);
	if (++q->seconds % STUCK_EVERY == 0)
		hash_each(q->messages, again_each, NULL);
	qmgr_wake(q);
}

void
turn_init(struct qmgr *q)
{
	const struct timeval second = { .tv_sec = 1 };

	q->work = event_new(q->base, -1, 0, on_work, q);
	q->second = event_new(q->base, -1, EV_PERSIST, on_second, q);
	if (q->work == NULL || q->second == NULL ||
	    event_add(q->second, &second) != 0)
		die(EXIT_OSERR, "event_new failed");
}

