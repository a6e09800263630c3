/*
 * imapd - mail is read, by IMAP4rev1 and IMAP4rev2.  Two roles, by the first argument:
 *
 * front: many clients before log-in
 * runs as   _paqimap in an empty directory, sandbox: no open, no socket
 * reads     what clients say before log-in; LOGIN_REP (authd)
 * writes    answers; LOGIN_REQ with the client's connection, to authd
 * never     opens a file; keeps a password; sees a mailbox
 * flow      client -> front.c (lib/login/front) -> authd
 *
 * session: one process for each client that has logged in
 * runs as   _paqimaps in a user namespace, then the mailbox's owner in its
 *           Maildir
 * reads     SESSION_START with the connection (authd); then, as the owner, the
 *           client's commands and the Maildir
 * writes    answers; the Maildir
 * never     sees a password or another mailbox; opens a socket
 * flow      client -> input.c -> lexer.c -> command.c -> parse_*.c -> cmd_*.c
 *           -> lib/store; sync.c, reply.c -> client
 */
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "imapd/front.h"
#include "imapd/limits.h"
#include "imapd/session.h"
#include "login/session.h"
#include "net/tls.h"
#include "os/charset.h"
#include "os/fd.h"
#include "store/maildir.h"

static const struct service front_service = {
	.name = "imapd-front", .role = ROLE_IMAP_FRONT,
	.sandbox = SANDBOX_FORK, .mem_max_octets = 512 * MIB,
	.mem_per = "imap_clients_max", .mem_each_octets = FRONT_CLIENT_MEM,
	.nofile = 200200, .nproc = 0,
};

static const struct service session_service = {
	.name = "imapd-session", .role = ROLE_IMAP_SESSION,
	.sandbox = SANDBOX_OWNER, .mem_max_octets = 2048 * MIB,
	.nofile = 1024, .nproc = 100100,
	.file_max_octets = SERVICE_FILE_MAX,
};

static struct {
	struct front *front;
} imapd;

static void
on_stop(void *ctx)
{
	(void)ctx;
	front_stop(imapd.front);
}

static void
on_reload(void *ctx)
{
	(void)ctx;
	front_reload(imapd.front);
}

static int
serve_front(int argc, char **argv)
{
	const struct service_events events = { .stop = on_stop,
		.reload = on_reload };
	struct ipc_server *srv;

	service_begin(&front_service, argc, argv);
	tls_setup();
	service_confine(NULL, NULL);
	imapd.front = front_new(&imap_front);
	srv = ipc_server_new(service_base(), front_rules, front_rules_n,
	    NULL);
	front_set_server(imapd.front, srv);
	service_on(&events);
	service_serve(srv);
	service_loop();

	ipc_server_free(&srv);		/* tells the front that authd goes */
	front_free(&imapd.front);
	return service_end();
}

static enum uses_make
uses(const char *setting)
{
	if (strcmp(setting, "create") == 0)
		return USES_CREATE;
	return strcmp(setting, "subscribe") == 0 ? USES_SUBSCRIBE :
	    USES_LEAVE;
}

static void
run(const struct login_session *l)
{
	const struct session_how how = {
		.fd = l->client, .root = l->root, .user = l->start->user,
		.session = l->start->session, .tag = l->start->tag,
		.pending = span_of(l->start->pending, l->start->pending_len),
		.separator = conf_str(l->conf, "separator")[0],
		.special_use = span_str(conf_str(l->conf, "special_use")),
		.uses_make = uses(conf_str(l->conf, "special_use_make")),
		.workarounds = workaround_parse(span_str(conf_str(l->conf,
		    "imap_client_workarounds"))),
		.literal_minus = conf_bool(l->conf, "imap_literal_minus"),
		.idle_ms = (int64_t)conf_num(l->conf, "imap_timeout") * 1000,
		.progress_ms = IMAP_PROGRESS_MS,
		.message_max_octets = conf_num(l->conf, "message_size_max"),
		.folders_max = conf_num(l->conf, "quota_folders"),
	};

	log_info(LF_STR("event", "login"), LF_STR("user", l->start->user),
	    LF_STR("client", l->start->client),
	    LF_STR("session", l->start->session));
	session_serve(&how);
}

static void
refuse(int client, const struct session_start *start, const char *why)
{
	struct buf line;

	(void)why;		/* is in the log */
	buf_init(&line, KIB);
	buf_addf(&line, "%s NO [UNAVAILABLE] Mailbox cannot be opened now\r\n"
	    "* BYE Try again later\r\n", start->tag);
	/* One short line: it fits, or the client has gone. */
	if (fd_write_now(client, line.p, line.n) < 0)
		log_debug(LF_STR("event", "client-gone"),
		    LF_STR("session", start->session));
	buf_fini(&line);
}

static const struct login_session_proto session_proto = {
	.role = ROLE_IMAP_SESSION, .clients_max = "imap_clients_max",
	.run = run, .refuse = refuse,
};

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "front") == 0)
		return serve_front(argc, argv);
	if (argc > 1 && strcmp(argv[1], "session") == 0) {
		charset_open_all();
		maildir_learn_host();
		return login_session_main(&session_service, &session_proto,
		    argc, argv);
	}
	die(EXIT_USAGE, "imapd is started by paquebot");
}
