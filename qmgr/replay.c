/*
 * replay - see replay.h.
 * Any line may be missing (it was torn, or never reached the disk), so every
 * line is judged alone: what does not fit to the lines before it is passed
 * over, and the recipient is in the state before.  Targets count only as a
 * whole row that its `expanded` line closes.
 */
#include "qmgr/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "qmgr/job.h"
#include "qmgr/report.h"
#include "qmgr/result.h"

struct player {
	struct message *m;
	bool	 row;		/* in a row of targets ... */
	uint32_t first, parent;	/* ... which began here */
	bool	 no_room;	/* qmgr holds too many recipients just now */
};

/* Not closed: its targets are nobody. */
static void
row_drop(struct player *p)
{
	if (p->row)
		message_cut(p->m, p->first);
	p->row = false;
}

static int
to_target(const struct queue_log *l, struct target *t)
{
	static const uint8_t kinds[] = {
		[QUEUE_LOG_MAILBOX] = TARGET_MAILBOX,
		[QUEUE_LOG_REMOTE] = TARGET_REMOTE,
		[QUEUE_LOG_REMOTE_FROM] = TARGET_REMOTE,
		[QUEUE_LOG_PIPE] = TARGET_PIPE,
	};

	*t = (struct target){ .kind = kinds[l->kind] };
	t->uid = l->uid;
	t->gid = l->gid;
	t->system_user = l->system_user != 0;
	t->transport = (uint8_t)l->transport;
	t->port = (uint16_t)l->port;
	t->tls = (uint8_t)l->tls;
	if (l->transport > TRANSPORT_LMTP || l->port > UINT16_MAX ||
	    l->tls >= DEMANDS ||
	    span_copy(l->address, t->address, sizeof(t->address)) != 0 ||
	    span_copy(l->owner, t->owner, sizeof(t->owner)) != 0 ||
	    span_copy(l->user, t->user, sizeof(t->user)) != 0 ||
	    span_copy(l->home, t->home, sizeof(t->home)) != 0 ||
	    span_copy(l->maildir, t->maildir, sizeof(t->maildir)) != 0 ||
	    span_copy(l->detail, t->detail, sizeof(t->detail)) != 0 ||
	    span_copy(l->nexthop, t->nexthop, sizeof(t->nexthop)) != 0 ||
	    span_copy(l->source, t->source, sizeof(t->source)) != 0)
		return -1;
	return 0;
}

/* A target with a route is fixed; without one it is asked for again. */
static void
target(struct player *p, const struct queue_log *l)
{
	struct message *m = p->m;
	struct target *t;
	uint32_t i;

	if (!p->row || l->parent != p->parent || l->index != m->n) {
		row_drop(p);
		p->row = true;
		p->first = m->n;
		p->parent = l->parent;
	}
	if (l->index != m->n || l->parent >= p->first) {
		row_drop(p);
		return;
	}
	i = message_add(m, l->parent, l->address);
	if (i == RCPT_NOBODY)
		p->no_room = true;
	if (i == RCPT_NOBODY || l->kind == QUEUE_LOG_ADDRESS)
		return;
	t = xmalloc(sizeof(*t));
	if (to_target(l, t) == 0 && job_route(m, i, t) == 0)
		m->rcpts[i].fixed = true;
	free(t);
}

static void
expanded(struct player *p, const struct queue_log *l)
{
	struct message *m = p->m;

	if (!p->row || l->parent != p->parent || l->first != p->first ||
	    l->count != m->n - p->first ||
	    (m->rcpts[l->parent].state != RCPT_NEW &&
	    m->rcpts[l->parent].state != RCPT_LATER)) {
		row_drop(p);
		return;
	}
	p->row = false;
	rcpt_enter(m, l->parent, RCPT_EXPANDED);
}

static void
forward(struct player *p, const struct queue_log *l)
{
	struct message *m = p->m;

	if (l->index == m->n && l->parent < m->n &&
	    message_add(m, l->parent, l->address) == RCPT_NOBODY)
		p->no_room = true;
}

