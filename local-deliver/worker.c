/*
 * worker.c - a job at a time, a recipient at a time; each result is sent at
 * once, so that what is done stays done if the next one ends this process.
 */
#include "local-deliver/worker.h"

#include <string.h>

#include "base/log.h"
#include "local-deliver/deliver_forward.h"
#include "local-deliver/deliver_maildir.h"
#include "local-deliver/deliver_pipe.h"
#include "local-deliver/job.h"
#include "local-deliver/outcome.h"
#include "store/quota.h"

/* What became of the message is qmgr's line; this one is how it was stored. */
static void
log_result(const struct job_in *j, const struct job_rcpt *rcpt,
    const struct result *r, const char *done, uint32_t uid)
{
	bool ok = r->kind == RESULT_DONE;

	log_info(LF_STR("event", ok ? done : "not-stored"),
	    LF_STR("id", j->head.id),
	    LF_STR("rcpt", rcpt->address), LF_NUM("size", j->head.size_octets),
	    LF_NUM("msguid", uid), LF_STR("status", r->esc),
	    LF_STR("why", ok ? NULL : r->text));
}

/* The log is told once, by the delivery that went past the mark. */
static void
warn_of_quota(const struct owner *o, const struct job_in *j,
    const struct job_rcpt *rcpt)
{
	struct why why;
	struct quota q;
	unsigned used;

	if (o->warn_percent == 0 || quota_read(o->root, &q, &why) != 0 ||
	    !q.active)
		return;
	used = quota_used(&q);
	q.octets -= (int64_t)j->head.size_octets;
	q.messages--;
	if (used >= o->warn_percent && quota_used(&q) < o->warn_percent)
		log_warn(LF_STR("event", "quota-warning"),
		    LF_STR("id", j->head.id), LF_STR("rcpt", rcpt->address),
		    LF_NUM("percent", used));
}

static int
store(struct owner *o, const struct job_in *j, const struct job_rcpt *rcpt,
    uint32_t *uid, struct why *why)
{
	if (deliver_maildir(o->inbox, j, rcpt, uid, why) == 0) {
		warn_of_quota(o, j, rcpt);
		return 0;
	}
	if (o->wait_when_full && strcmp(why->esc, "5.2.2") == 0)
		why_set(why, WHY_TEMP, "4.2.2", "the mailbox is full");
	return -1;
}

struct worker {
	struct ipc_client qmgr;
	struct owner *owner;		/* of the mailbox, or NULL: */
	const struct conf_view *conf;	/* has the programs */
};

/* Forward file and mailbox; -1: qmgr is gone. */
static int
deliver_to_owner(struct worker *w, const struct job_in *j,
    const struct job_rcpt *rcpt)
{
	struct owner *o = w->owner;
	struct result r = { .index = rcpt->index };
	struct why why = o->why;
	uint32_t uid = 0;
	int forwards = 0;
	bool keep = true;

	if (o->inbox == NULL || deliver_check_loop(j, rcpt, &why) != 0)
		outcome_from_why(&r, &why);
	else if ((forwards = forward_apply(&w->qmgr, buf_span(&o->forward),
	    rcpt, &keep)) < 0)
		return -1;
	else if (keep && store(o, j, rcpt, &uid, &why) != 0)
		outcome_from_why(&r, &why);
	else
		outcome_done(&r, keep ? "delivered" : "forwarded");
	if (r.kind == RESULT_DONE && !keep)
		span_copy_cut(SPAN_LIT(RESULT_ESC_FORWARDED), r.esc,
		    sizeof(r.esc));
	log_result(j, rcpt, &r, keep ? "stored" : "forwarded", uid);
	return job_result(&w->qmgr, &r);
}

static bool
find_command(const struct conf_view *conf, const char *name,
    struct pipe_command *out)
{
	for (size_t i = 0; i < conf_count(conf, "pipes"); i++)
		if (pipe_command_parse(out,
		    span_str(conf_item(conf, "pipes", i)), span_str(name)))
			return true;
	return false;
}

static int
deliver_to_program(struct worker *w, const struct job_in *j,
    const struct job_rcpt *rcpt)
{
	struct result r = { .index = rcpt->index };
	struct pipe_command cmd;
	struct why why;

	if (find_command(w->conf, j->head.nexthop, &cmd))
		deliver_pipe(&cmd, j, rcpt, &r);
	else {
		why_set(&why, WHY_TEMP, "4.3.5",
		    "no program is configured as %s", j->head.nexthop);
		outcome_from_why(&r, &why);
	}
	log_result(j, rcpt, &r, "piped", 0);
	return job_result(&w->qmgr, &r);
}

/* keep: qmgr may send this worker more jobs. */
static void
serve(struct worker *w, int qmgr, int (*deliver)(struct worker *w,
    const struct job_in *j, const struct job_rcpt *rcpt), bool keep)
{
	struct job_in j;
	int rc = 0;

	ipc_client_init(&w->qmgr, qmgr, "qmgr");
	w->qmgr.in_groups = true;
	while (rc == 0 && job_receive(&w->qmgr, &j)) {
		for (uint32_t i = 0; rc == 0 && i < j.head.nrcpts; i++)
			rc = deliver(w, &j, &j.rcpts[i]);
		if (rc == 0)
			rc = job_end(&w->qmgr, keep);
		job_in_fini(&j);
	}
	ipc_client_fini(&w->qmgr);
}

void
worker_mailbox(int qmgr, struct owner *o)
{
	struct worker w = { .owner = o };

	serve(&w, qmgr, deliver_to_owner, o->inbox != NULL);
}

void
worker_pipe(int qmgr, const struct conf_view *conf)
{
	struct worker w = { .conf = conf };

	serve(&w, qmgr, deliver_to_program, true);
}
