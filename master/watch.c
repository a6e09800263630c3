/*
 * watch - the ends: of one daemon (logged, started again with growing delay,
 * its peers rewired by its hello), of one that drains, and of all.
 *
 * Stopping: STOP to all but logd, SIGTERM after 3 seconds, SIGKILL 5 seconds
 * later; logd is last, so that the others' last lines are written.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/log.h"
#include "master/master.h"
#include "master/reload.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/sink.h"

#define BACKOFF_FIRST_MS	100
#define BACKOFF_MOST_MS		30000
#define STEADY_MS		60000	/* a life that long forgets the delay */
#define TERM_MS			3000	/* from STOP to SIGTERM at the end */
#define KILL_MS			5000	/* from SIGTERM to SIGKILL */
#define DRAIN_MS		600000	/* for one that has a successor */

static struct timeval
after(unsigned ms)
{
	return (struct timeval){ .tv_sec = ms / 1000,
		.tv_usec = (suseconds_t)(ms % 1000) * 1000 };
}

/* ----------------------------------------------------- deadlines of a proc */

static void
on_proc_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct proc *p = arg;

	(void)fd;
	(void)what;
	if (p->state == PROC_DRAINING && !p->end_asked) {
		p->end_asked = true;
		(void)spawn_kill(p->pid, SIGTERM);	/* it may be gone */
		proc_deadline(p, KILL_MS);
		return;
	}
	log_error(LF_STR("event", "killed"),
	    LF_STR("daemon", role_name(p->slot->row->role)),
	    LF_INT("pid", p->pid), LF_STR("why",
	    p->state == PROC_DRAINING ? "does not end" :
	    p->peer == NULL ? "closed its channel" : "not ready in time"));
	(void)spawn_kill(p->pid, SIGKILL);	/* as above */
}

void
proc_deadline(struct proc *p, unsigned ms)
{
	struct timeval tv = after(ms);

	if (p->deadline == NULL)
		p->deadline = event_new(p->master->base, -1, 0,
		    on_proc_deadline, p);
	if (p->deadline == NULL || event_add(p->deadline, &tv) != 0)
		die(EXIT_OSERR, "event_new failed");
}

void
proc_stop(struct master *m, struct proc *p)
{
	const struct super_stop msg = { 0 };

	if (p->state == PROC_DRAINING && !m->stopping)
		return;
	if (p->peer != NULL)
		/* One that cannot be told gets the signal. */
		(void)ipc_send(p->peer, &super_stop_type, 0, &msg, -1);
	p->state = PROC_DRAINING;
	proc_deadline(p, m->stopping ? TERM_MS : DRAIN_MS);
}

/* -------------------------------------------------------------- a new one */

static void
stop_older(struct master *m, const struct proc *p)
{
	for (size_t i = 0; i < PROCS_MAX; i++)
		if (m->procs[i] != NULL && m->procs[i] != p &&
		    m->procs[i]->slot == p->slot)
			proc_stop(m, m->procs[i]);
}

static bool
all_ready(const struct master *m)
{
	for (size_t i = 0; i < topology_rows_n; i++) {
		const struct slot *s = &m->slots[i];

		if (s->wanted && (s->now == NULL ||
		    s->now->state != PROC_READY))
			return false;
	}
	return true;
}

void
watch_ready(struct master *m, struct proc *p)
{
	p->state = PROC_READY;
	if (event_del(p->deadline) != 0)
		bug("deadline of %ld", (long)p->pid);
	log_debug(LF_STR("event", "ready"),
	    LF_STR("daemon", role_name(p->slot->row->role)),
	    LF_INT("pid", p->pid));
	stop_older(m, p);
	if (m->starting && all_ready(m)) {
		m->starting = false;
		log_info(LF_STR("event", "started"),
		    LF_STR("hostname", conf_str(m->conf, "hostname")));
	}
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct slot *s = arg;

	(void)fd;
	(void)what;
	if (s->master->stopping || !s->wanted || s->now != NULL)
		return;
	s->restarts++;
	if (slot_start(s->master, s) != 0)
		watch_restart(s, 0);
}

void
watch_restart(struct slot *s, int64_t lived_ms)
{
	struct timeval tv;

	if (lived_ms >= STEADY_MS || s->backoff_ms == 0)
		s->backoff_ms = BACKOFF_FIRST_MS;
	tv = after(s->backoff_ms);
	if (s->again == NULL)
		s->again = event_new(s->master->base, -1, 0, on_again, s);
	if (s->again == NULL || event_add(s->again, &tv) != 0)
		die(EXIT_OSERR, "event_new failed");
	s->backoff_ms *= 2;
	if (s->backoff_ms > BACKOFF_MOST_MS)
		s->backoff_ms = BACKOFF_MOST_MS;
}

