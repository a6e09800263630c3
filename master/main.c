/*
 * master - starts, wires and keeps the daemons of the suite.
 * runs as   root (or one ordinary user, with all daemons), with the
 *           capabilities to become others, to write id maps and to bind ports
 * reads     paquebot.conf; HELLO, MAP_ME, READY, SUCCESSOR from its daemons;
 *           one request of fixed size per operator's connection
 * writes    run_dir: master.pid, control, submit; everything that a daemon
 *           starts with; log lines
 * never     reads from the network, mail, or a map; parses anything but its
 *           own file
 * flow      main.c -> prepare.c (is all there?) -> listen.c (ports)
 *           -> start.c (topology.c's rows and edges; files.c) -> watch.c
 *           (their ends)
 *           control.c, SIGHUP -> reload.c
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "conf/load.h"
#include "ipc/control.h"
#include "master/master.h"
#include "master/reload.h"
#include "os/confine_master.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/path.h"
#include "os/signals.h"
#include "os/sink.h"
#include "os/user.h"

#define ERRORS_MAX	(128 * KIB)
/* Settings of one daemon may be many: domains. */
#define OUT_OCTETS	(32 * MIB)
#define OUT_PACKETS	65536

static struct master master = { .lock = -1 };

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct buf errors;
	struct master *m = arg;
	struct span rest, line;

	(void)what;
	if (sig == SIGCHLD) {
		watch_children(m);
		return;
	}
	if (sig != SIGHUP) {
		fleet_stop(m);
		return;
	}
	buf_init(&errors, ERRORS_MAX);
	if (reload(m, &errors) != 0) {
		rest = buf_span(&errors);
		while ((line = span_cut(&rest, '\n')).n > 0)
			log_error(LF_STR("event", "not-reloaded"),
			    LF_SPAN("why", line));
	}
	buf_fini(&errors);
}

static void
make_loop(struct master *m)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	struct event_config *config = event_config_new();
	struct event *e;

	if (config == NULL ||
	    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
	    EVENT_BASE_FLAG_IGNORE_ENV) != 0 ||
	    (m->base = event_base_new_with_config(config)) == NULL)
		die(EXIT_OSERR, "no event loop");
	event_config_free(config);
	for (size_t i = 0; i < COUNT(signals); i++) {
		e = evsignal_new(m->base, signals[i], on_signal, m);
		if (e == NULL || event_add(e, NULL) != 0)
			die(EXIT_OSERR, "event_new failed");
	}
	m->server = ipc_server_new(m->base, master_rules, master_rules_n, m);
	ipc_server_on_close(m->server, watch_channel_closed);
	ipc_server_bound(m->server, OUT_OCTETS, OUT_PACKETS);
}

/* What is wrong, for the person who started it; nothing runs yet. */
static _Noreturn void
give_up(const struct buf *errors)
{
	/* Standard error may be gone; then the exit code must do. */
	(void)!fd_write_all(STDERR_FILENO, errors->p, errors->n);
	exit(EXIT_CONFIG);
}

static void
prepare(struct master *m)
{
	struct buf errors;
	int rc;

	buf_init(&errors, ERRORS_MAX);
	m->conf = conf_load(m->conf_path, &errors);
	if (m->conf == NULL || prepare_slots(m, m->conf,
	    m->slots, &errors) != 0 || files_check(m->conf, &errors) != 0 ||
	    prepare_places(m, &errors) != 0 || prepare_lock(m, &errors) != 0)
		give_up(&errors);
	rc = listen_open(m, m->conf, &errors);
	rc |= control_open(m, &errors);
	if (rc != 0)
		give_up(&errors);
	buf_fini(&errors);
}

static void
warn_one_user(const struct master *m)
{
	if (!m->root)
		log_warn(LF_STR("event", "one-user"), LF_STR("missing",
		    "not started by root: all daemons share one user id; no "
		    "separate users, no chroot, no user namespaces, no owners "
		    "of mailboxes"));
}

static void
give_up_rights(const struct master *m)
{
	char kept[256];
	struct why why;

	if (!m->root)
		return;
	if (confine_master(kept, sizeof(kept), &why) != 0)
		die(EXIT_OSERR, "%s", why.text);
	log_info(LF_STR("event", "rights"), LF_STR("kept", kept));
}

static void
start_all(struct master *m)
{
	m->starting = true;
	for (size_t i = 0; i < topology_rows_n && !m->stopping; i++) {
		if (!m->slots[i].wanted || slot_start(m, &m->slots[i]) == 0)
			continue;
		m->exit_code = EXIT_UNAVAILABLE;
		fleet_stop(m);
	}
}

static void
tidy(struct master *m)
{
	const char *run = conf_str(m->conf, "run_dir");
	int dir = fs_open_top(run);

	sink_stderr("master");
	if (dir >= 0) {
		/* A name that is gone already is as good. */
		(void)fs_discard(dir, CONTROL_NAME);
		(void)fs_discard(dir, "submit");
		(void)fs_discard(dir, "master.pid");
	}
	fd_close(&dir);
	fd_close(&m->lock);
	control_close(m);	/* last: `paquebot stop` waits for it */
}

static void
arguments(struct master *m, int argc, char **argv)
{
	static char conf_path[PATH_SIZE];
	const char *conf = SYSCONFDIR "/paquebot.conf", *dir = NULL;
	int c;

	while ((c = getopt(argc, argv, "c:L:")) != -1) {
		if (c == 'c')
			conf = optarg;
		else if (c == 'L')
			dir = optarg;
		else
			die(EXIT_USAGE, "usage: master [-c file] [-L dir]");
	}
	if (optind != argc)
		die(EXIT_USAGE, "usage: master [-c file] [-L dir]");
	if (path_absolute(conf, conf_path, sizeof(conf_path)) != 0 ||
	    (dir != NULL ? path_absolute(dir, m->libexec,
	    sizeof(m->libexec)) : path_self_dir(m->libexec,
	    sizeof(m->libexec))) != 0)
		die(EXIT_USAGE, "path is too long");
	m->conf_path = conf_path;
}

int
main(int argc, char **argv)
{
	struct master *m = &master;

	sink_stderr("master");
	arguments(m, argc, argv);
	m->root = user_self() == 0;
	signals_ignore(SIGPIPE);
	make_loop(m);
	prepare(m);
	start_all(m);
	warn_one_user(m);
	give_up_rights(m);
	if (event_base_dispatch(m->base) < 0)
		die(EXIT_OSERR, "the event loop broke");
	tidy(m);
	return m->exit_code;
}
