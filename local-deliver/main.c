/*
 * local-deliver - final delivery: into a Maildir, by a forward file, to a program.
 * runs as   role deliver: _paqdlv in a user namespace that holds the mailbox
 *           owners; a worker is one owner in that owner's Maildir as its root.
 *           role pipe: _paqpipe in a namespace that holds pipe_user; a worker
 *           is pipe_user, with a filter that only refuses what no program of
 *           a user needs
 * reads     LOCAL_WORKER, then JOBs (qmgr) with the queue file open for reading;
 *           the owner's .forward, before the Maildir becomes the root
 * writes    that Maildir; RESULTs to qmgr; role pipe: a pipe to the program
 * never     has a socket; opens the queue; runs a shell, or a word from a message
 * flow      qmgr -> main.c (fork) -> owner.c -> worker.c -> job.c ->
 *           deliver_forward.c (rules.c) -> deliver_maildir.c (body.c) or
 *           deliver_pipe.c -> outcome.c -> qmgr
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "daemon/workers.h"
#include "ipc/msg_deliver.h"
#include "local-deliver/limits.h"
#include "local-deliver/owner.h"
#include "local-deliver/worker.h"
#include "os/fd.h"
#include "os/user.h"
#include "store/layout.h"
#include "store/quota.h"

static const struct service deliver = {
	.name = "local-deliver", .role = ROLE_DELIVER,
	.sandbox = SANDBOX_OWNER, .mem_max_octets = 1024 * MIB,
	.nofile = 1024, .nproc = 6000, .file_max_octets = SERVICE_FILE_MAX,
	.in_batches = true,
};

static const struct service pipes = {
	.name = "local-deliver", .role = ROLE_PIPE,
	.sandbox = SANDBOX_PROGRAMS, .nofile = 1024, .nproc = 6000,
	.file_max_octets = CONFINE_ANY_SIZE,	/* the programs' own affair */
};

static struct {
	const struct service *svc;
	struct mail_roots roots;
	struct user pipe_user;
	struct confine_filter *files;	/* of the workers of mailboxes */
	struct workers *workers;
} state;

static bool
in_ranges(bool group, uint32_t id)
{
	struct id_range r[16];
	size_t n = service_ranges(group, r, COUNT(r));

	for (size_t i = 0; i < n; i++)
		if (id - r[i].first < r[i].count)
			return true;
	return false;
}

/* The kernel would refuse too; here it is said. */
static bool
may_be_owner(const struct local_worker *w)
{
	return !service_privileged() ||
	    (in_ranges(false, w->uid) && in_ranges(true, w->gid));
}

/* A mailbox that nobody has limited yet. */
static void
limit(struct owner *o, const struct local_worker *w)
{
	const struct conf_view *conf = service_conf();
	struct why why;

	o->wait_when_full = strcmp(conf_str(conf, "quota_full"), "wait") == 0;
	o->warn_percent = (unsigned)conf_num(conf, "quota_warning");
	if (o->root >= 0 && quota_limit(o->root, false,
	    conf_num(conf, "quota"), conf_num(conf, "quota_messages"),
	    &why) != 0)
		log_warn(LF_STR("event", "no-quota"), LF_STR("user", w->user),
		    LF_STR("why", why.text));
}

_Noreturn static void
serve_mailbox(const struct local_worker *w, int qmgr)
{
	int keep[MAIL_ROOTS_MAX + 1];
	struct owner o;

	keep[0] = qmgr;
	for (size_t i = 0; i < state.roots.n; i++)
		keep[1 + i] = state.roots.fd[i];
	service_after_fork(keep, 1 + state.roots.n);
	owner_become(&o, w, &state.roots, state.files, service_privileged());
	limit(&o, w);
	worker_mailbox(qmgr, &o);
	owner_fini(&o);
	_exit(0);
}

_Noreturn static void
serve_program(int qmgr)
{
	struct why why;

	service_after_fork(&qmgr, 1);
	if (confine_become_owner(state.pipe_user.uid, state.pipe_user.gid,
	    !service_privileged(), &why) != 0 ||
	    confine_enter_mailbox(-1, !service_privileged(), &why) != 0)
		die(EXIT_OSERR, "pipe_user: %s", why.text);
	worker_pipe(qmgr, service_conf());
	_exit(0);
}

static bool
start_worker(const void *who, int qmgr)
{
	pid_t pid = spawn_fork();

	if (pid == 0) {
		if (state.svc->role == ROLE_PIPE)
			serve_program(qmgr);
		serve_mailbox(who, qmgr);
	}
	if (pid < 0)
		log_warn(LF_STR("event", "no-worker"),
		    LF_STR("why", strerror(errno)));
	return pid > 0;
}

static size_t
most_workers(void)
{
	return (size_t)conf_num(service_conf(), "deliver_max");
}

static const struct workers_ops starts = {
	.most = most_workers, .start = start_worker,
};

static enum verdict
on_local_worker(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct local_worker *who = msg->body;

	(void)peer;
	(void)ctx;
	/* The channel is closed on return: qmgr sees that it has no worker. */
	if ((state.svc->role != ROLE_PIPE && !may_be_owner(who)) ||
	    workers_add(state.workers, who, msg->fd) != 0)
		log_warn(LF_STR("event", "worker-refused"),
		    LF_STR("user", who->user), LF_NUM("uid", who->uid),
		    LF_NUM("workers", workers_running(state.workers)));
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

static const struct ipc_rule rules[] = {
	{ ROLE_BIT(ROLE_QMGR), &local_worker_type, 0, on_local_worker },
};

static void
open_roots(const struct conf_view *conf)
{
	layout_set(conf_str(conf, "mailbox_layout"),
	    conf_str(conf, "mailbox_names"), conf_str(conf, "mailbox_escape"));
	for (size_t i = 0; i < conf_count(conf, "mailbox_roots"); i++)
		mail_roots_use(&state.roots,
		    conf_item(conf, "mailbox_roots", i));
	state.roots.fd[state.roots.n] = -1;
}

static void
find_pipe_user(const struct conf_view *conf)
{
	const char *name = conf_str(conf, "pipe_user");

	if (user_by_name(name, &state.pipe_user) != 0)
		die(EXIT_CONFIG, "pipe_user: there is no user %s", name);
}

int
main(int argc, char **argv)
{
	const struct service_events events = { .child = on_child };
	struct ipc_server *srv;
	struct why why;

	state.svc = argc == 2 && strcmp(argv[1], "pipe") == 0 ? &pipes :
	    &deliver;
	service_begin(state.svc, argc, argv);
	if (state.svc->role == ROLE_PIPE) {
		find_pipe_user(service_conf());
		service_confine(NULL, NULL);
	} else {
		open_roots(service_conf());
		service_confine(NULL, state.roots.fd);
		state.files = confine_filter_new(SANDBOX_FILES, &why);
		if (state.files == NULL)
			die(EXIT_OSERR, "%s", why.text);
	}

	state.workers = workers_new(&starts, sizeof(struct local_worker));
	srv = ipc_server_new(service_base(), rules, COUNT(rules), NULL);
	service_serve(srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&srv);
	workers_free(&state.workers);
	confine_filter_free(&state.files);
	return service_end();
}
