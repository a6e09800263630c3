/*
 * worker.c - job, hosts, connection, talk, results; then the connection is
 * kept for the next job of the same destination, as long as qmgr keeps the
 * channel open.
 *
 * If qmgr has ended while the other host was already deciding about the
 * message, the result goes to the parent, who tells the next qmgr.
 */
#include "smtp-out/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "ipc/client.h"
#include "smtp-out/connect.h"
#include "smtp-out/job.h"
#include "smtp-out/talk.h"

struct worker {
	struct ipc_client qmgr, dns, parent;
	const struct conf_view *conf;
	struct talk	  talk;
	char		  nexthop[256];	/* whom the connection is with */
	uint16_t	  port;
	uint8_t		  transport;
};

static bool
same_destination(const struct worker *w, const struct job *job)
{
	return w->talk.open && strcmp(w->nexthop, job->nexthop) == 0 &&
	    w->port == job->port && w->transport == job->transport;
}

static void
remember_destination(struct worker *w, const struct job *job)
{
	memcpy(w->nexthop, job->nexthop, sizeof(w->nexthop));
	w->port = job->port;
	w->transport = job->transport;
}

static void
settle_with_why(struct job_in *j, const struct why *why)
{
	for (size_t i = 0; i < j->head.nrcpts; i++)
		if (!j->settled[i])
			outcome_from_why(&j->results[i], why, "");
}

static int
open_next(struct worker *w, struct route_plan *plan, const struct job *job,
    struct why *why)
{
	struct talk_start start = { .fd = -1,
		.lmtp = job->transport == TRANSPORT_LMTP,
		.looked_up = plan->hosts.looked_up,
		.hostname = conf_str(w->conf, "hostname") };
	char remote[REMOTE_SIZE];

	for (;;) {
		if (connect_next(plan, &w->dns, w->conf, job->id, &start.fd,
		    remote, why) != 0)
			return -1;
		start.remote = remote;
		if (talk_open(&w->talk, &start, why) == 0) {
			remember_destination(w, job);
			return 0;
		}
		log_info(LF_STR("event", "host-failed"),
		    LF_STR("id", job->id), LF_STR("remote", remote),
		    LF_STR("why", why->text));
	}
}

/* A connection of before may have been ended by the other side meanwhile. */
static bool
send_on_kept(struct worker *w, struct job_in *j, enum outcome_talk *end)
{
	struct why why;

	if (!same_destination(w, &j->head)) {
		talk_close(&w->talk);
		return false;
	}
	*end = talk_send(&w->talk, j, &w->qmgr, &why);
	if (*end == TALK_NEXT_HOST)
		talk_close(&w->talk);
	return *end != TALK_NEXT_HOST;
}

/* true: nobody of the site could be reached. */
static bool
send_job(struct worker *w, struct job_in *j)
{
	enum outcome_talk end = TALK_NEXT_HOST;
	struct route_plan plan;
	struct why why;
	bool down = false;

	why_set(&why, WHY_TEMP, "4.4.1", "no host could be reached");
	if (!send_on_kept(w, j, &end)) {
		if (connect_plan(&plan, &j->head, &w->dns, w->conf,
		    &why) != 0)
			plan.hosts.n = 0;
		while (end == TALK_NEXT_HOST && plan.hosts.n > 0 &&
		    open_next(w, &plan, &j->head, &why) == 0) {
			end = talk_send(&w->talk, j, &w->qmgr, &why);
			if (end == TALK_NEXT_HOST)
				talk_close(&w->talk);
		}
	}
	if (end == TALK_NEXT_HOST) {
		settle_with_why(j, &why);
		down = why.kind == WHY_TEMP;
	}
	if (end == TALK_CLOSED)
		talk_close(&w->talk);
	return down;
}

/* qmgr is gone: what is certain must not be lost. */
static void
report_to_parent(struct worker *w, const struct job_in *j)
{
	struct why why;

	for (size_t i = 0; i < j->head.nrcpts; i++) {
		const struct result *r = &j->results[i];
		struct orphan_result o = { .index = r->index,
			.kind = r->kind };

		memcpy(o.id, j->head.id, sizeof(o.id));
		memcpy(o.esc, r->esc, sizeof(o.esc));
		memcpy(o.text, r->text, sizeof(o.text));
		if (ipc_client_send(&w->parent, &orphan_result_type, 0, &o,
		    -1, &why) != 0)
			return;		/* the parent is gone too */
	}
}

_Noreturn void
worker_run(const struct worker_channels *c, const struct conf_view *conf)
{
	struct worker *w = xcalloc(1, sizeof(*w));
	struct job_in j;
	struct why why;
	bool down;

	w->conf = conf;
	ipc_client_init(&w->qmgr, c->qmgr, "qmgr");
	ipc_client_init(&w->dns, c->dns, "dnsd");
	ipc_client_init(&w->parent, c->parent, "smtp-out");
	while (job_receive(&w->qmgr, w->talk.open ? w->talk.stream.fd : -1,
	    &j, &why) == JOB_GOT) {
		down = send_job(w, &j);
		if (job_report(&w->qmgr, &j, w->talk.open, down) != 0) {
			report_to_parent(w, &j);
			job_fini(&j);
			break;
		}
		job_fini(&j);
	}
	talk_close(&w->talk);
	exit(0);
}
