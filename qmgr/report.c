/*
 * report - see report.h; the text is made in report_text.c.
 * The steps are callbacks of the sync helper: the report's file, its name,
 * the line in the log of the message.  A step that fails drops the report; the
 * message waits some minutes and makes another.
 */
#include "qmgr/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "qmgr/limits.h"
#include "qmgr/load.h"
#include "qmgr/pass.h"
#include "qmgr/report_text.h"
#include "qmgr/sync.h"
#include "qmgr/waiting.h"
#include "qmgr/wish.h"

struct report {
	struct message *m;
	char	    id[ID_SIZE];	/* of the report */
	int	    fd;
	enum report_about about;
	struct span owner;	/* of whose recipients it speaks; "" */
	uint32_t    upto;	/* the last one of them */
};

/* In whose name recipient i was tried; "" if it was the message's sender. */
static struct span
owner_of(const struct message *m, uint32_t i)
{
	struct span sender = rcpt_sender(m, i);

	return span_eq(sender, m->from) ? SPAN_NONE : sender;
}

void
report_told(struct message *m, struct span owner, uint32_t upto)
{
	for (uint32_t i = 0; i < m->n && i <= upto; i++)
		if (m->rcpts[i].state == RCPT_NEVER &&
		    span_eq(owner_of(m, i), owner))
			m->rcpts[i].reported = true;
}

/* Now or in some minutes the message is looked at again. */
static void
end(struct report *r, bool ok)
{
	struct message *m = r->m;

	fd_close(&r->fd);
	free(r);
	if (ok) {
		message_enter(m, MSG_ACTIVE);
		message_ripe(m);
	} else if (pass_park(m, clock_wall_s() + RELOAD_S) != 0) {
		message_enter(m, MSG_ACTIVE);	/* the tick tries again */
	}
}

static void
on_line_synced(struct message *m, bool ok, void *arg)
{
	(void)m;
	(void)ok;	/* else it may be sent twice, after a loss of power */
	end(arg, true);
}

static const struct {
	enum queue_log_kind kind;
	const char *event;
} lines[] = {
	[REPORT_FAILURE] = { QUEUE_LOG_BOUNCED, "bounced" },
	[REPORT_DELAY] = { QUEUE_LOG_DELAYED, "delay-told" },
	[REPORT_SUCCESS] = { QUEUE_LOG_TOLD, "success-told" },
};

/* The report is in the queue for good. */
static void
on_name_synced(bool ok, void *arg)
{
	struct report *r = arg;
	struct message *m = r->m;
	struct queue_log l = {
		.kind = lines[r->about].kind,
		.index = r->upto, .id = span_str(r->id), .owner = r->owner };

	if (!ok) {
		(void)queue_remove(&m->q->queue, QUEUE_INCOMING, r->id);
		end(r, false);
		return;
	}
	log_info(LF_STR("event", lines[r->about].event),
	    LF_STR("id", m->id), LF_STR("as", r->id),
	    LF_SPAN("to", r->owner.n > 0 ? r->owner : m->from.n > 0 ?
		m->from : span_str(m->q->set.postmaster)));
	ledger_count(m->q, LEDGER_REPORTS);
	if (qmgr_room(m->q))
		load_begin(m->q, r->id, QUEUE_INCOMING);
	else
		waiting_add(m->q, r->id, QUEUE_INCOMING, 0);
	if (r->about == REPORT_DELAY)
		m->warned = true;
	else if (r->about == REPORT_SUCCESS)
		report_success_told(m);
	else
		report_told(m, r->owner, r->upto);
	(void)message_log(m, &l);	/* the sync tells */
	message_sync(m, on_line_synced, r);
}

static void
on_file_synced(bool ok, void *arg)
{
	struct report *r = arg;

	if (ok) {
		sync_incoming(r->m->q->sync, on_name_synced, r);
		return;
	}
	(void)queue_remove(&r->m->q->queue, QUEUE_INCOMING, r->id);
	end(r, false);
}

static bool
has_8bit(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] & 0x80) != 0)
			return true;
	return false;
}

static int
write_report(struct report *r, struct span to, struct span text)
{
	struct queue_rcpt rcpt = { .address = to, .original = to };
	struct queue_envelope e = {
		.client = SPAN_LIT("local"), .time = clock_wall_s(),
		.body_8bit = has_8bit(text),
		.smtputf8 = has_8bit(to),	/* it stands in To */
		.rcpts = &rcpt, .rcpts_n = 1,
	};
	struct why why;

	r->fd = queue_write(&r->m->q->queue, r->id, &e, text, &why);
	if (r->fd >= 0)
		return 0;
	log_error(LF_STR("event", "report-unwritten"),
	    LF_STR("id", r->m->id), LF_STR("why", why.text));
	return -1;
}

