/*
 * worker.c - job, hosts, connection, talk, results; then the connection is
 * kept for the next job of the same destination, as long as qmgr keeps the
 * channel open.
 */
#include "smtp-out/worker.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "os/rand.h"
#include "smtp-out/connect.h"
#include "smtp-out/credential.h"
#include "smtp-out/generic.h"
#include "smtp-out/job.h"
#include "smtp-out/talk.h"

struct worker {
	struct job_link	  link;
	struct ipc_client dns, lookup;
	bool		  asks;		/* lookup is there */
	bool		  generic;	/* ... for each address */
	struct credential login;	/* of the present job */
	const struct conf_view *conf;
	const struct tls_client *tls;
	struct talk	  talk;
	char		  source[LOOKUP_SOURCE_MAX + 1];
	char		  nexthop[256];	/* whom the connection is with */
	uint16_t	  port;
	uint8_t		  transport, demand;
	uint64_t	  login_id;	/* as whom, or 0 */
	uint8_t		  seed[16];
};

static bool
same_destination(const struct worker *w, const struct job *job)
{
	return w->talk.open && strcmp(w->nexthop, job->nexthop) == 0 &&
	    strcmp(w->source, job->source) == 0 &&
	    w->port == job->port && w->transport == job->transport &&
	    w->demand == job->tls && w->login_id == w->login.id;
}

static void
remember_destination(struct worker *w, const struct job *job)
{
	memcpy(w->nexthop, job->nexthop, sizeof(w->nexthop));
	memcpy(w->source, job->source, sizeof(w->source));
	w->port = job->port;
	w->transport = job->transport;
	w->demand = job->tls;
	w->login_id = w->login.id;
}

static void
settle_with_why(struct job_out *j, const struct why *why)
{
	for (size_t i = 0; i < j->in.head.nrcpts; i++)
		if (!j->settled[i])
			outcome_from_why(&j->results[i], why, "");
}

static void
log_talk(const char *event, const struct talk *t, const char *id)
{
	bool tls = t->no_tls == NULL;

	log_info(LF_STR("event", event), LF_STR("id", id),
	    LF_STR("remote", t->remote),
	    LF_STR("tls", tls ? t->tls.version : "none"),
	    LF_STR("cipher", tls ? t->tls.cipher : NULL),
	    LF_STR("verified", tls ? secure_proof_name(t->proven) : NULL),
	    LF_STR("mech", t->mech),
	    LF_STR("why", tls ? t->tls_why : t->no_tls));
}

/*
 * A host with which TLS fails is tried again without, if nobody demands it:
 * what is not verified is worth no delay.
 */
static int
open_next(struct worker *w, struct route_plan *plan, const struct job *job,
    struct why *why)
{
	const struct connect_by by = { .dns = &w->dns, .conf = w->conf,
		.link = &w->link };
	struct talk_start start = { .fd = -1, .link = &w->link,
		.lmtp = job->transport == TRANSPORT_LMTP,
		.looked_up = plan->hosts.looked_up,
		.hostname = conf_str(w->conf, "hostname"),
		.tls = w->tls, .secure = &plan->secure, .login = &w->login };
	char remote[REMOTE_SIZE], without[REMOTE_SIZE] = "";

	for (;;) {
		if (connect_next(plan, &by, &start.fd, remote, why) != 0)
			return -1;
		start.remote = remote;
		/* It may have gone meanwhile; the next one has done nothing. */
		start.plain = strcmp(remote, without) == 0;
		start.host = plan->name;
		if (talk_open(&w->talk, &start, why) == 0) {
			log_talk("connected", &w->talk, job->id);
			remember_destination(w, job);
			return 0;
		}
		log_info(LF_STR("event", "host-failed"),
		    LF_STR("id", job->id), LF_STR("remote", remote),
		    LF_STR("why", why->text));
		if (w->talk.login_refused)
			return -1;	/* nor would the next one */
		if (w->talk.tls_failed && plan->secure.least == SECURE_MAY) {
			memcpy(without, remote, sizeof(without));
			connect_step_back(plan);
		} else
			connect_failed(plan, why);
	}
}

/* A connection of before may have been ended by the other side meanwhile. */
static bool
send_on_kept(struct worker *w, struct job_out *j, enum outcome_talk *end)
{
	struct why why;

	if (!same_destination(w, &j->in.head)) {
		talk_close(&w->talk);
		return false;
	}
	*end = talk_send(&w->talk, j, &why);
	if (*end == TALK_NEXT_HOST) {
		talk_close(&w->talk);
		return false;
	}
	log_talk("sent", &w->talk, j->in.head.id);
	return true;
}

