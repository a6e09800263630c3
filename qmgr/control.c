/*
 * control - see control.h.
 * Answers are made as fast as the operator reads them, and what an order
 * changes is changed in small steps, so that neither a slow terminal nor a
 * million messages stop the mail.
 */
#include "qmgr/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "ipc/control.h"
#include "ipc/msg_queue.h"
#include "os/clock.h"
#include "os/fd.h"
#include "qmgr/bulk.h"
#include "qmgr/explain.h"
#include "qmgr/job.h"
#include "qmgr/ledger.h"
#include "qmgr/limits.h"
#include "qmgr/order.h"
#include "qmgr/pause.h"
#include "qmgr/show.h"

#define OUT_MAX		(2 * SHOW_MAX)
#define OUT_ENOUGH	(64 * KIB)	/* made ahead of the reader */
#define STEPS_PER_TURN	100

struct control {
	size_t n;		/* connections of operators */
	size_t mines;		/* of other users */
};

struct caller {			/* one operator */
	struct qmgr *q;
	int	     fd;
	struct event *writable;
	struct buf   out;
	int64_t	     until_ms;
	struct bulk  bulk;
	bool	     more;		/* of the bulk is to come */
	size_t	    *counted;	/* where this one is */
};

struct control *
control_new(void)
{
	return xcalloc(1, sizeof(struct control));
}

static void
caller_end(struct caller *c)
{
	(*c->counted)--;
	event_free(c->writable);
	fd_close(&c->fd);
	buf_fini(&c->out);
	bulk_fini(&c->bulk);
	free(c);
}

