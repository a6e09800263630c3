/*
 * load - see load.h.
 * Large files are checked a piece per turn of the loop.  The log is then
 * played back: it brings every recipient to the state in which it was left.
 * Damage never stops the rest of the queue, and nothing that is damaged is
 * removed: a file in corrupt/ is the operator's.
 */
#include "qmgr/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "qmgr/limits.h"
#include "qmgr/orphan.h"
#include "qmgr/replay.h"
#include "qmgr/sync.h"
#include "qmgr/waiting.h"

struct load {
	struct queue_check check;
	int fd;
};

/* Put a file aside that is not understood, and say so. */
static void
put_aside(struct qmgr *q, const char *id, enum queue_state place,
    const char *reason)
{
	log_error(LF_STR("event", "corrupt"), LF_STR("id", id),
	    LF_STR("place", queue_state_name(place)), LF_STR("why", reason));
	ledger_count(q, LEDGER_CORRUPT);
	if (queue_move(&q->queue, id, place, QUEUE_CORRUPT) == 0)
		sync_moved(q->sync, queue_dir(QUEUE_CORRUPT, id));
	else
		log_error(LF_STR("event", "corrupt-not-moved"),
		    LF_STR("id", id), LF_STR("why", strerror(errno)));
}

/* Never acknowledged to anybody: it is still the client's to send. */
static void
unfinished(struct qmgr *q, const char *id, enum queue_state place)
{
	if (place != QUEUE_INCOMING) {
		put_aside(q, id, place, "queue file: first line blank");
		return;
	}
	log_info(LF_STR("event", "unfinished"), LF_STR("id", id));
	ledger_count(q, LEDGER_UNFINISHED);
	if (queue_remove(&q->queue, place, id) != 0)
		log_error(LF_STR("event", "not-removed"), LF_STR("id", id),
		    LF_STR("why", strerror(errno)));
}

static void
trouble(struct qmgr *q, const char *id, enum queue_state place,
    const char *reason)
{
	log_error(LF_STR("event", "unreadable"), LF_STR("id", id),
	    LF_STR("why", reason));
	waiting_add(q, id, place, clock_wall_s() + RELOAD_S);
}

/* By whose hand, we cannot know; it was ours to keep. */
static void
vanished(struct qmgr *q, const char *id)
{
	log_error(LF_STR("event", "file-vanished"), LF_STR("id", id));
	ledger_count(q, LEDGER_VANISHED);
}

static void
begin_read(struct qmgr *q, const char *id, enum queue_state place, int fd)
{
	struct arena *a = arena_new(ENVELOPE_MEMORY);
	enum queue_got got;
	struct queue_head h;
	struct message *m;
	struct why why;

	got = queue_read_head(fd, a, &h, &why);
	if (got == QUEUE_GOT) {
		m = message_new(q, id, place, MSG_LOADING);
		if (m == NULL)
			bug("message %s loaded twice", id);
		m->load = xcalloc(1, sizeof(*m->load));
		m->load->fd = fd;
		message_fill(m, &h);
		queue_check_begin(&m->load->check, &h.first);
		TAILQ_INSERT_TAIL(&q->loading, m, loading);
		qmgr_wake(q);
	} else
		fd_close(&fd);
	arena_free(&a);
	if (got == QUEUE_UNFINISHED)
		unfinished(q, id, place);
	else if (got == QUEUE_DAMAGED)
		put_aside(q, id, place, why.text);
	else if (got == QUEUE_TROUBLE)
		trouble(q, id, place, why.text);
}

void
load_begin(struct qmgr *q, const char *id, enum queue_state place)
{
	int fd;

	if (message_find(q, id) != NULL)
		return;
	fd = queue_open_read(&q->queue, place, id);
	if (fd >= 0)
		begin_read(q, id, place, fd);
	else if (errno == EINVAL || errno == ELOOP)
		put_aside(q, id, place, "no regular file");
	else if (errno == ENOENT)
		vanished(q, id);
	else
		trouble(q, id, place, strerror(errno));
}

static void
finish(struct message *m, enum queue_checked got)
{
	struct qmgr *q = m->q;

	if (got == QUEUE_CHECK_GOOD && replay(m, m->load->fd) != 0)
		got = QUEUE_CHECK_TROUBLE;
	TAILQ_REMOVE(&q->loading, m, loading);
	message_keep_fd(m, m->load->fd);
	free(m->load);
	m->load = NULL;
	if (got == QUEUE_CHECK_GOOD) {
		m->recovered = true;
		orphan_gate(m);
		return;
	}
	if (got == QUEUE_CHECK_BAD)
		put_aside(q, m->id, m->place,
		    "queue file: the checksum does not hold");
	else
		trouble(q, m->id, m->place, "error reading the file");
	message_enter(m, MSG_GONE);
	message_free(m);
}

void
load_turn(struct qmgr *q)
{
	struct message *m;
	enum queue_checked got;

	for (int i = 0; i < LOAD_PER_TURN; i++) {
		m = TAILQ_FIRST(&q->loading);
		if (m == NULL)
			return;
		got = queue_check_step(&m->load->check, m->load->fd,
		    LOAD_STEP);
		if (got == QUEUE_CHECK_MORE)
			break;
		finish(m, got);
	}
	if (!TAILQ_EMPTY(&q->loading))
		qmgr_wake(q);
}
