/*
 * smtp-out - sends mail to other hosts by SMTP and LMTP.
 * runs as   _paqout in an empty directory; may make connections, open no file
 * reads     certificates of authorities, as a descriptor from master;
 *           OUT_WORKER and JOBs (qmgr) with the queue file open for reading;
 *           DNS_ANSWER (dnsd); REWRITTEN and RELAY_SECRET (lookupd, where the
 *           maps generic and relay_auth say something about the job); what
 *           other mail servers say
 * writes    the message to other mail servers; RESULTs to qmgr; DNS_ASK;
 *           REWRITE, RELAY_ASK
 * never     writes a file; sees a mailbox, another job's file, a password but
 *           that for the relay of its job
 * flow      qmgr -> main.c (fork) -> worker.c -> job.c -> credential.c (as
 *           whom), generic.c (other addresses) -> target.c (which hosts) ->
 *           connect.c -> secure.c (what TLS) -> talk_open.c ->
 *           authenticate.c -> talk.c -> downgrade.c (to 7 bits, if need be),
 *           body.c -> outcome.c -> qmgr
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "daemon/workers.h"
#include "ipc/chan.h"
#include "ipc/control.h"
#include "ipc/msg_deliver.h"
#include "net/tls_client.h"
#include "os/fd.h"
#include "os/fs.h"
#include "smtp-out/explain.h"
#include "smtp-out/limits.h"
#include "smtp-out/orphans.h"
#include "smtp-out/worker.h"

static const struct service smtp_out = {
	.name = "smtp-out", .role = ROLE_SMTP_OUT, .sandbox = SANDBOX_NET,
	.mem_max_octets = 512 * MIB, .nofile = 16384, .nproc = 6000,
	.in_batches = true,
};

static struct {
	struct ipc_server *srv;
	struct tls_client *tls;
	struct workers	  *workers;
} state;

/* What master has opened, at start and at each reload; else as before. */
static void
load_authorities(void)
{
	int fd = service_take_file("ca");
	struct buf pem;

	if (fd < 0)
		return;		/* master has said why, or there is none */
	buf_init(&pem, TLS_CA_FILE_MAX);
	if (fs_slurp_fd(fd, &pem) != 0 ||
	    tls_client_trust(state.tls, buf_span(&pem)) == 0)
		log_error(LF_STR("event", "no-authorities"),
		    LF_STR("why", "no certificates in it, or unreadable"));
	buf_fini(&pem);
	fd_close(&fd);
}

static void
on_reload(void *ctx)
{
	(void)ctx;
	load_authorities();
}

/* In the child: keep the channels and nothing of the parent. */
_Noreturn static void
become_worker(struct worker_channels c)
{
	const int keep[4] = { c.qmgr, c.dns, c.parent, c.lookup };

	service_after_fork(keep, c.lookup >= 0 ? 4 : 3);
	worker_run(&c, service_conf(), state.tls);
}

/* Whom to ask for names, and what stands for an address. */
static bool
can_start(const void *who)
{
	const struct out_worker *worker = who;

	return ipc_server_peer(state.srv, ROLE_DNSD) != NULL &&
	    ((!worker->generic && !worker->auth) ||
	    ipc_server_peer(state.srv, ROLE_LOOKUPD) != NULL);
}

static size_t
most_workers(void)
{
	return (size_t)conf_num(service_conf(), "smtp_out_max");
}

static bool
start_worker(const void *who, int qmgr)
{
	const struct out_worker *worker = who;
	struct ipc_peer *dnsd = ipc_server_peer(state.srv, ROLE_DNSD);
	struct ipc_peer *lookupd = ipc_server_peer(state.srv, ROLE_LOOKUPD);
	struct worker_channels c = { .qmgr = qmgr, .dns = -1, .lookup = -1,
		.parent = -1, .generic = worker->generic != 0 };
	int pair[2] = { -1, -1 };
	pid_t pid = -1;

	if ((c.dns = chan_introduce(dnsd)) < 0 ||
	    ((worker->generic || worker->auth) &&
	    (c.lookup = chan_introduce(lookupd)) < 0) || fd_pair(pair) != 0)
		goto out;
	c.parent = pair[1];
	pid = spawn_fork();
	if (pid == 0)
		become_worker(c);
	if (pid > 0) {
		/* One too many is closed there: its orphans are doubles. */
		(void)ipc_server_add(state.srv, pair[0],
		    ROLE_SMTP_OUT_WORKER);
		pair[0] = -1;
	}
out:
	if (pid < 0)
		log_warn(LF_STR("event", "no-worker"),
		    LF_STR("why", strerror(errno)));
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	fd_close(&c.dns);
	fd_close(&c.lookup);
	return pid > 0;
}

