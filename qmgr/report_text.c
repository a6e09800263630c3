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
#include "mail/intl.h"
#include "os/clock.h"
#include "os/fd.h"
#include "qmgr/limits.h"
#include "qmgr/wish.h"

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

	if (l->kind != QUEUE_LOG_LATER && l->kind != QUEUE_LOG_NEVER &&
	    l->kind != QUEUE_LOG_DONE)
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
	/* RFC 3464 2.3.3: another host has it now, and will not tell. */
	if (r->action == DSN_DELIVERED && r->by_smtp)
		r->action = DSN_RELAYED;
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

/*
 * RFC 3461 4.3: all of the message where FULL was asked for and something
 * failed, else its header.
 */
static bool
returns_all(const struct report_text *t)
{
	const struct message *m = t->m;

	return t->about == REPORT_FAILURE && m->ret == QUEUE_RET_FULL &&
	    m->size_octets <= REPORT_WHOLE_MAX;
}

/* RFC 3461 5.2.7: what is passed on to several is no delivery, but a list's. */
static enum dsn_action
action_of(const struct report_text *t, uint32_t i)
{
	const struct message *m = t->m;
	const struct rcpt *r = &m->rcpts[i];

	if (t->about == REPORT_FAILURE)
		return DSN_FAILED;
	if (t->about == REPORT_DELAY)
		return DSN_DELAYED;
	return (r->state == RCPT_EXPANDED || r->forwarded) &&
	    !rcpt_is_list(m, i) ? DSN_EXPANDED : DSN_DELIVERED;
}

static const enum dsn_words_about words_of[] = {
	[REPORT_FAILURE] = DSN_WORDS_FAILURE, [REPORT_DELAY] = DSN_WORDS_DELAY,
	[REPORT_SUCCESS] = DSN_WORDS_SUCCESS,
};

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
		.utf8 = m->smtputf8,
	};

	if (m->q->set.words.of[words_of[t->about]].given)
		d.words = &m->q->set.words.of[words_of[t->about]];
	d.for_postmaster = m->from.n == 0;
	d.values = (struct dsn_words_values){ .hostname = d.host,
		.queue_id = d.queue_id, .sender = m->from,
		.notice_s = m->q->set.retry.notice_s,
		.expire_s = m->q->set.retry.expire_s, .recipients = t->n };
	/* A list's owner knows nothing of the sender's envelope. */
	if (span_eq(t->to, m->from))
		d.envid = m->envid;
	if (returns_all(t)) {
		d.header = text;
		d.header_max = REPORT_WHOLE_MAX;
		d.whole = true;
	}

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
			.action = action_of(t, t->rcpts[k]),
			.retry_until = t->until_s,
		};
		/* RFC 3464 2.3.1: as the sender gave it. */
		out[k].original = rcpt_wish(m, t->rcpts[k]).orcpt;
		if (out[k].original.n > 0)
			continue;
		if (span_eq(first, r->to))
			continue;
		/* The sender knows the address that it wrote. */
		buf_init(&b, KIB);
		(void)buf_add_str(&b, intl_is_needed(first) ? "utf-8;" :
		    "rfc822;");	/* both fit */
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
	struct arena *a = arena_new(REPORT_MAX);
	struct words *words = xcalloc(t->n, sizeof(*words));
	struct gather g = { .t = t, .out = rcpts, .words = words };
	struct queue_tail tail;
	size_t n = returns_all(t) ? REPORT_WHOLE_MAX : REPORT_HEADER_MAX;
	char *text = xmalloc(n);
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
