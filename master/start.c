/*
 * start - one daemon's way into the suite: spawned with a channel to master
 * and one to logd, and, when it says hello, told who it is, what it may know
 * and whom it may talk to.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "ipc/schema.h"
#include "master/certs.h"
#include "master/master.h"
#include "master/reload.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/sink.h"
#include "os/sock.h"

#define READY_MS	300000	/* qmgr reads its queue first */
#define SUCCESSOR_MS	1000	/* at most one in that time */
/* Of one row; the places of other rows' restarts are not theirs to take. */
#define DRAINING_MAX	4
#define FD_ERR		2
/* A sanitizer's report has no other way out than standard error. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEP_STDERR	true
#else
#define KEEP_STDERR	false
#endif

struct slot *
slot_of(struct master *m, enum role role)
{
	for (size_t i = 0; i < topology_rows_n; i++)
		if (topology_rows[i].role == role)
			return &m->slots[i];
	return NULL;
}

/*
 * A daemon that did not get what it needs would serve in half: it is ended,
 * and gets all of it when it is started again.
 */
void
proc_tell(struct proc *p, const struct ipc_type *t, const void *msg, int fd)
{
	if (p->peer == NULL || ipc_send(p->peer, t, 0, msg, fd) == 0)
		return;
	log_error(LF_STR("event", "not-told"),
	    LF_STR("daemon", role_name(p->slot->row->role)),
	    LF_STR("type", t->name));
	(void)spawn_kill(p->pid, SIGKILL);	/* it may be at its end already */
}

void
proc_give_peer(struct proc *p, enum role role, int fd)
{
	const struct super_peer msg = { .role = (uint8_t)role };

	proc_tell(p, &super_peer_type, &msg, fd);
}

/* ------------------------------------------------------------------- logd */

static struct proc *
logd_of(struct master *m)
{
	return slot_of(m, ROLE_LOGD)->now;
}

/* Our end of a channel to logd for that role; logd gets (or keeps for its
 * hello) the other. */
static int
log_channel(struct master *m, enum role role)
{
	struct proc *logd = logd_of(m);
	int pair[2];

	if (fd_pair(pair) != 0)
		return -1;
	if (sock_want_credentials(pair[0]) != 0)
		log_error(LF_STR("event", "no-sender-pids"));
	if (logd != NULL && logd->state != PROC_SPAWNED) {
		proc_give_peer(logd, role, pair[0]);
	} else if (logd != NULL && logd->nwaiting < COUNT(logd->waiting)) {
		logd->waiting[logd->nwaiting].role = role;
		logd->waiting[logd->nwaiting++].fd = pair[0];
		return pair[1];
	}
	fd_close(&pair[0]);
	return pair[1];
}

int
log_channel_for_master(struct master *m)
{
	int fd = log_channel(m, ROLE_MASTER);

	if (fd < 0)
		return -1;
	sink_channel(fd);
	return 0;
}

static const struct super_log take_log = { 0 };

static void
give_log(struct master *m, struct proc *p)
{
	int fd = log_channel(m, p->slot->row->role);

	if (fd < 0)
		return;
	proc_tell(p, &super_log_type, &take_log, fd);
	fd_close(&fd);
}

/* A logd that was started anew: all others write to it from now on. */
static void
rewire_logs(struct master *m)
{
	if (log_channel_for_master(m) != 0)
		log_error(LF_STR("event", "no-log-channel"),
		    LF_STR("why", strerror(errno)));
	for (size_t i = 0; i < PROCS_MAX; i++) {
		struct proc *p = m->procs[i];

		if (p != NULL && p->slot->row->role != ROLE_LOGD)
			give_log(m, p);
	}
}

/* ------------------------------------------------------------------ spawn */

static struct proc *
proc_new(struct master *m, struct slot *s)
{
	for (size_t i = 0; i < PROCS_MAX; i++) {
		if (m->procs[i] != NULL)
			continue;
		m->procs[i] = xcalloc(1, sizeof(*m->procs[i]));
		m->procs[i]->master = m;
		m->procs[i]->slot = s;
		m->procs[i]->since_ms = clock_mono_ms();
		m->procs[i]->state = PROC_SPAWNED;
		return m->procs[i];
	}
	return NULL;
}

