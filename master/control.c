/*
 * control - the operator's socket.  A connection brings one request of a
 * fixed size; master answers the few that concern it and hands the others to
 * the daemon concerned, connection and all.  Who may connect is decided by
 * the kernel (owner, group and mode of the socket).
 */
#include "ipc/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "master/master.h"
#include "master/reload.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/path.h"
#include "os/sock.h"
#include "os/user.h"

#define CONNECTIONS_MAX	16
#define REQUEST_S	5
#define ANSWER_MAX	(256 * KIB)

struct caller {
	struct master *m;
	int	      fd;
	struct event *readable;
	size_t	      have;
	uint8_t	      octets[CONTROL_SIZE];
};

struct control {
	int	      fd;
	struct event *event;
	struct caller *callers[CONNECTIONS_MAX];
	int	      until_stopped[CONNECTIONS_MAX];
	size_t	      nuntil;
};

static void
caller_free(struct caller *c)
{
	struct caller **callers = c->m->control->callers;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (callers[i] == c)
			callers[i] = NULL;
	event_free(c->readable);
	fd_close(&c->fd);
	free(c);
}

/* ----------------------------------------------------------------- verbs */

static void
status_line(struct buf *out, const struct slot *s, const struct proc *p)
{
	static const char *const states[] = {
		[PROC_NONE] = "none", [PROC_SPAWNED] = "starting",
		[PROC_WIRED] = "starting", [PROC_READY] = "ready",
		[PROC_DRAINING] = "draining",
	};

	if (p == NULL)
		buf_addf(out, "%-16s %8s %10s %8llu %s\n",
		    role_name(s->row->role), "-", "-",
		    (unsigned long long)s->restarts, "down");
	else
		buf_addf(out, "%-16s %8ld %10lld %8llu %s\n",
		    role_name(s->row->role), (long)p->pid,
		    (long long)((clock_mono_ms() - p->since_ms) / 1000),
		    (unsigned long long)s->restarts, states[p->state]);
}

static void
do_status(struct caller *c, struct buf *out)
{
	struct master *m = c->m;

	buf_addf(out, "%-16s %8s %10s %8s %s\n", "daemon", "pid", "uptime_s",
	    "restarts", "state");
	buf_addf(out, "%-16s %8ld %10s %8s %s\n", "master",
	    (long)spawn_self(), "-", "-", m->stopping ? "stopping" :
	    m->starting ? "starting" : "ready");
	for (size_t i = 0; i < topology_rows_n; i++) {
		if (m->slots[i].wanted && m->slots[i].now == NULL)
			status_line(out, &m->slots[i], NULL);
		for (size_t j = 0; j < PROCS_MAX; j++)
			if (m->procs[j] != NULL &&
			    m->procs[j]->slot == &m->slots[i])
				status_line(out, &m->slots[i], m->procs[j]);
	}
}

static void
do_reload(struct caller *c, struct buf *out)
{
	struct buf errors;

	buf_init(&errors, ANSWER_MAX / 2);
	if (reload(c->m, &errors) != 0)
		buf_addf(out, CONTROL_ERROR "nothing was changed\n%s",
		    buf_cstr(&errors));
	else
		reload_tell(c->m, fd_dup(c->fd));
	buf_fini(&errors);
}

/* The caller sees the end of its connection when all has stopped. */
static void
do_stop(struct caller *c, struct buf *out)
{
	struct control *all = c->m->control;
	int fd = fd_dup(c->fd);

	(void)out;
	if (fd >= 0 && all->nuntil < COUNT(all->until_stopped))
		all->until_stopped[all->nuntil++] = fd;
	else
		fd_close(&fd);
	fleet_stop(c->m);
}

static const struct {
	const char *verb;
	void (*run)(struct caller *c, struct buf *out);
} own_verbs[] = {
	{ "status", do_status },
	{ "reload", do_reload },
	{ "stop", do_stop },
};

/* Verbs that begin so are for that daemon. */
static const struct {
	const char *prefix;
	enum role   role;
} passed_on[] = {
	{ "queue-", ROLE_QMGR },
	{ "lookup-", ROLE_LOOKUPD },
	{ "smtpd-", ROLE_SMTPD },
	{ "out-", ROLE_SMTP_OUT },
};

static bool
pass_on(struct caller *c, const struct super_control *request,
    struct buf *out)
{
	struct slot *s = NULL;

