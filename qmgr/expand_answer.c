/*
 * expand_answer - see expand_answer.h.
 * Targets are kept as they stand on the wire: a struct target is 3.5 KB,
 * its packed form a tenth of a hundredth of that for most, and an alias may
 * have 50,000.
 */
#include "qmgr/expand_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "qmgr/job.h"
#include "qmgr/limits.h"
#include "qmgr/result.h"

#define LENGTH	2	/* octets in front of each packed target */

void
answer_init(struct answer *a)
{
	*a = (struct answer){ .n = 0 };
	buf_init(&a->packed, EXPANSION_MEMORY);
}

void
answer_fini(struct answer *a)
{
	buf_fini(&a->packed);
}

void
answer_add(struct answer *a, const struct target *t, size_t most)
{
	size_t start = a->packed.n, n;

	if (a->full || start + IPC_BODY_MAX > most + a->octets) {
		a->full = true;
		return;
	}
	if (buf_add(&a->packed, "\0", LENGTH) != 0 ||
	    ipc_encode(&target_type, t, &a->packed) != 0) {
		a->full = true;
		return;
	}
	n = a->packed.n - start - LENGTH;
	a->packed.p[start] = (char)(n >> 8);
	a->packed.p[start + 1] = (char)n;
	a->n++;
	a->octets = a->packed.n;
}

/* The target at *at, which is moved behind it. */
static void
take(const struct answer *a, size_t *at, struct target *t)
{
	const uint8_t *p = (const uint8_t *)a->packed.p + *at;
	size_t n = (size_t)p[0] << 8 | p[1];

	if (ipc_decode(&target_type, p + LENGTH, n, t) != 0)
		bug("what was packed here cannot be unpacked");
	*at += LENGTH + n;
}

static void
fail(struct message *m, uint32_t i, const struct target *t)
{
	bool never = t->permanent != 0;
	char class = never ? '5' : '4';

	result_own(m, i, never ? RESULT_NEVER : RESULT_LATER,
	    t->esc[0] == class ? t->esc : never ? "5.1.1" : "4.4.3", t->text);
}

/* Recipient i, ASKED or SYNCING, goes where t says. */
static void
settle(struct message *m, uint32_t i, const struct target *t)
{
	if (t->kind == TARGET_FAIL)
		fail(m, i, t);
	else if (job_route(m, i, t) != 0)
		result_own(m, i, RESULT_LATER, "4.3.1",
		    "too many destinations at once");
	else
		job_join(m, i);
}

/*
 * The place of a target that stands in the log: has it a new route, or is
 * there nothing any more?  An answer that leads elsewhere, or to several
 * places, changes nothing: its alias was expanded once and for all.
 */
static void
refresh(const struct answer *a, struct message *m, uint32_t i)
{
	const struct route *old = m->rcpts[i].dest->data;
	struct target *t = xmalloc(sizeof(*t));
	bool found = false;

	for (size_t at = 0; at < a->packed.n && !found;) {
		take(a, &at, t);
		found = (t->kind == old->kind &&
		    span_eq_str(m->rcpts[i].to, t->address) &&
		    (t->kind != TARGET_PIPE ||
		    span_eq_str(old->nexthop, t->nexthop))) ||
		    (a->n == 1 && t->kind == TARGET_FAIL);
	}
	if (found && t->kind == TARGET_FAIL) {
		fail(m, i, t);
	} else {
		/* The envelope sender stays as it was, too. */
		if (found && span_copy(m->rcpts[i].owner, t->owner,
		    sizeof(t->owner)) == 0 && job_route(m, i, t) != 0)
			found = false;	/* the old route is as good */
		job_join(m, i);
	}
	free(t);
}

static void
log_line(const struct target *t, uint32_t index, uint32_t parent,
    struct queue_log *l)
{
	static const enum queue_log_kind kinds[] = {
		[TARGET_MAILBOX] = QUEUE_LOG_MAILBOX,
		[TARGET_REMOTE] = QUEUE_LOG_REMOTE,
		[TARGET_PIPE] = QUEUE_LOG_PIPE,
		[TARGET_FAIL] = QUEUE_LOG_ADDRESS,
	};

