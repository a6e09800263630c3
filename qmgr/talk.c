/*
 * talk - see talk.h.
 * A message may change between the copy and its turn: it is found anew by its
 * id before anything is done to it, and one that is gone has no line.
 */
#include "qmgr/talk.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/json.h"
#include "os/clock.h"
#include "os/fd.h"
#include "qmgr/limits.h"
#include "qmgr/show.h"
#include "queue/scan.h"

struct check {
	struct queue_check sum;
	int fd;
};

/* ----------------------------------------------------------- what is there */

static void
item_add(struct talk *t, const char *id, enum queue_state place,
    int64_t next_s)
{
	struct waiting_item *i;

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

static void
corrupt_each(const char *id, int64_t next_s, void *ctx)
{
	(void)next_s;
	item_add(ctx, id, QUEUE_CORRUPT, 0);
}

static int
by_id(const void *a, const void *b)
{
	const struct waiting_item *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Those put aside are listed, and dropped by name or state alone. */
static bool
wants_corrupt(const struct talk *t)
{
	return t->order == ORDER_NONE || t->select.id[0] != '\0' ||
	    (t->select.by_state && t->select.state == QUEUE_CORRUPT);
}

void
talk_collect(struct talk *t)
{
	struct qmgr *q = t->q;
	struct waiting_item one;
	size_t n = waiting_count(q->waiting), all, foreign;

	if (t->select.id[0] != '\0') {
		if (show_find(q, t->select.id, &one))
			item_add(t, one.id, one.place, one.next_s);
		return;
	}
	hash_each(q->messages, active_each, t);
	t->size = t->n + n + 1;
	t->items = xreallocarray(t->items, t->size, sizeof(t->items[0]));
	t->n += waiting_copy(q->waiting, t->items + t->n, n, &all);
	/* A directory that cannot be read has no messages to list. */
	(void)!queue_scan(&q->queue, QUEUE_HOLD, hold_each, t, &foreign);
	if (wants_corrupt(t))
		(void)!queue_scan(&q->queue, QUEUE_CORRUPT, corrupt_each, t,
		    &foreign);
	if (t->n > 0)
		qsort(t->items, t->n, sizeof(t->items[0]), by_id);
}

/* -------------------------------------------------------------- one message */

static void
put_done(const struct talk *t, const char *id, enum order_result how,
    struct buf *out)
{
	static const char *const words[] = {
		[ORDER_DONE] = "done", [ORDER_SOON] = "soon",
		[ORDER_NOT] = "not", [ORDER_FAILED] = "failed",
	};
	static const char *const sentences[] = {
		[ORDER_DONE] = "done",
		[ORDER_SOON] = "when its deliveries under way have ended",
		[ORDER_NOT] = "not in a state for that",
		[ORDER_FAILED] = "failed, see the log",
	};

	if (t->json) {
		(void)!buf_add_char(out, '{');
		(void)!json_pair(out, "id", span_str(id));
		(void)!json_pair(out, "order",
		    span_str(order_name(t->order)));
		(void)!json_pair(out, "result", span_str(words[how]));
		(void)!buf_add_str(out, "}\n");
	} else
		(void)!buf_addf(out, "%s %s: %s\n", id,
		    order_name(t->order), sentences[how]);
}

static void
act(struct talk *t, const struct waiting_item *i, struct buf *out)
{
	enum order_result how = order_apply(t->q, i, t->order);

	t->done += how == ORDER_DONE;
	t->soon += how == ORDER_SOON;
	t->failed += how == ORDER_FAILED || how == ORDER_NOT;
	put_done(t, i->id, how, out);
}

static void
put_fault(const struct talk *t, const struct waiting_item *i,
    const char *what, struct buf *out)
{
	if (t->json) {
		(void)!buf_add_char(out, '{');
		(void)!json_pair(out, "id", span_str(i->id));
		(void)!json_pair(out, "fault", span_str(what));
		(void)!buf_add_str(out, "}\n");
	} else
		(void)!buf_addf(out, "%s %s: %s\n", i->id,
		    queue_state_name(i->place), what);
}

static void
check_end(struct talk *t, const char *fault, struct buf *out)
{
	if (fault != NULL) {
		t->failed++;
		put_fault(t, &t->items[t->at], fault, out);
	}
	fd_close(&t->checking->fd);
	free(t->checking);
	t->checking = NULL;
	t->at++;
}

/* The next piece of a file; a fault is mended when its turn comes (load.c). */
static void
check_on(struct talk *t, struct buf *out)
{
	switch (queue_check_step(&t->checking->sum, t->checking->fd,
	    LOAD_STEP)) {
	case QUEUE_CHECK_MORE:
		return;
	case QUEUE_CHECK_GOOD:
		check_end(t, NULL, out);
		return;
	case QUEUE_CHECK_BAD:
		check_end(t, "the checksum does not hold", out);
		return;
	case QUEUE_CHECK_TROUBLE:
		check_end(t, "cannot be read", out);
		return;
	}
}

static void
check_begin(struct talk *t, const struct show *s, struct buf *out)
{
	const struct waiting_item *i = &t->items[t->at];
	int fd = queue_open_read(&t->q->queue, i->place, i->id);

	t->matched++;
	if (!s->known || fd < 0) {
		if (fd >= 0) {
			t->failed++;
			put_fault(t, i, "is not understood", out);
		}
		fd_close(&fd);
		t->at++;
		return;
	}
	t->checking = xcalloc(1, sizeof(*t->checking));
	t->checking->fd = fd;
	queue_check_begin(&t->checking->sum, &s->head.first);
}

void
talk_step(struct talk *t, struct buf *out)
{
	bool with_log = t->select.text[SELECT_ERROR].given || t->order ==
	    ORDER_NONE || t->dry_run;
	struct waiting_item i = t->items[t->at];
	struct queue_facts facts;
	struct show s;

	if (t->checking != NULL) {
		check_on(t, out);
		return;
	}
	if (!show_read(t->q, &i, with_log && !t->check, &s) &&
	    (!show_find(t->q, i.id, &i) || !show_read(t->q, &i,
	    with_log && !t->check, &s))) {
		t->at++;
		return;		/* gone */
	}
	show_facts(&s, &facts);
	if (t->check) {
		check_begin(t, &s, out);
	} else {
		t->at++;
		if (queue_select_match(&t->select, &facts, clock_wall_s())) {
			t->matched++;
			if (t->order == ORDER_NONE || t->dry_run)
				show_line(&s, t->json, out);
			else
				act(t, &i, out);
		}
	}
	show_fini(&s);
}

void
talk_sum(struct talk *t, struct buf *out)
{
	if (t->json)
		return;		/* every line is a message */
	if (t->check)
		(void)!buf_addf(out, "-- %zu files, %zu with a fault\n",
		    t->matched, t->failed);
	else if (t->order == ORDER_NONE && t->matched == 0)
		(void)!buf_add_str(out, t->select.given > 0 ?
		    "-- no such message\n" : "-- the queue is empty\n");
	else if (t->order == ORDER_NONE)
		(void)!buf_addf(out, "-- %zu messages\n", t->matched);
	else if (t->dry_run)
		(void)!buf_addf(out, "-- %s: %zu messages would be meant\n",
		    order_name(t->order), t->matched);
	else
		(void)!buf_addf(out, "-- %s: %zu messages, %zu done, %zu "
		    "soon, %zu not\n", order_name(t->order), t->matched,
		    t->done, t->soon, t->failed);
}

void
talk_fini(struct talk *t)
{
	if (t->checking != NULL)
		fd_close(&t->checking->fd);
	free(t->checking);
	free(t->items);
}