	for (size_t i = 0; i < COUNT(passed_on) && s == NULL; i++)
		if (strncmp(request->verb, passed_on[i].prefix,
		    strlen(passed_on[i].prefix)) == 0)
			s = slot_of(c->m, passed_on[i].role);
	if (s == NULL)
		return false;
	if (s->now == NULL || s->now->peer == NULL ||
	    s->now->state != PROC_READY || ipc_send(s->now->peer,
	    &super_control_type, 0, request, c->fd) != 0)
		buf_addf(out, CONTROL_ERROR "%s does not run\n",
		    role_name(s->row->role));
	return true;
}

static void
dispatch(struct caller *c)
{
	struct super_control request;
	struct buf out;

	buf_init(&out, ANSWER_MAX);
	if (control_parse(c->octets, &request) != 0) {
		buf_add_str(&out, CONTROL_ERROR "malformed request\n");
	} else if (!pass_on(c, &request, &out)) {
		size_t i = 0;

		while (i < COUNT(own_verbs) &&
		    strcmp(own_verbs[i].verb, request.verb) != 0)
			i++;
		if (i < COUNT(own_verbs))
			own_verbs[i].run(c, &out);
		else
			buf_add_str(&out, CONTROL_ERROR "no such request\n");
	}
	/* It fits the socket's buffer, or a caller who does not read loses
	   the rest: master does not wait. */
	if (out.n > 0 && fd_write(c->fd, out.p, out.n) < 0)
		log_debug(LF_STR("event", "control-unread"));
	buf_fini(&out);
}

/* ----------------------------------------------------------- connections */

static void
on_request(evutil_socket_t fd, short what, void *arg)
{
	struct caller *c = arg;
	ssize_t n;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0) {
		caller_free(c);
		return;
	}
	n = fd_read(c->fd, c->octets + c->have, CONTROL_SIZE - c->have);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		c->have += (size_t)n;
	if (n > 0 && c->have < CONTROL_SIZE)
		return;
	if (c->have == CONTROL_SIZE)
		dispatch(c);
	caller_free(c);
}

static void
on_caller(evutil_socket_t listener, short what, void *arg)
{
	const struct timeval limit = { .tv_sec = REQUEST_S };
	struct master *m = arg;
	struct caller **callers = m->control->callers;
	struct sock_addr from;
	struct caller *c;
	uint32_t uid;
	size_t i = 0;
	int fd = sock_accept(listener, &from);

	(void)what;
	while (i < CONNECTIONS_MAX && callers[i] != NULL)
		i++;
	if (fd < 0 || i == CONNECTIONS_MAX || sock_peer_uid(fd, &uid) != 0) {
		fd_close(&fd);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->m = m;
	c->fd = fd;
	c->readable = event_new(m->base, fd, EV_READ | EV_PERSIST, on_request,
	    c);
	if (c->readable == NULL || event_add(c->readable, &limit) != 0)
		die(EXIT_OSERR, "event_new failed");
	callers[i] = c;
	log_debug(LF_STR("event", "control"), LF_NUM("uid", uid));
}

static int
give_to_group(const char *path, const char *group)
{
	uint32_t gid;

	if (group_by_name(group, &gid) != 0)
		return -1;
	return path_set_group(path, gid, 0660);
}

int
control_open(struct master *m, struct buf *errors)
{
	const char *run = conf_str(m->conf, "run_dir");
	const char *group = conf_str(m->conf, "operator_group");
	struct control *all = xcalloc(1, sizeof(*all));
	char path[128];
	struct why why;

	(void)snprintf(path, sizeof(path), "%s/" CONTROL_NAME, run);
	all->fd = sock_listen_local(path, 0600, &why);
	if (all->fd < 0) {
		buf_addf(errors, "%s: %s\n", path, why.text);
		free(all);
		return -1;
	}
	m->control = all;
	if (*group != '\0' && give_to_group(path, group) != 0) {
		buf_addf(errors, "%s: cannot be given to group %s\n", path,
		    group);
		return -1;
	}
	all->event = event_new(m->base, all->fd, EV_READ | EV_PERSIST,
	    on_caller, m);
	if (all->event == NULL || event_add(all->event, NULL) != 0)
		die(EXIT_OSERR, "event_new failed");
	return 0;
}

void
control_close(struct master *m)
{
	struct control *all = m->control;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (all->callers[i] != NULL)
			caller_free(all->callers[i]);
	event_free(all->event);
	fd_close(&all->fd);
	while (all->nuntil > 0)
		fd_close(&all->until_stopped[--all->nuntil]);
	free(all);
	m->control = NULL;
}