static pid_t
spawn_row(struct master *m, const struct topology_row *row, int chan, int log)
{
	char path[PATH_SIZE + 64], program[64], word[64];
	char *argv[] = { program, row->word != NULL ? word : NULL, NULL };
	bool err = KEEP_STDERR || row->role == ROLE_LOGD;
	int fds[] = { -1, -1, err ? FD_ERR : -1, chan, log };

	(void)snprintf(path, sizeof(path), "%s/%s", m->libexec, row->program);
	span_copy_cut(span_str(row->program), program, sizeof(program));
	if (row->word != NULL)
		span_copy_cut(span_str(row->word), word, sizeof(word));
	return spawn(path, argv, fds, COUNT(fds));
}

int
slot_start(struct master *m, struct slot *s)
{
	struct proc *p = proc_new(m, s);
	int pair[2] = { -1, -1 }, log = -1;

	if (p == NULL || fd_pair(pair) != 0) {
		log_error(LF_STR("event", "cannot-start"),
		    LF_STR("daemon", role_name(s->row->role)),
		    LF_STR("why", p == NULL ? "too many that drain" :
		    strerror(errno)));
		goto out;
	}
	s->now = p;
	s->instance++;
	log = log_channel(m, s->row->role);
	p->pid = spawn_row(m, s->row, pair[1], log);
	if (p->pid < 0) {
		log_error(LF_STR("event", "cannot-start"),
		    LF_STR("daemon", role_name(s->row->role)),
		    LF_STR("why", strerror(errno)));
		goto out;
	}
	p->peer = ipc_server_add(m->server, pair[0], s->row->role);
	pair[0] = -1;
	if (p->peer != NULL)
		ipc_peer_set(p->peer, p);
	proc_deadline(p, READY_MS);
	if (s->row->role == ROLE_LOGD)
		rewire_logs(m);
out:
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	fd_close(&log);
	if (p != NULL && p->pid > 0)
		return 0;
	s->now = NULL;
	if (p != NULL)
		proc_free(m, p);
	return -1;
}

/* Of one row, with those that drain. */
static size_t
count_procs(const struct master *m, const struct slot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < PROCS_MAX; i++)
		if (m->procs[i] != NULL && m->procs[i]->slot == s)
			n++;
	return n;
}

bool
slot_succeed(struct master *m, struct slot *s)
{
	int64_t now = clock_mono_ms();
	struct proc *old = s->now;

	if (s->now == NULL || s->now->state != PROC_READY || m->stopping)
		return false;
	if ((s->successor_ms != 0 && now - s->successor_ms < SUCCESSOR_MS) ||
	    count_procs(m, s) > DRAINING_MAX) {
		log_warn(LF_STR("event", "successor-refused"),
		    LF_STR("daemon", role_name(s->row->role)),
		    LF_STR("why", "too often"));
		return false;
	}
	s->successor_ms = now;
	log_info(LF_STR("event", "successor"),
	    LF_STR("daemon", role_name(s->row->role)),
	    LF_INT("of", s->now->pid));
	if (slot_start(m, s) == 0)
		return true;
	s->now = old;
	return false;
}

/* ------------------------------------------------------------------ hello */

static int
send_setting(const char *name, const char *value, void *ctx)
{
	struct super_setting msg = { { 0 }, { 0 } };

	span_copy_cut(span_str(name), msg.name, sizeof(msg.name));
	span_copy_cut(span_str(value), msg.value, sizeof(msg.value));
	proc_tell(ctx, &super_setting_type, &msg, -1);
	return 0;
}

void
proc_send_settings(struct master *m, struct proc *p)
{
	const struct super_go go = { 0 };

	/* send_setting always returns 0. */
	(void)conf_each(m->conf, p->slot->row->role, send_setting, p);
	if (p->slot->row->role == ROLE_KEYD) {
		certs_begin(m);
		p->judging++;
	}
	files_send(m, p);
	proc_tell(p, &super_go_type, &go, -1);
}