static void
make_more(struct caller *c)
{
	struct bulk *b = &c->bulk;

	for (int i = 0; i < STEPS_PER_TURN && b->at < b->n &&
	    c->out.n < OUT_ENOUGH; i++) {
		bulk_step(b, &c->out);
		if (b->checking != NULL)
			break;		/* a large file: others come first */
	}
	if (b->at == b->n && c->more) {
		c->more = false;
		bulk_sum(b, &c->out);
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval patience = { .tv_sec = CONTROL_MS / 1000 };
	struct caller *c = arg;
	ssize_t n = -1;

	if ((what & EV_TIMEOUT) == 0 && clock_mono_ms() < c->until_ms) {
		make_more(c);
		n = c->out.n == 0 ? 0 : fd_write(fd, c->out.p, c->out.n);
		if (n < 0 && errno == EAGAIN)
			n = 0;
	}
	if (n >= 0)
		buf_drop(&c->out, (size_t)n);
	if (n < 0 || (c->out.n == 0 && !c->more) ||
	    event_add(c->writable, &patience) != 0)
		caller_end(c);
}

/* -------------------------------------------------------------------- words */

static int
read_words(struct bulk *b, struct span words, struct why *why)
{
	struct span word;

	queue_select_init(&b->select);
	while ((word = span_word(&words)).n > 0) {
		if (span_eq_str(word, "json"))
			b->json = true;
		else if (span_eq_str(word, "dry-run"))
			b->dry_run = true;
		else if (span_eq_str(word, "all"))
			b->all = true;
		else switch (queue_select_add(&b->select, word, why)) {
		case 0:
			break;
		case 1:
			why_set(why, WHY_PERM, "5.3.0", "%.*s: no such word",
			    SPAN_ARG(span_head(word, 64)));
			return -1;
		default:
			return -1;
		}
	}
	return 0;
}

/* A slip of the finger must not empty a queue. */
static int
meant(const struct bulk *b, struct why *why)
{
	if (b->order == ORDER_NONE || b->order == ORDER_FLUSH ||
	    b->all || b->select.given > 0)
		return 0;
	why_set(why, WHY_PERM, "5.3.0", "which messages? ids, "
	    "selectors like --sender, or --all");
	return -1;
}

/* "Now" means that a host's silence of a short while ago is forgotten: else the
 * messages would be put off again, unsent and for longer. */
static bool
means_now(const struct bulk *b)
{
	return !b->dry_run && (b->order == ORDER_RELEASE ||
	    b->order == ORDER_REQUEUE || b->order == ORDER_FLUSH);
}

static int
begin_bulk(struct caller *c, const char *args, struct why *why)
{
	if (read_words(&c->bulk, span_str(args), why) != 0 ||
	    meant(&c->bulk, why) != 0)
		return -1;
	if (means_now(&c->bulk))
		schedule_revive(c->q->schedule);
	c->more = true;
	bulk_collect(&c->bulk);
	return 0;
}

/* ------------------------------------------------------------------- orders */

static int
do_bulk(struct caller *c, const char *args, struct why *why)
{
	return begin_bulk(c, args, why);
}

static int
do_fsck(struct caller *c, const char *args, struct why *why)
{
	c->bulk.check = true;
	ledger_compare(c->q);
	return begin_bulk(c, args, why);
}

static int
do_show(struct caller *c, const char *args, struct why *why)
{
	(void)why;
	show_message(c->q, args, &c->out);
	return 0;
}

static int
do_stats(struct caller *c, const char *args, struct why *why)
{
	if (read_words(&c->bulk, span_str(args), why) != 0)
		return -1;
	ledger_show(c->q, c->bulk.json, &c->out);
	return 0;
}

/* All of it at once is one order, however many wait. */
static int
do_flush(struct caller *c, const char *args, struct why *why)
{
	if (*args != '\0')
		return begin_bulk(c, args, why);
	schedule_revive(c->q->schedule);
	(void)!buf_addf(&c->out, "%zu waiting messages are due now\n",
	    waiting_count(c->q->waiting));
	waiting_flush(c->q);
	return 0;
}

static int
do_pause(struct caller *c, const char *args, struct why *why)
{
	if (*args == '\0') {
		pause_show(c->q->pause, &c->out);
		(void)!buf_addf(&c->out, "-- %zu paused\n",
		    pause_count(c->q->pause));
		return 0;
	}
	if (pause_set(c->q, span_str(args), true, why) != 0)
		return -1;
	job_pause(c->q);
	(void)!buf_addf(&c->out, "%s is paused\n", args);
	return 0;
}

static int
do_resume(struct caller *c, const char *args, struct why *why)
{
	if (pause_set(c->q, span_str(args), false, why) != 0)
		return -1;
	waiting_resume(c->q);
	(void)!buf_addf(&c->out, "%s is resumed\n", args);
	return 0;
}

static int
do_explain(struct caller *c, const char *args, struct why *why)
{
	return explain(&c->q->set.retry, service_conf(), args, &c->out, why);
}

static const struct {
	const char *verb;	/* behind "queue-" */
	int (*run)(struct caller *c, const char *args, struct why *why);
} verbs[] = {
	{ "list", do_bulk }, { "show", do_show }, { "stats", do_stats },
	{ "fsck", do_fsck }, { "hold", do_bulk }, { "release", do_bulk },
	{ "requeue", do_bulk }, { "drop", do_bulk }, { "flush", do_flush },
	{ "pause", do_pause }, { "resume", do_resume },
	{ "explain", do_explain },
};

static void
answer(struct caller *c, const struct super_control *order)
{
	struct span rest = span_str(order->verb);
	struct why why = { .text = "no such order" };
	int rc = -1;

	(void)span_cut(&rest, '-');
	c->bulk.order = order_parse(rest);
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (span_eq_str(rest, verbs[i].verb))
			rc = verbs[i].run(c, order->args, &why);
	if (rc != 0)
		(void)!buf_addf(&c->out, CONTROL_ERROR "%s\n", why.text);
}

/* NULL: too many; fd is closed then. */
static struct caller *
caller_new(struct qmgr *q, int fd, size_t *counted, size_t most)
{
	struct caller *c;

	if (*counted >= most || fd_nonblock(fd, true) != 0) {
		fd_close(&fd);
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->q = c->bulk.q = q;
	c->fd = fd;
	c->until_ms = clock_deadline(CONTROL_MS * 10);
	buf_init(&c->out, OUT_MAX);
	c->writable = event_new(q->base, fd, EV_WRITE, on_writable, c);
	if (c->writable == NULL)
		die(EXIT_OSERR, "event_new failed");
	c->counted = counted;
	(*counted)++;
	return c;
}

void
control_order(struct qmgr *q, const struct super_control *order, int fd)
{
	struct caller *c = caller_new(q, fd, &q->control->n, CONTROLS_MAX);

	if (c == NULL)
		return;
	log_info(LF_STR("event", "control"), LF_STR("verb", order->verb),
	    LF_STR("args", order->args[0] != '\0' ? order->args : NULL));
	answer(c, order);
	on_writable(fd, EV_WRITE, c);
}

enum verdict
control_on_mine(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct queue_mine *m = msg->body;
	struct qmgr *q = ctx;
	int fd = *msg->fd;
	struct caller *c;
	char words[32];
	struct why why;

	(void)peer;
	*msg->fd = -1;
	c = caller_new(q, fd, &q->control->mines, MINES_MAX);
	if (c == NULL)
		return VERDICT_OK;
	log_debug(LF_STR("event", "control"), LF_STR("verb", "mine"),
	    LF_NUM("uid", m->uid));
	(void)snprintf(words, sizeof(words), "account=uid:%u",
	    (unsigned)m->uid);
	c->bulk.order = ORDER_NONE;	/* a list */
	if (begin_bulk(c, words, &why) != 0)
		(void)!buf_addf(&c->out, CONTROL_ERROR "%s\n", why.text);
	on_writable(fd, EV_WRITE, c);
	return VERDICT_OK;
}
