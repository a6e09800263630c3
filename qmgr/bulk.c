/*
 * bulk - see bulk.h.
 * A message may change between the copy and its turn: it is found anew by its
 * id before anything is done to it, and one that is gone has no line.
 */
#include "qmgr/bulk.h"

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
item_add(struct bulk *b, const char *id, enum queue_state place,
    int64_t next_s)
{
	struct waiting_item *i;

	if (b->n == b->size) {
		b->size = b->size > 0 ? b->size * 2 : 64;
		b->items = xreallocarray(b->items, b->size,
		    sizeof(b->items[0]));
	}
	i = &b->items[b->n++];
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
wants_corrupt(const struct bulk *b)
{
	return b->order == ORDER_NONE || b->select.id[0] != '\0' ||
	    (b->select.by_state && b->select.state == QUEUE_CORRUPT);
}

void
bulk_collect(struct bulk *b)
{
	struct qmgr *q = b->q;
	struct waiting_item one;
	size_t n = waiting_count(q->waiting), all, foreign;

	if (b->select.id[0] != '\0') {
		if (show_find(q, b->select.id, &one))
			item_add(b, one.id, one.place, one.next_s);
		return;
	}
	hash_each(q->messages, active_each, b);
	b->size = b->n + n + 1;
	b->items = xreallocarray(b->items, b->size, sizeof(b->items[0]));
	b->n += waiting_copy(q->waiting, b->items + b->n, n, &all);
	/* A directory that cannot be read has no messages to list. */
	(void)!queue_scan(&q->queue, QUEUE_HOLD, hold_each, b, &foreign);
	if (wants_corrupt(b))
		(void)!queue_scan(&q->queue, QUEUE_CORRUPT, corrupt_each, b,
		    &foreign);
	if (b->n > 0)
		qsort(b->items, b->n, sizeof(b->items[0]), by_id);
}

/* -------------------------------------------------------------- one message */

static void
put_done(const struct bulk *b, const char *id, enum order_result how,
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

	if (b->json) {
		(void)!buf_add_char(out, '{');
		(void)!json_pair(out, "id", span_str(id));
		(void)!json_pair(out, "order",
		    span_str(order_name(b->order)));
		(void)!json_pair(out, "result", span_str(words[how]));
		(void)!buf_add_str(out, "}\n");
	} else
		(void)!buf_addf(out, "%s %s: %s\n", id,
		    order_name(b->order), sentences[how]);
}

static void
act(struct bulk *b, const struct waiting_item *i, struct buf *out)
{
	enum order_result how = order_apply(b->q, i, b->order);

	b->done += how == ORDER_DONE;
	b->soon += how == ORDER_SOON;
	b->failed += how == ORDER_FAILED || how == ORDER_NOT;
	put_done(b, i->id, how, out);
}

static void
put_fault(const struct bulk *b, const struct waiting_item *i,
    const char *what, struct buf *out)
{
	if (b->json) {
		(void)!buf_add_char(out, '{');
		(void)!json_pair(out, "id", span_str(i->id));
		(void)!json_pair(out, "fault", span_str(what));
		(void)!buf_add_str(out, "}\n");
	} else
		(void)!buf_addf(out, "%s %s: %s\n", i->id,
		    queue_state_name(i->place), what);
}

static void
check_end(struct bulk *b, const char *fault, struct buf *out)
{
	if (fault != NULL) {
		b->failed++;
		put_fault(b, &b->items[b->at], fault, out);
	}
	fd_close(&b->checking->fd);
	free(b->checking);
	b->checking = NULL;
	b->at++;
}

/* The next piece of a file; a fault is mended when its turn comes (load.c). */
static void
check_on(struct bulk *b, struct buf *out)
{
	switch (queue_check_step(&b->checking->sum, b->checking->fd,
	    LOAD_STEP)) {
	case QUEUE_CHECK_MORE:
		return;
	case QUEUE_CHECK_GOOD:
		check_end(b, NULL, out);
		return;
	case QUEUE_CHECK_BAD:
		check_end(b, "the checksum does not hold", out);
		return;
	case QUEUE_CHECK_TROUBLE:
		check_end(b, "cannot be read", out);
		return;
	}
}

static void
check_begin(struct bulk *b, const struct show *s, struct buf *out)
{
	const struct waiting_item *i = &b->items[b->at];
	int fd = queue_open_read(&b->q->queue, i->place, i->id);

	b->matched++;
	if (!s->known || fd < 0) {
		if (fd >= 0) {
			b->failed++;
			put_fault(b, i, "is not understood", out);
		}
		fd_close(&fd);
		b->at++;
		return;
	}
	b->checking = xcalloc(1, sizeof(*b->checking));
	b->checking->fd = fd;
	queue_check_begin(&b->checking->sum, &s->head.first);
}

/* Its file, and its log where that is asked for; false: it is gone. */
static bool
look_at(const struct bulk *b, struct waiting_item *i, struct show *s)
{
	bool with_log = !b->check && (b->order == ORDER_NONE || b->dry_run ||
	    b->select.text[SELECT_ERROR].given);

	return show_read(b->q, i, with_log, s) ||
	    (show_find(b->q, i->id, i) && show_read(b->q, i, with_log, s));
}

static void
list_or_act(struct bulk *b, const struct waiting_item *i,
    const struct show *s, struct buf *out)
{
	struct queue_facts facts;

	b->at++;
	show_facts(s, &facts);
	if (!queue_select_match(&b->select, &facts, clock_wall_s()))
		return;
	b->matched++;
	if (b->order == ORDER_NONE || b->dry_run)
		show_line(s, b->json, out);
	else
		act(b, i, out);
}

void
bulk_step(struct bulk *b, struct buf *out)
{
	struct waiting_item i = b->items[b->at];
	struct show s;

	if (b->checking != NULL) {
		check_on(b, out);
		return;
	}
	if (!look_at(b, &i, &s)) {
		b->at++;
		return;
	}
	if (b->check)
		check_begin(b, &s, out);
	else
		list_or_act(b, &i, &s, out);
	show_fini(&s);
}

void
bulk_sum(struct bulk *b, struct buf *out)
{
	if (b->json)
		return;		/* every line is a message */
	if (b->check)
		(void)!buf_addf(out, "-- %zu files, %zu with a fault\n",
		    b->matched, b->failed);
	else if (b->order == ORDER_NONE && b->matched == 0)
		(void)!buf_add_str(out, b->select.given > 0 ?
		    "-- no such message\n" : "-- the queue is empty\n");
	else if (b->order == ORDER_NONE)
		(void)!buf_addf(out, "-- %zu messages\n", b->matched);
	else if (b->dry_run)
		(void)!buf_addf(out, "-- %s: %zu messages would be meant\n",
		    order_name(b->order), b->matched);
	else
		(void)!buf_addf(out, "-- %s: %zu messages, %zu done, %zu "
		    "soon, %zu not\n", order_name(b->order), b->matched,
		    b->done, b->soon, b->failed);
}

void
bulk_fini(struct bulk *b)
{
	if (b->checking != NULL)
		fd_close(&b->checking->fd);
	free(b->checking);
	free(b->items);
}
