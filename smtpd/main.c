/*
 * smtpd - receives mail: MX, submission, LMTP and the local socket.
 * runs as   _paqsmtpd in an empty root.  The listener may fork, accept and
 *	     make socket pairs; each session only reads and writes what is open
 * reads     SMTP and LMTP clients (sessions only, one process per client);
 *	     RCPT_VERDICT, SENDER_VERDICT and REWRITTEN of lookupd, AUTH_REP and SASL_REP
 *	     of authd, QUEUE_FILE and QUEUE_COMMITTED of qmgr, SIGN_REP and
 *	     CERT_REP of keyd
 * writes    replies; one message at a time through a write-only descriptor
 *	     of qmgr's; a log line per message, refusal and lost client
 * never     opens a file or socket after start; holds a key or the user base;
 *	     says 250 to a message before COMMITTED
 * flow      acceptor -> listener.c (limits, channels, fork) -> child.c ->
 *	     session.c -> command.c -> cmd_*.c -> policy.c decides, ask_*.c ask,
 *	     receive.c, intake.c, readdressed.c write -> reply.c
 */
#include <string.h>

#include "daemon/service.h"
#include "daemon/tls_signer.h"
#include "ipc/control.h"
#include "ipc/server.h"
#include "os/clock.h"
#include "os/memory.h"
#include "smtpd/explain.h"
#include "smtpd/listener.h"
#include "smtpd/settings.h"

static const struct service smtpd = {
	.name = "smtpd",
	.role = ROLE_SMTPD,
	.sandbox = SANDBOX_FORK,
	.mem_max_octets = 512 * MIB,
	.nofile = 24000,	/* a channel per session: smtp_clients_max */
	.nproc = 24000,
	.file_max_octets = SERVICE_FILE_MAX,	/* a session: child.c */
	.in_batches = true,
};

static struct {
	struct settings set;
	struct listener *listener;
} all;

/* Sessions have copies of what was before. */
static void
load(struct tls_server *before)
{
	settings_load(&all.set, service_conf());
	tls_signer_reload(&before, "smtp");
	all.set.tls = before;
	if (all.set.tls != NULL)
		tls_server_warm(all.set.tls);
	memory_settle();
}

static void
on_reload(void *ctx)
{
	struct tls_server *before = all.set.tls;

	(void)ctx;
	memory_unsettle();
	all.set.tls = NULL;
	settings_fini(&all.set);
	load(before);
	listener_open(all.listener);
}

/* Who has the old one loses its lines: it serves nobody else. */
static void
on_new_log(void *ctx)
{
	(void)ctx;
	listener_renew(all.listener);
}

static void
on_child(const struct spawn_end *end, void *ctx)
{
	(void)ctx;
	listener_child(all.listener, end);
}

static void
on_carry(const struct super_carry *c, void *ctx)
{
	(void)ctx;
	listener_carry(all.listener, c);
}

/* An operator asks what a client would be answered. */
static void
on_control(const struct super_control *c, int fd, void *ctx)
{
	struct buf out;

	(void)ctx;
	buf_init(&out, EXPLAIN_MAX);
	if (strcmp(c->verb, "smtpd-explain") == 0)
		explain(&all.set, c->args, &out);
	else
		(void)!buf_add_str(&out, CONTROL_ERROR "no such request\n");
	control_answer(fd, buf_span(&out));
	buf_fini(&out);
}

static void
on_stop(void *ctx)
{
	(void)ctx;
	listener_stop(all.listener);
}

int
main(int argc, char **argv)
{
	static const struct service_events events = {
		.reload = on_reload, .child = on_child, .stop = on_stop,
		.carry = on_carry, .control = on_control,
		.new_log = on_new_log };
	struct ipc_server *srv;

	service_begin(&smtpd, argc, argv);
	tls_setup();
	/* Loads the time zone, which is out of reach behind the new root. */
	(void)clock_zone_minutes(clock_wall_s());
	service_confine(NULL, NULL);
	load(NULL);	/* foreign forms are not parsed with rights */
	srv = ipc_server_new(service_base(), NULL, 0, NULL);
	all.listener = listener_new(&all.set, srv);
	service_serve(srv);	/* only to introduce sessions to them */
	listener_open(all.listener);
	service_on(&events);
	service_loop();

	listener_free(&all.listener);
	ipc_server_free(&srv);
	settings_fini(&all.set);
	return service_end();
}
