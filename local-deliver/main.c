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
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "ipc/msg_deliver.h"
#include "local-deliver/limits.h"
#include "local-deliver/owner.h"
#include "local-deliver/worker.h"
#include "os/fd.h"
#include "os/user.h"
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

struct waiting {
	STAILQ_ENTRY(waiting) next;
	struct local_worker who;
	int qmgr;			/* the channel of a worker to be */
};

static struct {
	const struct service *svc;
	struct mail_roots roots;
	struct user pipe_user;
	struct confine_filter *files;	/* of the workers of mailboxes */
	size_t	    workers;
	STAILQ_HEAD(, waiting) waiting;	/* for a place */
	size_t	    nwaiting;
} state = { .waiting = STAILQ_HEAD_INITIALIZER(state.waiting) };

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

static void
start_worker(const struct local_worker *w, int qmgr)
{
	pid_t pid = spawn_fork();

	if (pid == 0) {
		if (state.svc->role == ROLE_PIPE)
			serve_program(qmgr);
		serve_mailbox(w, qmgr);
	}
	if (pid < 0)	/* qmgr sees the channel's end */
		log_warn(LF_STR("event", "no-worker"),
		    LF_STR("why", strerror(errno)));
	else
		state.workers++;
}

static void
start_waiting(void)
{
	struct waiting *w;

	while ((w = STAILQ_FIRST(&state.waiting)) != NULL &&
	    state.workers < conf_num(service_conf(), "deliver_max")) {
		STAILQ_REMOVE_HEAD(&state.waiting, next);
		state.nwaiting--;
		start_worker(&w->who, w->qmgr);
		fd_close(&w->qmgr);
		free(w);
	}
}

/*
 * qmgr counts too, but a worker that it has let go for this one may not have
 * ended yet: that is not the job's fault.
 */
static enum verdict
on_local_worker(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct local_worker *who = msg->body;
	struct waiting *w;

	(void)peer;
	(void)ctx;
	/* The channel is closed on return: qmgr sees that it has no worker. */
	if (state.nwaiting >= WAITING_MAX ||
	    (state.svc->role != ROLE_PIPE && !may_be_owner(who))) {
		log_warn(LF_STR("event", "worker-refused"),
		    LF_STR("user", who->user), LF_NUM("uid", who->uid),
		    LF_NUM("workers", state.workers));
		return VERDICT_OK;
	}
	w = xcalloc(1, sizeof(*w));
	w->who = *who;
	w->qmgr = *msg->fd;
	*msg->fd = -1;
	STAILQ_INSERT_TAIL(&state.waiting, w, next);
	state.nwaiting++;
	start_waiting();
	return VERDICT_OK;
}

static void
on_child(const struct spawn_end *end, void *ctx)
{
	(void)ctx;
	if (state.workers > 0)
		state.workers--;
	if (end->fault)
		log_error(LF_STR("event", "worker-crashed"),
		    LF_INT("pid", end->pid), LF_INT("signal", end->signal));
	start_waiting();
}

static const struct ipc_rule rules[] = {
	{ ROLE_BIT(ROLE_QMGR), &local_worker_type, 0, on_local_worker },
};

static void
open_roots(const struct conf_view *conf)
{
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

	srv = ipc_server_new(service_base(), rules, COUNT(rules), NULL);
	service_serve(srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&srv);
	confine_filter_free(&state.files);
	return service_end();
}
