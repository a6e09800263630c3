/*
 * report_text - see report_text.h.
 * Memory holds no diagnostics: they are read from the log of the file, the
 * last line of each recipient.  The header of the message is returned as the
 * octets up to the first empty line; qmgr never parses it.
 */
#include "qmgr/report_text.h"

#include <stdlib.h>

#include "base/bug.h"
#include "mail/dsn.h"
#include "os/clock.h"
#include "os/fd.h"
#include "qmgr/limits.h"

/*
 * What the last line said of one recipient.  Of a fixed size: a host that
 * finds new words for each delay must not use up what others need.
 */
struct words {
	char esc[WHY_ESC_SIZE], text[512], remote[256];
};

struct gather {
	const struct report_text *t;
	struct dsn_recipient *out;
	struct words *words;
};

static struct span
keep(char *out, size_t size, struct span s)
{
	span_copy_cut(s, out, size);
	return span_str(out);
}

static int
find(const struct report_text *t, uint32_t i)
{
	uint32_t lo = 0, hi = t->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->rcpts[mid] == i)
			return (int)mid;
		if (t->rcpts[mid] < i)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

static void
each(const struct queue_log *l, void *ctx)
{
	struct gather *g = ctx;
	struct span remote = l->remote;
	struct dsn_recipient *r;
	struct words *w;
	int k;

	if (l->kind != QUEUE_LOG_LATER && l->kind != QUEUE_LOG_NEVER)
		return;
	k = find(g->t, l->index);
	if (k < 0)
		return;
	r = &g->out[k];
	w = &g->words[k];
	r->status = keep(w->esc, sizeof(w->esc), l->esc);
	r->last_attempt = l->time;
	/* At the end of its time, what hindered it says more than the time. */
	if (span_eq_str(l->esc, "4.4.7") && r->diagnostic.n > 0)
		return;
	r->diagnostic = keep(w->text, sizeof(w->text), l->text);
	r->by_smtp = remote.n > 0;
	r->remote_mta = keep(w->remote, sizeof(w->remote), span_word(&remote));
}

/* Up to and without the first empty line, or the last whole line. */
static struct span
header_of(struct span s)
{
	size_t crlf = span_find(s, SPAN_LIT("\r\n\r\n"));

	if (crlf < s.n)
		return span_head(s, crlf + 2);
	return span_head(s, span_has(s, '\n') ? span_rchr(s, '\n') + 1 : 0);
}

static int
write_dsn(const struct report_text *t, struct dsn_recipient *rcpts,
    struct span text, struct buf *out)
{
	const struct message *m = t->m;
	int64_t now_s = clock_wall_s();
	struct dsn d = {
		.host = span_str(m->q->set.hostname), .to = t->to,
		.queue_id = span_str(m->id), .unique = span_str(t->id),
		.arrival = m->arrival, .now = now_s,
		.zone_minutes = clock_zone_minutes(now_s),
		.rcpts = rcpts, .rcpts_n = t->n,
		.header = header_of(text), .header_max = REPORT_HEADER_MAX,
	};

	return dsn_write(out, &d);
}

/* Recipients as the report names them, before their diagnostics. */
static void
name(const struct report_text *t, struct arena *a, struct dsn_recipient *out)
{
	const struct message *m = t->m;

	for (uint32_t k = 0; k < t->n; k++) {
		const struct rcpt *r = &m->rcpts[t->rcpts[k]];
		struct span first = m->rcpts[r->root].address;
		struct buf b;

		out[k] = (struct dsn_recipient){
			.final = r->to,
			.action = t->delayed ? DSN_DELAYED : DSN_FAILED,
			.retry_until = t->until_s,
		};
		if (span_eq(first, r->to))
			continue;
		/* The sender knows the address that it wrote. */
		buf_init(&b, KIB);
		(void)buf_add_str(&b, "rfc822;");	/* both fit */
		(void)buf_add_span(&b, first);
		out[k].original = arena_span(a, buf_span(&b));
		buf_fini(&b);
	}
}

int
report_text(const struct report_text *t, struct buf *out)
{
	const struct message *m = t->m;
	struct dsn_recipient *rcpts = xcalloc(t->n, sizeof(*rcpts));
	char *text = xmalloc(REPORT_HEADER_MAX);
	struct arena *a = arena_new(REPORT_MAX);
	struct words *words = xcalloc(t->n, sizeof(*words));
	struct gather g = { .t = t, .out = rcpts, .words = words };
	struct queue_tail tail;
	size_t n = REPORT_HEADER_MAX;
	int fd, rc = -1;

	if (m->size_octets < n)
		n = (size_t)m->size_octets;
	name(t, a, rcpts);
	fd = queue_open_read(&m->q->queue, m->place, m->id);
	if (fd >= 0 && fd_pread_all(fd, text, n, m->at_octets) == 0 &&
	    queue_each_log(fd, m->at_octets + m->size_octets, each, &g,
	    &tail) == 0)
		rc = write_dsn(t, rcpts, span_of(text, n), out);
	fd_close(&fd);
	arena_free(&a);
	free(words);
	free(text);
	free(rcpts);
	return rc;
}