/* Host after host, until one has decided; why: what they came to if none. */
static enum outcome_talk
send_to_plan(struct worker *w, struct job_out *j, struct route_plan *plan,
    struct why *why)
{
	enum outcome_talk end = TALK_NEXT_HOST;

	while (end == TALK_NEXT_HOST &&
	    open_next(w, plan, &j->in.head, why) == 0) {
		end = talk_send(&w->talk, j, why);
		if (end == TALK_NEXT_HOST) {
			talk_close(&w->talk);
			connect_failed(plan, why);
		} else
			log_talk("sent", &w->talk, j->in.head.id);
	}
	return end;
}

/*
 * RFC 5321 5.1: the hosts of a site are tried until an attempt succeeds: also
 * when one puts us off, before the message went out; but not all of a big site.
 */
static enum outcome_talk
send_on_new(struct worker *w, struct job_out *j, struct why *why)
{
	struct route_plan plan;
	enum outcome_talk end, next;
	struct why unheard;

	if (connect_plan(&plan, &j->in.head, &w->dns, w->conf, why) != 0)
		return TALK_NEXT_HOST;
	end = send_to_plan(w, j, &plan, why);
	for (int n = 1; end != TALK_NEXT_HOST && n < TALKS_MAX &&
	    connect_has_more(&plan) && job_soften(j); n++) {
		talk_close(&w->talk);
		connect_skip_host(&plan);
		next = send_to_plan(w, j, &plan, &unheard);
		job_harden(j);
		end = next == TALK_NEXT_HOST ? TALK_CLOSED : next;
	}
	return end;
}

/* What lookupd has to say of the job before anything of it may leave. */
static int
prepare(struct worker *w, struct job_out *j, struct why *why)
{
	if (credential_ask(&w->lookup, j->in.head.auth, w->seed, &w->login,
	    why) != 0)
		return -1;
	return w->generic ? generic_apply(&w->lookup, j, why) : 0;
}

/* true: nobody of the site could be reached. */
static bool
send_job(struct worker *w, struct job_out *j)
{
	enum outcome_talk end;
	struct why why;

	if (prepare(w, j, &why) != 0) {
		settle_with_why(j, &why);
		return false;
	}
	if (!send_on_kept(w, j, &end))
		end = send_on_new(w, j, &why);
	if (end == TALK_CLOSED)
		talk_close(&w->talk);
	if (end != TALK_NEXT_HOST)
		return false;
	settle_with_why(j, &why);
	return why.kind == WHY_TEMP;
}

/*
 * Without names a next job could only fail; and where this one did, that is no
 * word about the site.  Without lookupd nothing may leave.  Where one of them has
 * ended qmgr tries again, with the next one; one that is there and does not
 * answer is told as the reason why the mail waits.
 */
static bool
lost_a_helper(const struct worker *w, bool down)
{
	return (down && w->dns.fd < 0 && !w->dns.late) ||
	    (w->asks && w->lookup.fd < 0 && !w->lookup.late);
}

_Noreturn void
worker_run(const struct worker_channels *c, const struct conf_view *conf,
    const struct tls_client *tls)
{
	struct worker *w = xcalloc(1, sizeof(*w));
	struct job_out j;
	struct why why;
	bool down, spoke, more = true;

	w->conf = conf;
	w->tls = tls;
	ipc_client_init(&w->link.qmgr, c->qmgr, "qmgr");
	w->link.qmgr.in_groups = true;
	ipc_client_init(&w->dns, c->dns, "dnsd");
	ipc_client_init(&w->lookup, c->lookup, "lookupd");
	w->asks = c->lookup >= 0;
	w->generic = c->generic;
	rand_octets(w->seed, sizeof(w->seed));
	ipc_client_init(&w->link.parent, c->parent, "smtp-out");
	while (more && job_receive(&w->link, w->talk.open ?
	    w->talk.stream.fd : -1, &spoke, &j, &why) == JOB_GOT) {
		if (spoke)
			talk_close(&w->talk);
		down = send_job(w, &j);
		credential_fini(&w->login);
		more = w->talk.open && w->dns.fd >= 0 &&
		    (!w->asks || w->lookup.fd >= 0);
		if (lost_a_helper(w, down))
			more = false;
		else if (job_report(&w->link, &j, more, down &&
		    !w->dns.late) != 0)
			more = false;
		job_fini(&j);
	}
	talk_close(&w->talk);
	_exit(0);
}