static const struct workers_ops starts = {
	.most = most_workers, .able = can_start, .start = start_worker,
};

static enum verdict
on_out_worker(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	(void)peer;
	(void)ctx;
	if (workers_add(state.workers, msg->body, msg->fd) != 0)
		log_warn(LF_STR("event", "too-many-workers"));
	return VERDICT_OK;
}

static void
on_child(const struct spawn_end *end, void *ctx)
{
	(void)ctx;
	if (end->fault)
		log_error(LF_STR("event", "worker-crashed"),
		    LF_INT("pid", end->pid), LF_INT("signal", end->signal));
	workers_ended(state.workers);
}

/* In the child: name servers answer when they like, so the parent does not. */
_Noreturn static void
answer_operator(const struct super_control *c, int fd, int dns)
{
	const int keep[2] = { fd, dns };
	struct ipc_client client;
	struct buf out;

	service_after_fork(keep, COUNT(keep));
	ipc_client_init(&client, dns, "dnsd");
	buf_init(&out, EXPLAIN_MAX);
	explain(c->args, &client, service_conf(), &out);
	control_answer(fd, buf_span(&out));
	_exit(0);
}

/* An operator asks which hosts take a destination's mail. */
static void
on_control(const struct super_control *c, int fd, void *ctx)
{
	static const char no[] = CONTROL_ERROR "cannot ask dnsd now\n";
	struct ipc_peer *dnsd = ipc_server_peer(state.srv, ROLE_DNSD);
	int dns = -1;
	pid_t pid = -1;

	(void)ctx;
	if (strcmp(c->verb, "out-explain") == 0 && dnsd != NULL &&
	    workers_room(state.workers) &&
	    (dns = chan_introduce(dnsd)) >= 0)
		pid = spawn_fork();
	if (pid == 0)
		answer_operator(c, fd, dns);
	if (pid > 0) {
		workers_count(state.workers);
		fd_close(&fd);
	} else
		control_answer(fd, span_str(no));
	fd_close(&dns);
}

/* A new qmgr hears of what the last one left before it begins anything. */
static void
on_peer(enum role role, int fd, void *ctx)
{
	(void)ctx;
	if (ipc_server_add(state.srv, fd, role) != NULL && role == ROLE_QMGR)
		orphans_tell(state.srv);
	workers_start(state.workers);
}

static void
on_closed(struct ipc_peer *peer, void *ctx)
{
	(void)ctx;
	if (ipc_peer_role(peer) == ROLE_SMTP_OUT_WORKER)
		orphans_end(peer);
}

static const struct ipc_rule rules[] = {
	{ ROLE_BIT(ROLE_QMGR), &out_worker_type, 0, on_out_worker },
	{ ROLE_BIT(ROLE_SMTP_OUT_WORKER), &orphan_type, 1, orphans_begin },
	{ ROLE_BIT(ROLE_SMTP_OUT_WORKER), &orphan_result_type, 1000,
	    orphans_take },
};

int
main(int argc, char **argv)
{
	const struct service_events events = { .child = on_child,
		.peer = on_peer, .reload = on_reload, .control = on_control };

	service_begin(&smtp_out, argc, argv);
	tls_setup();
	state.tls = tls_client_new();
	service_confine(NULL, NULL);
	load_authorities();		/* foreign octets: behind the wall */

	state.workers = workers_new(&starts, sizeof(struct out_worker));
	state.srv = ipc_server_new(service_base(), rules, COUNT(rules), NULL);
	ipc_server_limit(state.srv, ROLE_SMTP_OUT_WORKER, 5000);
	ipc_server_on_close(state.srv, on_closed);
	service_watch_peers(state.srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&state.srv);
	workers_free(&state.workers);
	tls_client_free(&state.tls);
	return service_end();
}
