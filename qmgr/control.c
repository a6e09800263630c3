/*
 * control - see control.h.
 * A list of many messages is made as fast as the operator reads it: what is
 * in the queue is copied first (ids only), then each message's line is made
 * when the line before it is through, from the head of its file.
 */
#include "qmgr/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/date.h"
#include "base/log.h"
#include "ipc/control.h"
#include "os/clock.h"
#include "os/fd.h"
#include "qmgr/limits.h"
#include "qmgr/message.h"
#include "qmgr/show.h"
#include "qmgr/waiting.h"
#include "queue/scan.h"

#define OUT_MAX		(2 * SHOW_MAX)
#define OUT_ENOUGH	(64 * KIB)	/* made ahead of the reader */
#define LINES_PER_TURN	100

struct control {
	size_t n;		/* connections */
};

struct talk {			/* with one operator */
	struct qmgr *q;
	int	     fd;
	struct event *writable;
	struct buf   out;
	int64_t	     until_ms;
	struct waiting_item *items;	/* queue-list */
	size_t	     n, size, at, all;
};

struct control *
control_new(void)
{
	return xcalloc(1, sizeof(struct control));
}

static void
talk_end(struct talk *t)
{
	t->q->control->n--;
	event_free(t->writable);
	fd_close(&t->fd);
	buf_fini(&t->out);
	free(t->items);
	free(t);
}

/* More lines, as long as there are any and the reader keeps up. */
static void
make_more(struct talk *t)
{
	for (int i = 0; i < LINES_PER_TURN && t->at < t->n &&
	    t->out.n < OUT_ENOUGH; i++, t->at++) {
		show_line(t->q, &t->items[t->at], &t->out);
		if (t->at + 1 == t->n)
			(void)buf_addf(&t->out, "-- %zu messages%s\n", t->all,
			    t->n < t->all ? " (not all listed)" : "");
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval patience = { .tv_sec = CONTROL_MS / 1000 };
	struct talk *t = arg;
	ssize_t n = -1;

	if ((what & EV_TIMEOUT) == 0 && clock_mono_ms() < t->until_ms) {
		make_more(t);
		n = fd_write(fd, t->out.p, t->out.n);
		if (n < 0 && errno == EAGAIN)
			n = 0;
	}
	if (n >= 0)
		buf_drop(&t->out, (size_t)n);
	if (n < 0 || (t->out.n == 0 && t->at == t->n) ||
	    event_add(t->writable, &patience) != 0)
		talk_end(t);
}

static void
item_add(struct talk *t, const char *id, enum queue_state place,
    int64_t next_s)
{
	struct waiting_item *i;

	t->all++;
	if (t->n >= LIST_MAX)
		return;
	if (t->n == t->size) {
		t->size = t->size > 0 ? t->size * 2 : 64;
		t->items = xreallocarray(t->items, t->size,
		    sizeof(t->items[0]));
	}
	i = &t->items[t->n++];
	memcpy(i->id, id, ID_SIZE);
	i->place = place;
	i->next_s = next_s;
}

static void
active_each(struct span key, void *value, void *ctx)
{
	const struct message *m = value;

	(void)key;
	if (m->state != MSG_COMMITTING && m->state != MSG_GONE)
		item_add(ctx, m->id, m->place, 0);
}

static void
hold_each(const char *id, int64_t next_s, void *ctx)
{
	(void)next_s;
	item_add(ctx, id, QUEUE_HOLD, 0);
}

static int
by_id(const void *a, const void *b)
{
	const struct waiting_item *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static void
list(struct talk *t)
{
	size_t most, n, all, foreign;

	hash_each(t->q->messages, active_each, t);
	most = LIST_MAX - t->n;
	n = waiting_count(t->q->waiting);
	n = n < most ? n : most;
	t->items = xreallocarray(t->items, t->n + n + 1, sizeof(t->items[0]));
	t->n += waiting_copy(t->q->waiting, t->items + t->n, n, &all);
	t->size = t->n + 1;
	t->all += all;
	if (queue_scan(&t->q->queue, QUEUE_HOLD, hold_each, t, &foreign) != 0)
		(void)buf_add_str(&t->out, "hold cannot be read\n");
	if (t->n == 0)
		(void)buf_add_str(&t->out, "-- the queue is empty\n");
	else
		qsort(t->items, t->n, sizeof(t->items[0]), by_id);
}

static void
answer(struct talk *t, const struct super_control *order)
{
	if (strcmp(order->verb, "queue-list") == 0) {
		list(t);
	} else if (strcmp(order->verb, "queue-show") == 0) {
		show_message(t->q, order->args, &t->out);
	} else if (strcmp(order->verb, "queue-flush") == 0) {
		schedule_revive(t->q->schedule);
		(void)buf_addf(&t->out, "%zu waiting messages are due now\n",
		    waiting_count(t->q->waiting));
		waiting_flush(t->q);
	} else
		(void)buf_add_str(&t->out, CONTROL_ERROR "no such order\n");
}

void
control_order(struct qmgr *q, const struct super_control *order, int fd)
{
	struct talk *t;

	if (q->control->n >= CONTROLS_MAX || fd_nonblock(fd, true) != 0) {
		fd_close(&fd);
		return;
	}
	log_info(LF_STR("event", "control"), LF_STR("verb", order->verb),
	    LF_STR("args", order->args[0] != '\0' ? order->args : NULL));
	t = xcalloc(1, sizeof(*t));
	t->q = q;
	t->fd = fd;
	t->until_ms = clock_deadline(CONTROL_MS * 10);
	buf_init(&t->out, OUT_MAX);
	t->writable = event_new(q->base, fd, EV_WRITE, on_writable, t);
	if (t->writable == NULL)
		die(EXIT_OSERR, "event_new failed");
	q->control->n++;
	answer(t, order);
	on_writable(fd, EV_WRITE, t);
}