static const char *
jail_of(const struct master *m, enum jail jail)
{
	switch (jail) {
	case JAIL_EMPTY:
		return conf_str(m->conf, "empty_dir");
	case JAIL_MAPS:
		return conf_str(m->conf, "map_dir");
	case JAIL_QUEUE:
		return conf_str(m->conf, "queue_dir");
	case JAIL_ROOT:
		break;
	}
	return "";
}

static void
send_identity(struct master *m, struct proc *p)
{
	const struct slot *s = p->slot;
	struct super_identity id = {
		.drop = m->root,
		.uid = s->uid,
		.gid = s->gid,
		.required = strcmp(conf_str(m->conf, "confinement"),
		    "required") == 0,
		.namespaced = m->root && s->row->owners != OWNERS_NONE &&
		    !s->no_namespace,
		.instance = s->instance,
	};

	if (m->root)
		span_copy_cut(span_str(jail_of(m, s->row->jail)), id.jail,
		    sizeof(id.jail));
	proc_tell(p, &super_identity_type, &id, -1);
	for (size_t i = 0; i < s->nuids + s->ngids; i++) {
		bool group = i >= s->nuids;
		const struct id_range *r = group ? &s->gids[i - s->nuids] :
		    &s->uids[i];
		const struct super_range msg = { .group = group,
			.first = r->first, .count = r->count };

		proc_tell(p, &super_range_type, &msg, -1);
	}
}

static void
send_listeners(struct master *m, struct proc *p)
{
	struct super_listener msg;

	for (size_t i = 0; i < m->nlisteners; i++) {
		const struct listener *l = &m->listeners[i];

		if ((p->slot->row->listeners & LISTENER_BIT(l->kind)) == 0)
			continue;
		msg = (struct super_listener){ .kind = (uint8_t)l->kind };
		span_copy_cut(span_str(l->name), msg.name, sizeof(msg.name));
		proc_tell(p, &super_listener_type, &msg, l->fd);
	}
}

static enum verdict
on_hello(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct super_hello *hello = msg->body;
	struct master *m = ctx;
	struct proc *p = ipc_peer_get(peer);

	if (p == NULL || p->state != PROC_SPAWNED)
		return VERDICT_CLOSE;
	if (hello->schema != ipc_schema()) {
		log_error(LF_STR("event", "other-build"),
		    LF_STR("daemon", role_name(p->slot->row->role)));
		return VERDICT_CLOSE;
	}
	send_identity(m, p);
	edges_send(m, p);
	send_listeners(m, p);
	p->state = PROC_WIRED;
	proc_send_settings(m, p);
	return VERDICT_OK;
}

static enum verdict
on_map_me(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct proc *p = ipc_peer_get(peer);
	struct master *m = ctx;
	struct id_range uids[RANGES_MAX], gids[RANGES_MAX];
	struct super_mapped answer = { .ok = 1 };
	struct slot *s;
	struct why why;

	(void)msg;
	if (p == NULL || p->state != PROC_WIRED ||
	    p->slot->row->owners == OWNERS_NONE)
		return VERDICT_CLOSE;
	s = p->slot;
	uids[0] = (struct id_range){ s->uid, 1 };
	gids[0] = (struct id_range){ s->gid, 1 };
	memcpy(uids + 1, s->uids, s->nuids * sizeof(uids[0]));
	memcpy(gids + 1, s->gids, s->ngids * sizeof(gids[0]));
	if (namespace_map(p->pid, uids, s->nuids + 1, gids, s->ngids + 1,
	    &why) != 0) {
		answer.ok = 0;
		span_copy_cut(span_str(why.text), answer.text,
		    sizeof(answer.text));
		/* The next one stays outside, if the settings allow that. */
		s->no_namespace = strcmp(conf_str(m->conf, "confinement"),
		    "required") != 0;
		log_error(LF_STR("event", "no-namespace"),
		    LF_STR("daemon", role_name(s->row->role)),
		    LF_STR("why", why.text));
	}
	proc_tell(p, &super_mapped_type, &answer, -1);
	return VERDICT_OK;
}

