/*
 * show - see show.h.
 * Read from the files: what an operator sees is what a restart would find.
 * Every foreign octet is quoted as in log lines.
 */
#include "qmgr/show.h"

#include <string.h>

#include "base/date.h"
#include "base/json.h"
#include "base/log.h"
#include "ipc/control.h"
#include "os/fd.h"
#include "os/fs.h"
#include "qmgr/limits.h"
#include "qmgr/message.h"

#define SHOW_RCPTS	20	/* in the line of a list: the first few */
#define REASONS_MAX	(16 * KIB)
#define NS_PER_S	INT64_C(1000000000)

static void
put_address(struct buf *out, struct span s)
{
	(void)buf_add_char(out, '<');	/* a full buffer ends the list */
	if (s.n > 0)
		log_quote(out, s);
	(void)buf_add_char(out, '>');
}

/* ------------------------------------------------------- what a file holds */

static struct show_error *
error_of(struct show *s, uint32_t index)
{
	for (size_t i = 0; i < s->nerrors; i++)
		if (s->errors[i].index == index)
			return &s->errors[i];
	return s->nerrors < SHOW_ERRORS ? &s->errors[s->nerrors++] : NULL;
}

/* The last word about each recipient counts. */
static void
on_log(const struct queue_log *l, void *ctx)
{
	struct show *s = ctx;
	struct show_error *e;

	if (l->kind != QUEUE_LOG_LATER && l->kind != QUEUE_LOG_NEVER &&
	    l->kind != QUEUE_LOG_DONE)
		return;
	e = error_of(s, l->index);
	if (e == NULL)
		return;
	*e = (struct show_error){ .index = l->index,
		.open = l->kind != QUEUE_LOG_DONE };
	if (!e->open)
		return;
	e->address = arena_span(s->arena, l->address);
	e->esc = arena_span(s->arena, l->esc);
	e->text = arena_span(s->arena, l->text);
}

static void
read_log(struct show *s, int fd)
{
	struct queue_tail tail;

	if (queue_each_log(fd, queue_first_end(&s->head.first), on_log, s,
	    &tail) != 0)
		s->nerrors = 0;
	for (size_t i = 0; i < s->nerrors; i++)
		if (s->errors[i].open)	/* what finds no room is not found */
			(void)!buf_addf(&s->reasons, "%.*s %.*s\n",
			    SPAN_ARG(s->errors[i].esc),
			    SPAN_ARG(s->errors[i].text));
}

bool
show_read(struct qmgr *q, const struct waiting_item *i, bool with_log,
    struct show *out)
{
	struct why why;
	int fd;

	memset(out, 0, sizeof(*out));
	fd = queue_open_read(&q->queue, i->place, i->id);
	if (fd < 0)
		return false;
	out->item = *i;
	out->active = message_find(q, i->id) != NULL;
	buf_init(&out->reasons, REASONS_MAX);
	out->arena = arena_new(ENVELOPE_MEMORY);
	out->known = queue_read_head(fd, out->arena, &out->head, &why) ==
	    QUEUE_GOT;
	if (out->known && with_log)
		read_log(out, fd);
	fd_close(&fd);
	return true;
}

void
show_fini(struct show *s)
{
	buf_fini(&s->reasons);
	arena_free(&s->arena);
}

void
show_facts(const struct show *s, struct queue_facts *out)
{
	*out = (struct queue_facts){ .id = s->item.id,
		.place = s->item.place, .active = s->active,
		.envelope = s->known ? &s->head.envelope : NULL,
		.message_octets = s->head.first.message_octets,
		.errors = buf_span(&s->reasons) };
}

/* ------------------------------------------------------------- in one line */

static const char *
state_of(const struct show *s)
{
	return s->active ? "active" : queue_state_name(s->item.place);
}

static void
put_time(struct buf *out, int64_t t)
{
	if (t > 0)
		date_iso(out, t);
	else
		(void)!buf_add_char(out, '-');
}

static void
put_text(const struct show *s, struct buf *out)
{
	const struct queue_envelope *e = &s->head.envelope;

	(void)!buf_addf(out, "%s %s ", s->item.id, state_of(s));
	put_time(out, e->time);
	(void)!buf_add_char(out, ' ');
	put_time(out, s->item.next_s);
	(void)!buf_addf(out, " %llu ",
	    (unsigned long long)s->head.first.message_octets);
	put_address(out, e->from);
	for (size_t i = 0; i < e->rcpts_n && i < SHOW_RCPTS; i++) {
		(void)!buf_add_char(out, ' ');
		log_quote(out, e->rcpts[i].address);
	}
	if (e->rcpts_n > SHOW_RCPTS)
		(void)!buf_addf(out, " and %zu more", e->rcpts_n - SHOW_RCPTS);
	for (size_t i = 0; i < s->nerrors; i++)
		if (s->errors[i].open) {
			(void)!buf_addf(out, " (%.*s ",
			    SPAN_ARG(s->errors[i].esc));
			log_quote(out, s->errors[i].text);
			(void)!buf_add_char(out, ')');
			break;
		}
}

