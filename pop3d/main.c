/*
 * pop3d - lets people fetch their mail (RFC 1939).  Two roles of one program:
 * "front" before log-in, many clients, no mailbox; "session" after it, the
 * parent of one process per client, which is the mailbox's owner.
 * runs as   front: _paqpop in an empty directory; session: _paqpops in a user
 *           namespace, its children the owner in the Maildir
 * reads     front: commands before log-in, LOGIN_REP; session: SESSION_START
 *           (authd), commands after log-in, the Maildir
 * writes    front: LOGIN_REQ with the connection to authd; session: answers to
 *           its client, the Maildir
 * never     front: opens a file or sees a message; session: sees a password
 *           or opens another mailbox
 * flow      client -> front.c -> authd -> session.c -> command.c -> cmd_*.c
 *           -> maildrop.c -> lib/store; reply.c -> client
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "daemon/service.h"
#include "net/tls.h"
#include "pop3d/front.h"
#include "pop3d/session.h"

static const struct service front_service = {
	.name = "pop3d", .role = ROLE_POP3_FRONT, .sandbox = SANDBOX_FORK,
	.mem_max_octets = 512 * MIB, .mem_per = "pop3_clients_max",
	.mem_each_octets = FRONT_CLIENT_MEM, .nofile = 220000, .nproc = 0,
};

static const struct service session_service = {
	.name = "pop3d-session", .role = ROLE_POP3_SESSION,
	.sandbox = SANDBOX_OWNER, .mem_max_octets = 1024 * MIB,
	.nofile = 4096, .nproc = 100000,
	.file_max_octets = SERVICE_FILE_MAX,
};

static const struct login_session_proto session_proto = {
	.role = ROLE_POP3_SESSION, .clients_max = "pop3_clients_max",
	.run = session_run, .refuse = session_refuse,
};

static void
on_stop(void *ctx)
{
	front_stop(ctx);
}

static void
on_reload(void *ctx)
{
	front_reload(ctx);
}

static int
front_main(int argc, char **argv)
{
	struct service_events events = { .stop = on_stop,
		.reload = on_reload };
	struct ipc_server *srv;
	struct front *front;

	service_begin(&front_service, argc, argv);
	tls_setup();
	service_confine(NULL, NULL);
	front = front_new(&pop3_front);
	srv = ipc_server_new(service_base(), front_rules, front_rules_n,
	    front);
	front_set_server(front, srv);
	service_serve(srv);
	events.ctx = front;
	service_on(&events);
	service_loop();
	front_free(&front);
	ipc_server_free(&srv);
	return service_end();
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "front") == 0)
		return front_main(argc, argv);
	if (argc == 2 && strcmp(argv[1], "session") == 0)
		return login_session_main(&session_service, &session_proto,
		    argc, argv);
	(void)fputs("usage: pop3d front|session (started by master)\n",
	    stderr);
	return EXIT_USAGE;
}
