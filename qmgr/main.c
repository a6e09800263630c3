/*
 * qmgr - owns the queue: takes messages in, finds out where they go, has
 * them delivered, tries again, reports what failed.
 * runs as   _paqqueue in the queue directory, sandbox: files beneath it, fork
 *           (for the sync helper), no socket but socket pairs
 * reads     queue files; NEW, COMMIT, ABORT (smtpd sessions), TARGET, RESOLVED
 *           (lookupd), RESULT, RESULT_FORWARD, JOB_END (workers), ORPHAN
 *           (their parents), orders of operators by way of master
 * writes    queue files; FILE with a descriptor for writing, COMMITTED; RESOLVE;
 *           workers' channels, JOB with a descriptor for reading; text lines
 *           to operators
 * never     parses a message, opens a file outside the queue, talks to a network
 * flow      session -> commit.c (durable? sync.c) -> pass.c -> expand.c (where
 *           to) -> job.c, schedule.c (who goes next) -> dispatch.c -> worker;
 *           its RESULT -> result.c (log of the file) -> pass.c: removed,
 *           reported (report.c), or put back to wait (waiting.c, load.c)
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/rand.h"
#include "qmgr/commit.h"
#include "qmgr/control.h"
#include "qmgr/dispatch.h"
#include "qmgr/expand.h"
#include "qmgr/job.h"
#include "qmgr/limits.h"
#include "qmgr/message.h"
#include "qmgr/orphan.h"
#include "qmgr/pause.h"
#include "qmgr/request.h"
#include "qmgr/sync.h"
#include "qmgr/turn.h"
#include "qmgr/waiting.h"
#include "queue/scan.h"

static const struct service service = {
	.name = "qmgr", .role = ROLE_QMGR, .sandbox = SANDBOX_FILES_FORK,
	.mem_max_octets = 2048 * MIB, .nofile = 32768, .nproc = 8,
	.file_max_octets = SERVICE_FILE_MAX, .in_batches = true,
};

static struct qmgr qmgr;

/* Checked with all settings: those that are in force can be parsed. */
static void
read_rules(struct settings *s, const struct conf_view *v)
{
	size_t n = conf_count(v, "retry_rules");
	struct retry_rule *rules = xcalloc(n + 1, sizeof(*rules));
	const char *wrong;

	for (size_t i = 0; i < n; i++)
		if (retry_rule_parse(conf_item(v, "retry_rules", i),
		    &rules[s->retry.rules_n], &wrong) == 0)
			s->retry.rules_n++;
	s->retry.rules = rules;
	retry_set_longest(&s->retry);
}

/*
 * The words of reports: master has opened the file.  One that is wrong changes
 * nothing, and says so; at the start ours are taken.
 */
static void
read_words(struct settings *s, const struct conf_view *v)
{
	const char *path = conf_str(v, "report_templates");
	int fd = service_take_file("report-templates");
	struct dsn_words_file words;
	char wrong[128] = "cannot be read", *copy;
	struct buf text;

	buf_init(&text, DSN_WORDS_FILE_MAX);
	if (*path == '\0')
		wrong[0] = '\0';
	if (*path == '\0' || (fd >= 0 && fs_slurp_fd(fd, &text) == 0)) {
		copy = xmalloc(text.n + 1);
		if (text.n > 0)
			memcpy(copy, text.p, text.n);
		if (dsn_words_parse(span_of(copy, text.n), &words, wrong) ==
		    0) {
			free(s->words_text);
			s->words_text = copy;
			s->words = words;
			wrong[0] = '\0';
		} else
			free(copy);
	}
	if (wrong[0] != '\0')
		log_error(LF_STR("event", "bad-report-templates"),
		    LF_STR("path", path), LF_STR("why", wrong));
	buf_fini(&text);
	fd_close(&fd);
}

static void
settings_read(struct qmgr *q)
{
	const struct conf_view *v = service_conf();
	struct settings *s = &q->set;

	free((void *)(uintptr_t)s->retry.rules);
	s->retry = (struct retry_conf){
		.notice_s = (int64_t)conf_num(v, "delay_notice"),
		.expire_s = (int64_t)conf_num(v, "expire"),
		.bounce_expire_s = (int64_t)conf_num(v, "bounce_expire"),
	};
	retry_usual(&s->retry.usual, (int64_t)conf_num(v, "retry_min"),
	    (int64_t)conf_num(v, "retry_max"));
	read_rules(s, v);
	span_copy_cut(span_str(conf_str(v, "hostname")), s->hostname,
	    sizeof(s->hostname));
	span_copy_cut(span_str(conf_str(v, "postmaster")), s->postmaster,
	    sizeof(s->postmaster));
	s->free_min_octets = conf_num(v, "queue_free_min");
	s->message_max_octets = conf_num(v, "message_size_max");
	s->messages_max = (size_t)conf_num(v, "queue_messages_max");
	s->active_max = (size_t)conf_num(v, "queue_active_max");
	s->workers_max[CLASS_OUT] = (unsigned)conf_num(v, "smtp_out_max");
	s->workers_max[CLASS_LOCAL] = (unsigned)conf_num(v, "deliver_max");
	s->workers_max[CLASS_PIPE] = PIPES_MAX;
	s->job_ms = (int64_t)conf_num(v, "job_timeout") * 1000;
	s->dest_jobs_max = (unsigned)conf_num(v, "destination_jobs_max");
	schedule_set_window(q->schedule, s->dest_jobs_max);
	read_words(s, v);
}

