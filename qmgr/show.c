/*
 * show - see show.h.
 * Read from the files: what an operator sees is what a restart would find.
 * Every foreign octet is quoted as in log lines.
 */
#include "qmgr/show.h"

#include "base/date.h"
#include "base/log.h"
#include "ipc/control.h"
#include "os/fd.h"
#include "os/fs.h"
#include "qmgr/limits.h"
#include "qmgr/message.h"

#define SHOW_RCPTS	20	/* in the line of a list: the first few */
#define NS_PER_S	INT64_C(1000000000)

static void
put_address(struct buf *out, struct span s)
{
	(void)buf_add_char(out, '<');	/* a full buffer ends the list */
	if (s.n > 0)
		log_quote(out, s);
	(void)buf_add_char(out, '>');
}

static void
put_head(const struct queue_head *h, struct buf *out)
{
	const struct queue_envelope *e = &h->envelope;

	(void)buf_addf(out, " %llu ",
	    (unsigned long long)h->first.message_octets);
	put_address(out, e->from);
	for (size_t i = 0; i < e->rcpts_n && i < SHOW_RCPTS; i++) {
		(void)buf_add_char(out, ' ');
		log_quote(out, e->rcpts[i].address);
	}
	if (e->rcpts_n > SHOW_RCPTS)
		(void)buf_addf(out, " and %zu more", e->rcpts_n - SHOW_RCPTS);
}

void
show_line(struct qmgr *q, const struct waiting_item *i, struct buf *out)
{
	struct arena *a = arena_new(ENVELOPE_MEMORY);
	enum queue_got got = QUEUE_TROUBLE;
	struct queue_head h;
	struct why why;
	int fd;

	fd = queue_open_read(&q->queue, i->place, i->id);
	if (fd >= 0)
		got = queue_read_head(fd, a, &h, &why);
	if (got == QUEUE_GOT) {
		(void)buf_addf(out, "%s %s ", i->id,
		    message_find(q, i->id) != NULL ? "active" :
		    queue_state_name(i->place));
		date_iso(out, h.envelope.time);
		(void)buf_add_char(out, ' ');
		if (i->next_s > 0)
			date_iso(out, i->next_s);
		else
			(void)buf_add_char(out, '-');
		put_head(&h, out);
		(void)buf_add_char(out, '\n');
	}
	fd_close(&fd);
	arena_free(&a);
}

/* In whichever directory it is now; -1: in none. */
static int
open_anywhere(struct qmgr *q, const char *id, enum queue_state *place)
{
	static const enum queue_state all[] = { QUEUE_INCOMING,
		QUEUE_DEFERRED, QUEUE_HOLD, QUEUE_CORRUPT };
	int fd = -1;

	for (size_t i = 0; i < COUNT(all) && fd < 0; i++) {
		*place = all[i];
		fd = queue_open_read(&q->queue, all[i], id);
	}
	return fd;
}

static void
put_envelope(const struct queue_envelope *e, struct buf *out)
{
	const struct { const char *key; struct span value; } fields[] = {
		{ "client", e->client }, { "helo", e->helo },
		{ "auth", e->auth },
	};

	(void)buf_add_str(out, "from ");
	put_address(out, e->from);
	(void)buf_add_str(out, "\ntime ");
	date_iso(out, e->time);
	(void)buf_add_char(out, '\n');
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (fields[i].value.n == 0)
			continue;
		(void)buf_addf(out, "%s ", fields[i].key);
		log_quote(out, fields[i].value);
		(void)buf_add_char(out, '\n');
	}
	for (size_t i = 0; i < e->rcpts_n && out->n < SHOW_MAX / 2; i++) {
		(void)buf_addf(out, "rcpt %zu ", i);
		put_address(out, e->rcpts[i].address);
		(void)buf_add_char(out, '\n');
	}
}

static void
put_log(const struct queue_log *l, void *ctx)
{
	struct buf *out = ctx;

	/* As it stands there; a line too many is left out. */
	if (out->n < SHOW_MAX && queue_log_put(out, l) != 0)
		return;
}

void
show_message(struct qmgr *q, const char *id, struct buf *out)
{
	struct arena *a;
	enum queue_state place;
	struct queue_tail tail;
	struct queue_head h;
	struct fs_stat st;
	struct why why;
	int fd;

	if (!id_valid(span_str(id))) {
		(void)buf_add_str(out, CONTROL_ERROR "that is no message id\n");
		return;
	}
	fd = open_anywhere(q, id, &place);
	if (fd < 0) {
		(void)buf_add_str(out, CONTROL_ERROR
		    "no such message in the queue\n");
		return;
	}
	a = arena_new(ENVELOPE_MEMORY);
	(void)buf_addf(out, "id %s\nstate %s%s\n", id, queue_state_name(place),
	    message_find(q, id) != NULL ? ", active" : "");
	if (place == QUEUE_DEFERRED && fs_fstat(fd, &st) == 0) {
		(void)buf_add_str(out, "next ");
		date_iso(out, st.mtime_ns / NS_PER_S);
		(void)buf_add_char(out, '\n');
	}
	if (queue_read_head(fd, a, &h, &why) == QUEUE_GOT) {
		(void)buf_addf(out, "size %llu\n",
		    (unsigned long long)h.first.message_octets);
		put_envelope(&h.envelope, out);
		if (queue_each_log(fd, queue_first_end(&h.first), put_log,
		    out, &tail) != 0)
			(void)buf_add_str(out, "the log cannot be read\n");
	} else
		(void)buf_add_str(out, place == QUEUE_INCOMING ?
		    "being received\n" : "the file is not understood\n");
	fd_close(&fd);
	arena_free(&a);
}