static void
put_json_lists(const struct show *s, struct buf *out)
{
	const struct queue_envelope *e = &s->head.envelope;

	(void)!json_pair_u64(out, "recipient_count", e->rcpts_n);
	(void)!json_key(out, "recipients");
	(void)!buf_add_char(out, '[');
	for (size_t i = 0; i < e->rcpts_n && i < SHOW_RCPTS; i++) {
		if (i > 0)
			(void)!buf_add_char(out, ',');
		(void)!json_string(out, e->rcpts[i].address);
	}
	(void)!buf_add_char(out, ']');
	(void)!json_key(out, "errors");
	(void)!buf_add_char(out, '[');
	for (size_t i = 0, n = 0; i < s->nerrors; i++) {
		if (!s->errors[i].open)
			continue;
		(void)!buf_add_str(out, n++ > 0 ? ",{" : "{");
		(void)!json_pair(out, "recipient", s->errors[i].address);
		(void)!json_pair(out, "status", s->errors[i].esc);
		(void)!json_pair(out, "text", s->errors[i].text);
		(void)!buf_add_char(out, '}');
	}
	(void)!buf_add_char(out, ']');
}

static void
put_json(const struct show *s, struct buf *out)
{
	const struct queue_envelope *e = &s->head.envelope;

	(void)!buf_add_char(out, '{');
	(void)!json_pair(out, "id", span_str(s->item.id));
	(void)!json_pair(out, "state", span_str(state_of(s)));
	if (s->item.next_s > 0)
		(void)!json_pair_u64(out, "next", (uint64_t)s->item.next_s);
	if (s->known) {
		(void)!json_pair_u64(out, "arrival", (uint64_t)e->time);
		(void)!json_pair_u64(out, "size",
		    s->head.first.message_octets);
		(void)!json_pair(out, "sender", e->from);
		(void)!json_pair(out, "account", e->auth);
		(void)!json_pair(out, "client", e->client);
		put_json_lists(s, out);
	}
	(void)!buf_add_char(out, '}');
}

void
show_line(const struct show *s, bool json, struct buf *out)
{
	size_t start = out->n;

	if (json)
		put_json(s, out);
	else if (s->known)
		put_text(s, out);
	else
		(void)!buf_addf(out, "%s %s", s->item.id, state_of(s));
	(void)!buf_add_char(out, '\n');
	if (out->full) {	/* half a line is no line */
		buf_cut(out, start);
		out->full = false;
	}
}

/* ---------------------------------------------------------------- at length */

bool
show_find(struct qmgr *q, const char *id, struct waiting_item *out)
{
	struct fs_stat st;

	memcpy(out->id, id, ID_SIZE);
	for (out->place = QUEUE_INCOMING; out->place < QUEUE_NONE;
	    out->place++) {
		if (fs_stat(q->queue.dirs[queue_dir(out->place, id)], id,
		    &st) != 0 || st.kind != FS_FILE)
			continue;
		out->next_s = out->place == QUEUE_DEFERRED ?
		    st.mtime_ns / NS_PER_S : 0;
		return true;
	}
	return false;
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
	struct waiting_item i;
	struct queue_tail tail;
	struct queue_head h;
	struct arena *a;
	struct why why;
	int fd = -1;

	if (!id_valid(span_str(id))) {
		(void)!buf_add_str(out,
		    CONTROL_ERROR "that is no message id\n");
		return;
	}
	if (show_find(q, id, &i))
		fd = queue_open_read(&q->queue, i.place, id);
	if (fd < 0) {
		(void)!buf_add_str(out, CONTROL_ERROR
		    "no such message in the queue\n");
		return;
	}
	a = arena_new(ENVELOPE_MEMORY);
	(void)!buf_addf(out, "id %s\nstate %s%s\n", id,
	    queue_state_name(i.place),
	    message_find(q, id) != NULL ? ", active" : "");
	if (i.next_s > 0) {
		(void)!buf_add_str(out, "next ");
		date_iso(out, i.next_s);
		(void)!buf_add_char(out, '\n');
	}
	if (queue_read_head(fd, a, &h, &why) == QUEUE_GOT) {
		(void)!buf_addf(out, "size %llu\n",
		    (unsigned long long)h.first.message_octets);
		put_envelope(&h.envelope, out);
		if (queue_each_log(fd, queue_first_end(&h.first), put_log,
		    out, &tail) != 0)
			(void)!buf_add_str(out, "the log cannot be read\n");
	} else
		(void)!buf_add_str(out, i.place == QUEUE_INCOMING ?
		    "being received\n" : "the file is not understood\n");
	fd_close(&fd);
	arena_free(&a);
}
