/*
 * service - see service.h; this part is the start: everything that a daemon
 * gets, it gets here, from master, before it gives up its rights.  The parts:
 * super.c carries out master's messages, service_confine.c gives up the
 * rights, service_loop.c is the time after.
 *
 * What needs a system call that the sandbox refuses (the event loop's own
 * descriptors and signal handlers) is made in service_begin.
 */
#include "daemon/service.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/state.h"
#include "ipc/schema.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/hijack.h"
#include "os/signals.h"
#include "os/sink.h"

#define START_MS	30000	/* for each message of the start */
#define CALLS_PER_LOOK	64	/* of events, then all are looked at anew */

static struct service_state state;

struct service_state *
service_state(void)
{
	return &state;
}

static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	/*
	 * An event may make itself active again as long as it has work.  The
	 * library would run it without ever looking at the others.
	 */
	if (config != NULL && event_config_set_max_dispatch_interval(config,
	    NULL, CALLS_PER_LOOK, 0) == 0 &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
	    EVENT_BASE_FLAG_IGNORE_ENV) == 0)
		base = event_base_new_with_config(config);
	if (base == NULL)
		die(EXIT_OSERR, "no event loop");
	event_config_free(config);
	return base;
}

static void
say_hello(struct service_state *s)
{
	struct super_hello hello = { .schema = ipc_schema() };
	struct why why;

	if (ipc_client_send(&s->master, &super_hello_type, 0, &hello, -1,
	    &why) != 0)
		die(EXIT_UNAVAILABLE, "%s", why.text);
}

void
service_begin(const struct service *svc, int argc, char **argv)
{
	struct service_state *s = &state;
	struct fs_stat st;

	(void)argc;
	(void)argv;
	sink_stderr(svc->name);
	if (fs_fstat(FD_MASTER, &st) != 0 || st.kind != FS_OTHER ||
	    fs_fstat(FD_LOG, &st) != 0 || st.kind != FS_OTHER)
		die(EXIT_USAGE, "%s is started by master: paquebot start",
		    svc->name);
	/* logd's own lines must not wait for logd. */
	if (svc->role != ROLE_LOGD)
		sink_channel(FD_LOG);
	hijack_allow(role_name(svc->role));
	s->svc = svc;
	s->log_fd = FD_LOG;
	ipc_client_init(&s->master, FD_MASTER, "master");
	if (fd_cloexec(FD_MASTER, true) != 0 || fd_cloexec(FD_LOG, true) != 0)
		die(EXIT_OSERR, "descriptors of the start are not there");
	if (svc->in_batches)
		spawn_in_batches();
	signals_ignore(SIGPIPE);
	signals_ignore(SIGHUP);
	signals_ignore(SIGXFSZ);	/* EFBIG says it, too */
	s->base = make_base();
	service_watch_signals();
	say_hello(s);
	while (!s->went)
		if (super_receive(clock_deadline(START_MS)) != 0)
			die(EXIT_UNAVAILABLE, "master ended the start");
}

bool
service_privileged(void)
{
	return state.identity.drop != 0;
}

uint64_t
service_instance(void)
{
	return state.identity.instance;
}

size_t
service_ranges(bool group, struct id_range *out, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < state.nranges && n < most; i++)
		if ((state.ranges[i].group != 0) == group)
			out[n++] = (struct id_range){ state.ranges[i].first,
			    state.ranges[i].count };
	return n;
}

const struct conf_view *
service_conf(void)
{
	return state.conf;
}

struct event_base *
service_base(void)
{
	return state.base;
}

bool
service_listener(size_t i, struct service_listener *out)
{
	if (i >= state.nlisteners)
		return false;
	out->kind = state.listeners[i].l.kind;
	out->name = state.listeners[i].l.name;
	out->fd = state.listeners[i].fd;
	return true;
}

int
service_file(const char *name)
{
	for (size_t i = 0; i < state.nfiles; i++)
		if (strcmp(state.files[i].f.name, name) == 0)
			return state.files[i].fd;
	return -1;
}

int
service_take_file(const char *name)
{
	int fd = service_file(name);

	for (size_t i = 0; fd >= 0 && i < state.nfiles; i++)
		if (state.files[i].fd == fd) {
			state.files[i] = state.files[--state.nfiles];
			break;
		}
	return fd;
}

int
service_enter_maps(void)
{
	const char *path = conf_str(service_conf(), "map_dir");
	int dir = fs_enter(path);

	if (dir < 0)
		die(EXIT_CONFIG, "cannot enter map_dir %s", path);
	return dir;
}

void
service_divert(enum role role, void (*take)(int fd))
{
	size_t i = 0;

	state.divert_role = role;
	state.divert = take;
	while (i < state.npeers) {
		if (state.peers[i].role != role) {
			i++;
			continue;
		}
		take(state.peers[i].fd);
		state.peers[i] = state.peers[--state.npeers];
	}
}

void
service_serve(struct ipc_server *srv)
{
	if (state.server != NULL)
		bug("service_serve twice");
	state.server = srv;
	service_watch_peers(srv);
	super_hand_out_peers();
}

void
service_on(const struct service_events *events)
{
	state.events = *events;
	super_hand_out_peers();
}