bool
report_is_due(const struct message *m, uint32_t i, enum rcpt_state end)
{
	if (m->rcpts[i].state != end || m->rcpts[i].reported)
		return false;
	switch (end) {
	case RCPT_NEVER:
		/* With no sender to tell it is the postmaster's. */
		return rcpt_notify(m, i, QUEUE_NOTIFY_FAILURE);
	case RCPT_DONE:
	case RCPT_EXPANDED:
		/* RFC 3461 5.2.7.2: not where one took its place. */
		if ((end == RCPT_EXPANDED || m->rcpts[i].forwarded) &&
		    m->rcpts[i].children < 2 && !rcpt_is_list(m, i))
			return false;
		return m->from.n > 0 &&
		    rcpt_notify(m, i, QUEUE_NOTIFY_SUCCESS);
	default:
		return false;
	}
}

void
report_success_told(struct message *m)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (m->rcpts[i].state == RCPT_DONE ||
		    m->rcpts[i].state == RCPT_EXPANDED)
			m->rcpts[i].reported = true;
}

/* Failed recipients of one report, in order, at most REPORT_RCPTS_MAX. */
static uint32_t
choose_failed(const struct message *m, struct span owner, uint32_t *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n && n < REPORT_RCPTS_MAX; i++)
		if (report_is_due(m, i, RCPT_NEVER) &&
		    span_eq(owner_of(m, i), owner))
			out[n++] = i;
	return n;
}

/* Those that wait, and whose sender wants to know. */
static uint32_t
choose_delayed(const struct message *m, uint32_t *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n && n < REPORT_RCPTS_MAX; i++)
		if (m->rcpts[i].state == RCPT_LATER &&
		    owner_of(m, i).n == 0 &&
		    rcpt_notify(m, i, QUEUE_NOTIFY_DELAY))
			out[n++] = i;
	return n;
}

static void
start(struct message *m, struct report_text *t, struct span owner)
{
	struct report *r = xcalloc(1, sizeof(*r));
	struct buf text;
	bool ok;

	r->m = m;
	r->about = t->about;
	r->owner = owner;
	r->upto = t->rcpts[t->n - 1];
	qmgr_new_id(m->q, r->id);
	t->id = r->id;
	message_enter(m, MSG_REPORTING);
	buf_init(&text, REPORT_MAX);
	ok = report_text(t, &text) == 0 &&
	    write_report(r, t->to, buf_span(&text)) == 0;
	buf_fini(&text);
	if (ok)
		sync_file(m->q->sync, r->fd, on_file_synced, r);
	else
		end(r, false);
}

/*
 * Failures of mail without sender.  To the postmaster, but not what was on
 * the way to the postmaster: RFC 5321 6.1 (no loop of notices).
 */
static bool
postmaster_takes(const struct message *m, const uint32_t *rcpts, uint32_t n)
{
	const char *postmaster = m->q->set.postmaster;

	if (postmaster[0] == '\0')
		return false;
	for (uint32_t k = 0; k < n; k++)
		if (span_ieq_str(m->rcpts[m->rcpts[rcpts[k]].root].address,
		    postmaster))
			return false;
	return true;
}

/* Nobody to tell: the operator's log is the last place that hears of it. */
static void
drop(struct message *m, const uint32_t *rcpts, uint32_t n)
{
	struct queue_log l = { .kind = QUEUE_LOG_BOUNCED,
		.index = rcpts[n - 1] };

	for (uint32_t k = 0; k < n; k++)
		log_error(LF_STR("event", "undeliverable"),
		    LF_STR("id", m->id), LF_SPAN("rcpt", m->rcpts[rcpts[k]].to),
		    LF_STR("why", "failed, and has no sender"));
	report_told(m, SPAN_NONE, rcpts[n - 1]);
	(void)message_log(m, &l);	/* else it is said again */
	message_ripe(m);
}

void
report_failures(struct message *m, uint32_t i)
{
	uint32_t rcpts[REPORT_RCPTS_MAX];
	struct span owner = owner_of(m, i);
	struct report_text t = { .m = m, .rcpts = rcpts };

	t.n = choose_failed(m, owner, rcpts);
	t.to = rcpt_sender(m, i);
	if (t.to.n == 0) {
		if (!postmaster_takes(m, rcpts, t.n)) {
			drop(m, rcpts, t.n);
			return;
		}
		t.to = span_str(m->q->set.postmaster);
	}
	start(m, &t, owner);
}

void
report_success(struct message *m)
{
	uint32_t rcpts[REPORT_RCPTS_MAX];
	struct report_text t = { .m = m, .rcpts = rcpts,
		.about = REPORT_SUCCESS, .to = m->from };

	/* Beyond the limit of one report nobody reads on. */
	for (uint32_t i = 0; i < m->n && t.n < REPORT_RCPTS_MAX; i++)
		if (report_is_due(m, i, RCPT_DONE) ||
		    report_is_due(m, i, RCPT_EXPANDED))
			rcpts[t.n++] = i;
	start(m, &t, SPAN_NONE);
}

void
report_delay(struct message *m, int64_t left_s)
{
	uint32_t rcpts[REPORT_RCPTS_MAX];
	struct report_text t = { .m = m, .rcpts = rcpts, .about = REPORT_DELAY,
		.to = m->from, .until_s = clock_wall_s() + left_s };

	t.n = choose_delayed(m, rcpts);
	if (t.n == 0) {		/* only lists' members: lists are patient */
		m->warned = true;
		message_ripe(m);
		return;
	}
	start(m, &t, SPAN_NONE);
}