static enum verdict
on_ready(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct proc *p = ipc_peer_get(peer);

	(void)msg;
	if (p == NULL || (p->state != PROC_WIRED &&
	    p->state != PROC_DRAINING))
		return VERDICT_CLOSE;
	if (p->state == PROC_WIRED)
		watch_ready(ctx, p);
	return VERDICT_OK;
}

/* Of the clients of one that drains its successor knows how many there are. */
static enum verdict
on_carry(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct proc *p = ipc_peer_get(peer), *now;

	(void)ctx;
	if (p == NULL)
		return VERDICT_CLOSE;
	now = p->slot->now;
	if (now != NULL && now != p && now->peer != NULL)
		/* It counts too few if it cannot be told. */
		(void)ipc_send(now->peer, &super_carry_type, 0, msg->body,
		    -1);
	return VERDICT_OK;
}

static enum verdict
on_successor(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct proc *p = ipc_peer_get(peer);

	(void)msg;
	if (p == NULL || p->slot->row->listeners == 0)
		return VERDICT_CLOSE;
	if (p->slot->now == p && slot_succeed(ctx, p->slot))
		p->slot->restarts++;	/* else it has one already */
	return VERDICT_OK;
}

/* One that is about to be reaped cannot be told: then it has not lost it. */
static void
give_log_again(struct master *m, struct proc *p)
{
	int fd = log_channel(m, p->slot->row->role);

	if (fd >= 0 && ipc_send(p->peer, &super_log_type, 0, &take_log,
	    fd) == 0)
		log_warn(LF_STR("event", "log-channel-ended"),
		    LF_STR("daemon", role_name(p->slot->row->role)),
		    LF_INT("pid", p->pid));
	fd_close(&fd);
}

/*
 * One of the processes that share that channel has ended it: those that live
 * get another.
 */
static enum verdict
on_log_ended(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct super_log_ended *ended = msg->body;
	struct master *m = ctx;

	(void)peer;
	for (size_t i = 0; i < PROCS_MAX && !m->stopping; i++) {
		struct proc *p = m->procs[i];

		if (p != NULL && p->peer != NULL &&
		    p->slot->row->role == ended->role &&
		    ended->role != ROLE_LOGD)
			give_log_again(m, p);
	}
	return VERDICT_OK;
}

static enum verdict
on_pair_ask(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct super_pair_ask *ask = msg->body;
	struct proc *p = ipc_peer_get(peer);

	if (p == NULL)
		return VERDICT_CLOSE;
	files_send_pair(ctx, p, ask->stem);
	return VERDICT_OK;
}

/* All that anybody may say to master. */
#define ANY	((ROLE_BIT(ROLE_COUNT) - 1) & ~ROLE_BIT(ROLE_MASTER))
#define OWNERS	(ROLE_BIT(ROLE_DELIVER) | ROLE_BIT(ROLE_PIPE) | \
		ROLE_BIT(ROLE_POP3_SESSION) | ROLE_BIT(ROLE_IMAP_SESSION))
#define LISTEN	(ROLE_BIT(ROLE_SMTPD) | ROLE_BIT(ROLE_POP3_FRONT) | \
		ROLE_BIT(ROLE_IMAP_FRONT))
const struct ipc_rule master_rules[] = {
	{ ANY, &super_hello_type, 1, on_hello },
	{ OWNERS, &super_map_me_type, 1, on_map_me },
	{ ANY, &super_ready_type, 1, on_ready },
	{ LISTEN, &super_successor_type, 5, on_successor },
	{ LISTEN, &super_carry_type, 2000, on_carry },
	{ ROLE_BIT(ROLE_LOGD), &super_log_ended_type, 0, on_log_ended },
	{ ANY, &super_edge_ended_type, 100, edges_on_ended },
	{ ROLE_BIT(ROLE_KEYD), &super_pair_ask_type, 1000, on_pair_ask },
	{ ROLE_BIT(ROLE_KEYD), &super_refused_type, 1000, reload_on_refused },
	{ ROLE_BIT(ROLE_KEYD), &super_judged_type, 100, reload_on_judged },
};
const size_t master_rules_n = COUNT(master_rules);