	*l = (struct queue_log){
		.kind = kinds[t->kind], .index = index, .parent = parent,
		.address = span_str(t->address), .owner = span_str(t->owner),
		.user = span_str(t->user), .uid = t->uid, .gid = t->gid,
		.home = span_str(t->home), .maildir = span_str(t->maildir),
		.detail = span_str(t->detail),
		.system_user = t->system_user, .transport = t->transport,
		.nexthop = span_str(t->nexthop), .port = t->port,
		.tls = t->tls, .source = span_str(t->source),
	};
	if (t->source[0] != '\0' && t->kind == TARGET_REMOTE)
		l->kind = QUEUE_LOG_REMOTE_FROM;
}

struct expansion {
	struct answer a;	/* moved here */
	uint32_t parent, first;
};

/* The lines are on disk: now, and not before, somebody may get mail. */
static void
on_synced(struct message *m, bool ok, void *arg)
{
	struct target *t = xmalloc(sizeof(*t));
	struct expansion *x = arg;
	size_t at = 0;

	if (!ok)
		result_own(m, x->parent, RESULT_LATER, "4.3.0",
		    "the expansion could not be recorded");
	else
		rcpt_enter(m, x->parent, RCPT_EXPANDED);
	for (uint32_t k = 0; k < x->a.n; k++) {
		uint32_t i = x->first + k;

		take(&x->a, &at, t);
		if (ok) {
			m->rcpts[i].fixed = t->kind != TARGET_FAIL;
			settle(m, i, t);
		} else	/* nobody's: the next pass asks for the parent anew */
			rcpt_enter(m, i, RCPT_EXPANDED);
	}
	answer_fini(&x->a);
	free(x);
	free(t);
}

/* A recipient and a line for each target.  false: no room for them. */
static bool
add_targets(const struct answer *a, struct message *m, uint32_t parent)
{
	struct target *t = xmalloc(sizeof(*t));
	uint32_t i = 0;

	for (size_t at = 0; at < a->packed.n && i != RCPT_NOBODY;) {
		struct queue_log line;

		take(a, &at, t);
		i = message_add(m, parent, span_str(t->address));
		if (i == RCPT_NOBODY)
			break;
		rcpt_enter(m, i, RCPT_ASKED);
		rcpt_enter(m, i, RCPT_SYNCING);
		log_line(t, i, parent, &line);
		message_log_add(m, &line);
	}
	free(t);
	return i != RCPT_NOBODY;
}

static void
expand(const struct answer *a, struct message *m, uint32_t i)
{
	struct queue_log last = { .kind = QUEUE_LOG_EXPANDED, .parent = i,
		.first = m->n, .count = a->n };
	struct expansion *x;

	if (!add_targets(a, m, i)) {
		/* Lines without the last one are none. */
		message_cut(m, last.first);
		result_own(m, i, RESULT_LATER, "4.3.1",
		    "too many recipients");
		return;
	}
	rcpt_enter(m, i, RCPT_SYNCING);
	message_log_add(m, &last);
	log_info(LF_STR("event", "expanded"), LF_STR("id", m->id),
	    LF_SPAN("rcpt", m->rcpts[i].address), LF_NUM("targets", a->n));
	x = xcalloc(1, sizeof(*x));
	x->parent = i;
	x->first = last.first;
	answer_init(&x->a);
	(void)buf_add_span(&x->a.packed, buf_span(&a->packed));	/* same cap */
	x->a.n = a->n;
	message_sync(m, on_synced, x);
}

void
answer_use(const struct answer *a, struct message *m, uint32_t i)
{
	struct target *t;
	size_t at = 0;

	if (m->rcpts[i].fixed) {
		refresh(a, m, i);
	} else if (a->n > 1) {
		expand(a, m, i);
	} else {
		t = xmalloc(sizeof(*t));
		take(a, &at, t);
		settle(m, i, t);
		free(t);
	}
}
