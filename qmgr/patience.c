/*
 * patience - see patience.h.
 * Most recipients of a message wait for the same moment, which is the mtime
 * of its file.  Who waits longer, because another rule says so, has a line in
 * the log, written once for each of his tries; when the file is loaded for the
 * others, he is left alone.  A file that is loaded before its time was
 * flushed by an operator, or the clock was set: then all are tried.
 */
#include "qmgr/patience.h"

#include "os/rand.h"
#include "qmgr/job.h"
#include "qmgr/limits.h"

static const char *
transport_of(const struct route *r)
{
	if (r->kind == TARGET_MAILBOX)
		return "local";
	if (r->kind == TARGET_PIPE)
		return "pipe";
	return r->transport == TRANSPORT_LMTP ? "lmtp" : "smtp";
}

static const struct retry_rule *
rule_of(const struct message *m, uint32_t i)
{
	const struct rcpt *r = &m->rcpts[i];
	const struct route *route = r->dest == NULL ? NULL : r->dest->data;
	struct retry_dest d = {
		.domain = span_from(r->to, span_rchr(r->to, '@') + 1) };

	if (route != NULL) {
		d.transport = transport_of(route);
		d.nexthop = route->nexthop;
	}
	return retry_find(&m->q->set.retry, &d, r->error);
}

bool
patience_is_over(const struct message *m, uint32_t i, int64_t now_s)
{
	int64_t until = m->rcpts[i].until;

	return until <= now_s || now_s < m->due ||
	    until > now_s + m->q->set.retry.longest_s;
}

static int64_t
left_of(const struct message *m, uint32_t i, int64_t age_s)
{
	return retry_left(&m->q->set.retry, rule_of(m, i), age_s,
	    m->from.n == 0);
}

bool
patience_is_spent(const struct message *m, uint32_t i, int64_t age_s)
{
	return m->rcpts[i].state == RCPT_LATER && m->rcpts[i].tried &&
	    left_of(m, i, age_s) <= 0;
}

int64_t
patience_next(struct message *m, int64_t age_s, int64_t now_s,
    int64_t *left_s)
{
	uint32_t random = rand_below(UINT32_MAX);	/* one for all of them */
	int64_t next_s = INT64_MAX, left;
	struct rcpt *r;

	*left_s = 0;
	for (uint32_t i = 0; i < m->n; i++) {
		r = &m->rcpts[i];
		if (r->state != RCPT_LATER)
			continue;
		if (r->tried) {
			left = left_of(m, i, age_s);
			if (left <= 0)
				return 0;
			if (left > *left_s)
				*left_s = left;
			r->until = retry_next(rule_of(m, i), age_s, random,
			    left, now_s);
		}
		if (r->until < next_s)
			next_s = r->until;
	}
	return next_s > now_s ? next_s : now_s + 1;
}

void
patience_log(struct message *m, int64_t next_s)
{
	for (uint32_t i = 0; i < m->n && m->log_end < LOG_LATER_MAX; i++) {
		struct rcpt *r = &m->rcpts[i];
		struct queue_log l = { .kind = QUEUE_LOG_WAIT, .index = i };

		if (r->state != RCPT_LATER || !r->tried || r->until <= next_s)
			continue;
		l.next = (uint64_t)r->until;
		message_log_add(m, &l);
	}
}