struct finding {
	struct qmgr *q;
	enum queue_state place;
};

static void
found(const char *id, int64_t next_s, void *ctx)
{
	struct finding *f = ctx;

	ledger_count(f->q, LEDGER_FOUND);
	if (f->place == QUEUE_HOLD)
		f->q->ledger.held++;
	else
		waiting_add(f->q, id, f->place, next_s);
}

/* What the predecessor left, by name and time only. */
static void
recover(struct qmgr *q)
{
	struct finding f = { .q = q };
	static const enum queue_state places[] = { QUEUE_INCOMING,
		QUEUE_DEFERRED, QUEUE_HOLD };
	size_t foreign;

	for (size_t i = 0; i < COUNT(places); i++) {
		f.place = places[i];
		if (queue_scan(&q->queue, f.place, found, &f, &foreign) != 0)
			die(EXIT_IOERR, "queue: %s cannot be read",
			    queue_state_name(f.place));
		if (foreign > 0)
			log_warn(LF_STR("event", "foreign-files"),
			    LF_STR("place", queue_state_name(f.place)),
			    LF_NUM("count", foreign));
	}
	log_info(LF_STR("event", "recovered"),
	    LF_NUM("messages", waiting_count(q->waiting)),
	    LF_NUM("run", q->queue.run));
	waiting_hold_until(q, clock_deadline(ORPHAN_GRACE_MS));
}

static void
on_reload(void *ctx)
{
	settings_read(ctx);
	qmgr_wake(ctx);
}

static void
on_control(const struct super_control *order, int fd, void *ctx)
{
	control_order(ctx, order, fd);
}

static void
on_child(const struct spawn_end *end, void *ctx)
{
	struct qmgr *q = ctx;

	sync_child(q->sync, end);
}

static void
on_stop_check(evutil_socket_t fd, short what, void *arg)
{
	struct qmgr *q = arg;

	(void)fd;
	(void)what;
	if (dispatch_running(q) == 0 || clock_mono_ms() >= q->stop_ms)
		service_loop_end();
}

/* No new jobs; those that run have some seconds to tell their results. */
static void
on_stop(void *ctx)
{
	const struct timeval soon = { .tv_usec = 50000 };
	struct qmgr *q = ctx;

	q->stopping = true;
	q->stop_ms = clock_deadline(STOP_MS);
	dispatch_close_idle(q);
	q->stop = event_new(q->base, -1, EV_PERSIST, on_stop_check, q);
	if (q->stop == NULL || event_add(q->stop, &soon) != 0)
		service_loop_end();
}

static void
on_new_log(void *ctx)
{
	const struct qmgr *q = ctx;

	sync_pass_log(q->sync);
}

static void
parts_new(struct qmgr *q)
{
	rand_octets(q->seed, sizeof(q->seed));
	TAILQ_INIT(&q->ripe);
	TAILQ_INIT(&q->loading);
	TAILQ_INIT(&q->log_open);
	id_maker_init(&q->ids, q->queue.run);
	q->messages = hash_new(WAITING_MAX, q->seed);
	q->schedule = schedule_new(DESTS_MAX, q->seed, job_free_route);
	settings_read(q);
	q->receive = receive_new();
	q->waiting = waiting_new(q->seed);
	q->orphans = orphans_new();
	q->expand = expand_new(q);
	q->dispatch = dispatch_new(q);
	q->control = control_new();
	q->pause = pause_new(q);
	ledger_init(&q->ledger);
	turn_init(q);
}

int
main(int argc, char **argv)
{
	struct qmgr *q = &qmgr;
	const struct service_events events = { .reload = on_reload,
		.control = on_control, .child = on_child, .stop = on_stop,
		.new_log = on_new_log, .ctx = q };
	int keep[2] = { -1, -1 };
	struct why why;

	service_begin(&service, argc, argv);
	keep[0] = fs_open_top(conf_str(service_conf(), "queue_dir"));
	if (keep[0] < 0)
		die(EXIT_CONFIG, "queue_dir: %s: cannot be opened",
		    conf_str(service_conf(), "queue_dir"));
	service_confine(NULL, keep);
	q->base = service_base();
	if (queue_open(&q->queue, keep[0], clock_deadline(LOCK_MS), &why) != 0)
		die(EXIT_TEMPFAIL, "%s", why.text);
	parts_new(q);
	q->sync = sync_new(q->base, &q->queue);
	recover(q);
	q->server = ipc_server_new(q->base, request_rules, request_rules_n, q);
	ipc_server_on_close(q->server, request_peer_gone);
	ipc_server_limit(q->server, ROLE_SMTPD_SESSION, SESSIONS_MAX);
	ipc_server_limit(q->server, ROLE_SMTP_OUT_WORKER, WORKERS_MAX + 1);
	ipc_server_limit(q->server, ROLE_DELIVER_WORKER, WORKERS_MAX + 1);
	service_on(&events);
	service_serve(q->server);
	service_loop();
	return service_end();
}
