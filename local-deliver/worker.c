/*
 * worker.c - a job at a time, a recipient at a time; each result is sent at
 * once, so that what is done stays done if the next one ends this process.
 * Messages that come in a row for one mailbox share the waiting for the disk;
 * when one of them cannot be stored, all are tried as if they had come singly.
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
warn_of_quota(const struct owner *o, const struct delivery *v, size_t n)
{
	struct why why;
	struct quota q;
	unsigned used;

	if (o->warn_percent == 0 || quota_read(o->root, &q, &why) != 0 ||
	    !q.active)
		return;
	used = quota_used(&q);
	while (used >= o->warn_percent && n-- > 0) {
		q.octets -= (int64_t)v[n].job->head.size_octets;
		q.messages--;
		if (quota_used(&q) < o->warn_percent)
			log_warn(LF_STR("event", "quota-warning"),
			    LF_STR("id", v[n].job->head.id),
			    LF_STR("rcpt", v[n].rcpt->address),
			    LF_NUM("percent", used));
		used = quota_used(&q);
	}
}

static int
store(struct owner *o, struct delivery *v, size_t n, struct why *why)
{
	if (deliver_maildir(o->inbox, v, n, why) == 0) {
		warn_of_quota(o, v, n);
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
	struct delivery d = { .job = j, .rcpt = rcpt };
	struct why why = o->why;
	int forwards = 0;
	bool keep = true;

	if (o->inbox == NULL || deliver_check_loop(j, rcpt, &why) != 0)
		outcome_from_why(&r, &why);
	else if ((forwards = forward_apply(&w->qmgr, buf_span(&o->forward),
	    rcpt, &keep)) < 0)
		return -1;
	else if (keep && store(o, &d, 1, &why) != 0)
		outcome_from_why(&r, &why);
	else
		outcome_done(&r, keep ? "delivered" : "forwarded");
	if (r.kind == RESULT_DONE && !keep)
		span_copy_cut(SPAN_LIT(RESULT_ESC_FORWARDED), r.esc,
		    sizeof(r.esc));
	log_result(j, rcpt, &r, keep ? "stored" : "forwarded", d.uid);
	return job_result(&w->qmgr, &r);
}

/*
 * What comes in a row for a plain mailbox is stored as one.
 * returns  false: nothing was; each is to be tried alone, for a verdict of its
 *	    own (the first messages may fit into a quota that all exceed)
 */
static bool
store_row(struct worker *w, const struct job_row *row, struct delivery *v)
{
	struct owner *o = w->owner;
	struct why why;

	if (o == NULL || o->inbox == NULL || o->forward.n > 0 || row->n < 2)
		return false;
	for (size_t i = 0; i < row->n; i++) {
		v[i] = (struct delivery){ .job = &row->v[i],
		    .rcpt = row->v[i].rcpts };
		if (row->v[i].head.nrcpts != 1 ||
		    deliver_check_loop(v[i].job, v[i].rcpt, &why) != 0)
			return false;
	}
	return store(o, v, row->n, &why) == 0;
}

static int
answer_row(struct worker *w, const struct delivery *v, size_t n)
{
	struct result r;

	for (size_t i = 0; i < n; i++) {
		r = (struct result){ .index = v[i].rcpt->index };
		outcome_done(&r, "delivered");
		log_result(v[i].job, v[i].rcpt, &r, "stored", v[i].uid);
		if (job_result(&w->qmgr, &r) != 0 ||
		    job_end(&w->qmgr, true) != 0)
			return -1;
	}
	return 0;
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
static int
one_by_one(struct worker *w, const struct job_row *row,
    int (*deliver)(struct worker *w, const struct job_in *j,
    const struct job_rcpt *rcpt), bool keep)
{
	for (size_t k = 0; k < row->n; k++) {
		const struct job_in *j = &row->v[k];

		for (uint32_t i = 0; i < j->head.nrcpts; i++)
			if (deliver(w, j, &j->rcpts[i]) != 0)
				return -1;
		if (job_end(&w->qmgr, keep || k + 1 < row->n) != 0)
			return -1;
	}
	return 0;
}

static void
serve(struct worker *w, int qmgr, int (*deliver)(struct worker *w,
    const struct job_in *j, const struct job_rcpt *rcpt), bool keep)
{
	struct delivery v[JOB_ROW_MOST];
	struct job_row row;
	int rc = 0;

	ipc_client_init(&w->qmgr, qmgr, "qmgr");
	w->qmgr.in_groups = true;
	while (rc == 0 && job_receive(&w->qmgr, &row)) {
		rc = store_row(w, &row, v) ? answer_row(w, v, row.n) :
		    one_by_one(w, &row, deliver, keep);
		job_row_fini(&row);
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