/* ------------------------------------------------------------------- ends */

void
proc_free(struct master *m, struct proc *p)
{
	for (size_t i = 0; i < PROCS_MAX; i++)
		if (m->procs[i] == p)
			m->procs[i] = NULL;
	if (p->peer != NULL) {
		ipc_peer_set(p->peer, NULL);
		ipc_peer_close(p->peer);
	}
	for (size_t i = 0; i < p->nwaiting; i++)
		fd_close(&p->waiting[i].fd);
	if (p->deadline != NULL)
		event_free(p->deadline);
	free(p);
}

void
watch_channel_closed(struct ipc_peer *peer, void *ctx)
{
	struct proc *p = ipc_peer_get(peer);

	(void)ctx;
	if (p == NULL)
		return;
	p->peer = NULL;
	/* It ends, or was refused: it must not live on without a master. */
	if (p->state != PROC_DRAINING)
		proc_deadline(p, TERM_MS);
}

static void
log_end(const struct proc *p, const struct spawn_end *end)
{
	bool expected = p->state == PROC_DRAINING && end->code == 0;
	enum log_level level = expected ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR;

	if (end->signal != 0)
		log_event(level, LF_STR("event", "died"),
		    LF_STR("daemon", role_name(p->slot->row->role)),
		    LF_INT("pid", p->pid), LF_INT("signal", end->signal));
	else
		log_event(level, LF_STR("event", "died"),
		    LF_STR("daemon", role_name(p->slot->row->role)),
		    LF_INT("pid", p->pid), LF_INT("code", end->code));
}

static bool
only_logd_left(const struct master *m)
{
	for (size_t i = 0; i < PROCS_MAX; i++)
		if (m->procs[i] != NULL &&
		    m->procs[i]->slot->row->role != ROLE_LOGD)
			return false;
	return true;
}

static bool
nobody_left(const struct master *m)
{
	for (size_t i = 0; i < PROCS_MAX; i++)
		if (m->procs[i] != NULL)
			return false;
	return true;
}

static void
stop_next(struct master *m)
{
	if (nobody_left(m)) {
		/* Fails only where no loop turns. */
		(void)event_base_loopbreak(m->base);
		return;
	}
	if (!only_logd_left(m))
		return;
	for (size_t i = 0; i < PROCS_MAX; i++)
		if (m->procs[i] != NULL &&
		    m->procs[i]->state != PROC_DRAINING)
			proc_stop(m, m->procs[i]);
}

void
fleet_stop(struct master *m)
{
	if (m->stopping)
		return;
	m->stopping = true;
	log_info(LF_STR("event", "stopping"));
	listen_close_all(m);
	for (size_t i = 0; i < PROCS_MAX; i++)
		if (m->procs[i] != NULL &&
		    m->procs[i]->slot->row->role != ROLE_LOGD)
			proc_stop(m, m->procs[i]);
	stop_next(m);
}

static void
ended(struct master *m, struct proc *p, const struct spawn_end *end)
{
	struct slot *s = p->slot;
	int64_t lived_ms = clock_mono_ms() - p->since_ms;
	bool serving = s->now == p, drained = p->state == PROC_DRAINING;

	log_end(p, end);
	if (serving)
		s->now = NULL;
	reload_lost(m, p);
	if (serving && s->row->role == ROLE_LOGD)
		sink_stderr("master");	/* until there is another */
	proc_free(m, p);
	if (m->stopping) {
		stop_next(m);
	} else if (m->starting && serving && !drained) {
		/* Never half a server. */
		log_error(LF_STR("event", "not-started"),
		    LF_STR("daemon", role_name(s->row->role)));
		m->exit_code = EXIT_UNAVAILABLE;
		fleet_stop(m);
	} else if (serving && s->wanted) {
		watch_restart(s, lived_ms);
	}
}

void
watch_children(struct master *m)
{
	struct spawn_end end;

	while (spawn_reap(&end))
		for (size_t i = 0; i < PROCS_MAX; i++)
			if (m->procs[i] != NULL &&
			    m->procs[i]->pid == end.pid) {
				ended(m, m->procs[i], &end);
				break;
			}
}
