/*
 * service_loop - the part of service that runs: master's channel, the ends of
 * children and signals are events of the one loop.  The end of master's
 * channel is the end of the service: without master nobody restarts its peers
 * and a new master must find the ports and the queue free.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/span.h"
#include "daemon/state.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/signals.h"
#include "os/sink.h"

#define ORPHANED_S	3	/* to end in order after master is gone */
#define KEEP_MAX	64

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	service_loop_end();
}

void
service_stop(bool now)
{
	struct service_state *s = service_state();

	if (now || s->events.stop == NULL)
		service_loop_end();
	if (s->stopping)
		return;
	s->stopping = true;
	if (s->events.stop != NULL)
		s->events.stop(s->events.ctx);
}

static void
on_gone(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval soon = { .tv_sec = ORPHANED_S };

	(void)fd;
	(void)what;
	(void)arg;
	log_error(LF_STR("event", "master-gone"));
	if (event_add(service_state()->too_long, &soon) != 0)
		service_loop_end();
	service_stop(false);
}

/* Once; what follows from it comes with the next turn of the loop. */
static void
master_gone(void)
{
	const struct timeval at_once = { 0 };
	struct service_state *s = service_state();

	if (s->from_master == NULL)
		return;
	event_free(s->from_master);
	s->from_master = NULL;
	if (event_base_once(s->base, -1, EV_TIMEOUT, on_gone, NULL,
	    &at_once) != 0)
		service_loop_end();
}

static void
on_master(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (super_receive(clock_deadline(0)) != 0)
		master_gone();
}

/*
 * A message to master that fails is the end of its channel: the descriptor is
 * closed then, so no event would ever tell.
 */
static int
tell_master(const struct ipc_type *type, const void *msg, struct why *why)
{
	struct ipc_client *master = &service_state()->master;
	int rc = ipc_client_send(master, type, 0, msg, -1, why);

	if (master->fd < 0)
		master_gone();
	return rc;
}

static void
on_term(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	service_stop(service_state()->stopping);
}

static void
on_child(evutil_socket_t fd, short what, void *arg)
{
	struct service_state *s = service_state();
	struct spawn_end end;

	(void)fd;
	(void)what;
	(void)arg;
	while (spawn_reap(&end))
		if (s->events.child != NULL)
			s->events.child(&end, s->events.ctx);
}

void
service_watch_signals(void)
{
	struct service_state *s = service_state();

	s->on_child = evsignal_new(s->base, SIGCHLD, on_child, NULL);
	s->on_term = evsignal_new(s->base, SIGTERM, on_term, NULL);
	s->from_master = event_new(s->base, FD_MASTER, EV_READ | EV_PERSIST,
	    on_master, NULL);
	s->too_long = event_new(s->base, -1, 0, on_deadline, NULL);
	if (s->on_child == NULL || s->on_term == NULL ||
	    s->from_master == NULL || s->too_long == NULL ||
	    event_add(s->on_child, NULL) != 0 ||
	    event_add(s->on_term, NULL) != 0)
		die(EXIT_OSERR, "event_new failed");
}

void
service_loop(void)
{
	struct service_state *s = service_state();
	const struct super_ready ready = { 0 };
	struct why why;

	if (s->from_master == NULL)
		die(EXIT_UNAVAILABLE, "master ended the start");
	if (event_add(s->from_master, NULL) != 0)
		die(EXIT_OSERR, "event_add failed");
	if (ipc_client_send(&s->master, &super_ready_type, 0, &ready, -1,
	    &why) != 0)
		die(EXIT_UNAVAILABLE, "%s", why.text);
	s->looping = !s->stopping;	/* told so during the start */
	while (s->looping)
		if (event_base_loop(s->base, EVLOOP_ONCE) != 0)
			die(EXIT_OSERR, "the event loop broke");
}

void
service_loop_end(void)
{
	struct service_state *s = service_state();

	s->looping = false;
	(void)event_base_loopbreak(s->base);	/* fails without a loop only */
}

int
service_end(void)
{
	struct service_state *s = service_state();

	if (s->from_master != NULL)
		event_free(s->from_master);
	event_free(s->on_child);
	event_free(s->on_term);
	event_free(s->too_long);
	event_base_free(s->base);
	conf_view_free(&s->conf);
	conf_view_free(&s->next_conf);
	ipc_client_fini(&s->master);
	return EXIT_SUCCESS;
}

void
service_ask_successor(void)
{
	const struct super_successor ask = { 0 };
	struct why why;

	if (tell_master(&super_successor_type, &ask, &why) != 0)
		log_error(LF_STR("event", "successor-unasked"),
		    LF_STR("why", why.text));
}

void
service_carry(const struct super_carry *c)
{
	struct why why;

	/* Its loss makes a limit looser for a while, nothing else. */
	(void)!tell_master(&super_carry_type, c, &why);
}

void
service_log_ended(enum role role)
{
	const struct super_log_ended tell = { .role = (uint8_t)role };
	struct why why;

	if (tell_master(&super_log_ended_type, &tell, &why) != 0)
		log_error(LF_STR("event", "log-channel-ended"),
		    LF_STR("daemon", role_name(role)),
		    LF_STR("why", why.text));
}

void
service_peer_ended(enum role role)
{
	const struct super_edge_ended tell = { .role = (uint8_t)role };
	struct service_state *s = service_state();
	struct why why;

	if (!s->looping || s->stopping || s->master.fd < 0 ||
	    (s->peer_roles & ROLE_BIT(role)) == 0)
		return;
	/* Without a master there is no other peer. */
	(void)!tell_master(&super_edge_ended_type, &tell, &why);
}

void
service_watch_peers(struct ipc_server *srv)
{
	ipc_server_on_none(srv, service_peer_ended);
}

void
service_pass_log(int child)
{
	static const char octet = 'L';

	/* Its lines are lost then, not its work. */
	(void)!fd_send_now(child, &octet, 1, service_state()->log_fd);
}

bool
service_took_log(ssize_t n, int *fd)
{
	if (n != 1 || *fd < 0)
		return false;
	sink_channel(*fd);		/* closes the old one */
	*fd = -1;
	return true;
}

int
service_ask_pair(const char *stem)
{
	struct super_pair_ask ask = { { 0 } };
	struct why why;

	span_copy_cut(span_str(stem), ask.stem, sizeof(ask.stem));
	return tell_master(&super_pair_ask_type, &ask, &why);
}

/* Master logs it, and what it does not hear of is as before. */
void
service_pair_refused(size_t index, bool kept, const char *reason)
{
	struct super_refused tell = { .index = (uint32_t)index, .kept = kept };
	struct why why;

	span_copy_cut(span_str(reason), tell.text, sizeof(tell.text));
	(void)!tell_master(&super_refused_type, &tell, &why);
}

void
service_pairs_judged(void)
{
	const struct super_judged tell = { 0 };
	struct why why;

	(void)!tell_master(&super_judged_type, &tell, &why);
}

static int
compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

void
service_after_fork(const int *keep, size_t n)
{
	static const int changed[] = { SIGCHLD, SIGTERM, SIGHUP };
	struct service_state *s = service_state();
	int sorted[KEEP_MAX + 1];

	if (n > KEEP_MAX)
		bug("%zu descriptors to keep", n);
	signals_default(changed, COUNT(changed));	/* PIPE stays ignored */
	for (size_t i = 0; i < n; i++)
		sorted[i] = keep[i];
	sorted[n] = s->log_fd;
	qsort(sorted, n + 1, sizeof(sorted[0]), compare);
	fd_close_all_but(3, sorted, n + 1);
	s->master.fd = -1;
}