static void
outcome(struct message *m, const struct queue_log *l)
{
	struct rcpt *r;

	if (l->index >= m->n)
		return;
	r = &m->rcpts[l->index];
	if (r->state != RCPT_NEW && r->state != RCPT_LATER)
		return;
	if (l->address.n > 0 && l->address.n <= LOOKUP_ADDRESS_MAX &&
	    !span_eq(r->to, l->address))
		r->to = message_keep(m, l->address);
	if (l->kind == QUEUE_LOG_NEVER) {
		rcpt_enter(m, l->index, RCPT_NEVER);
	} else if (l->kind == QUEUE_LOG_DONE) {
		rcpt_enter(m, l->index, RCPT_DONE);
		r->forwarded = result_is_forward(l->esc, l->remote);
		if (m->n > 1)
			job_remember(m, l->index);
	} else {
		r->reason = result_reason(m, l->esc, l->text);
		if (r->state == RCPT_NEW)
			rcpt_enter(m, l->index, RCPT_LATER);
	}
}

/* Not before a time of its own, if a pass ended after this line. */
static void
waits(struct message *m, const struct queue_log *l)
{
	if (l->index < m->n && m->rcpts[l->index].state == RCPT_LATER &&
	    l->next < INT64_MAX)
		m->rcpts[l->index].until = (int64_t)l->next;
}

/* The first of the row of expansions that led to i, or NOBODY. */
static uint32_t
expanded_from(const struct message *m, uint32_t i)
{
	uint32_t top = RCPT_NOBODY;

	for (i = m->rcpts[i].parent; i != RCPT_NOBODY &&
	    m->rcpts[i].state == RCPT_EXPANDED; i = m->rcpts[i].parent)
		top = i;
	return top;
}

/*
 * What an expansion led to and is not done counts no more; where it began is
 * looked up again.  Those that were done are remembered by their place, so
 * nobody gets the mail twice.
 */
static void
requeued(struct message *m)
{
	bool *again = xcalloc(m->n, sizeof(*again));
	uint32_t top;

	for (uint32_t i = 0; i < m->n; i++) {
		if (m->rcpts[i].state != RCPT_NEW &&
		    m->rcpts[i].state != RCPT_LATER)
			continue;
		top = expanded_from(m, i);
		if (top == RCPT_NOBODY)
			continue;
		again[top] = true;
		rcpt_enter(m, i, RCPT_EXPANDED);
	}
	for (uint32_t i = 0; i < m->n; i++)
		if (again[i])
			rcpt_enter(m, i, RCPT_NEW);
	free(again);
}

static void
each(const struct queue_log *l, void *ctx)
{
	struct player *p = ctx;
	struct message *m = p->m;

	switch (l->kind) {
	case QUEUE_LOG_MAILBOX:
	case QUEUE_LOG_REMOTE:
	case QUEUE_LOG_REMOTE_FROM:
	case QUEUE_LOG_PIPE:
	case QUEUE_LOG_ADDRESS:
		target(p, l);
		return;
	case QUEUE_LOG_EXPANDED:
		expanded(p, l);
		return;
	default:
		row_drop(p);
		break;
	}
	switch (l->kind) {
	case QUEUE_LOG_FORWARD:
		forward(p, l);
		break;
	case QUEUE_LOG_DONE:
	case QUEUE_LOG_LATER:
	case QUEUE_LOG_NEVER:
		outcome(m, l);
		break;
	case QUEUE_LOG_PASS:
		m->passes++;
		m->age_s = l->age_s < INT32_MAX ? (int64_t)l->age_s : INT32_MAX;
		m->age_at = l->time;
		m->due = l->next < INT64_MAX ? (int64_t)l->next : 0;
		break;
	case QUEUE_LOG_WAIT:
		waits(m, l);
		break;
	case QUEUE_LOG_BOUNCED:
		report_told(m, l->owner, l->index);
		break;
	case QUEUE_LOG_TOLD:
		report_success_told(m);
		break;
	case QUEUE_LOG_DELAYED:
		m->warned = true;
		break;
	case QUEUE_LOG_REQUEUED:
		requeued(m);
		break;
	default:
		break;
	}
}

int
replay(struct message *m, int fd)
{
	struct player p = { .m = m };
	struct queue_tail tail;

	if (queue_each_log(fd, m->log_end, each, &p, &tail) != 0)
		return -1;
	row_drop(&p);
	/* The parent of a recipient left out may be done: nobody would ask. */
	if (p.no_room)
		return -1;
	/* The message itself may end without LF: that is no torn line. */
	m->log_torn = tail.torn && tail.end > m->log_end;
	m->log_end = tail.end;
	return 0;
}
