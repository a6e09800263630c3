/*
 * pamd - asks PAM whether a user of the system has this password.
 * runs as   _paqpam, whose group is that which may read the system's hashes
 *           (shadow, where there is one), without capabilities; nobody knows
 *           what a PAM module calls, so its filter only refuses what none
 *           needs; no new privileges, no program, by Landlock no file to write
 * reads     PAM_REQ (authd); /etc and the modules of PAM
 * writes    PAM_REP to authd
 * never     opens a mailbox; speaks to anybody but authd, except by what its
 *           modules do
 * flow      authd -> request.c (may that be a user?) -> question.c (a child for
 *           each question) -> conversation.c (PAM) -> authd
 */
#include "base/bug.h"
#include "daemon/service.h"
#include "helpers/pamd/request.h"
#include "os/fd.h"
#include "os/fs.h"

static const struct service pamd = {
	.name = "pamd", .role = ROLE_PAMD, .sandbox = SANDBOX_MODULES,
	.mem_max_octets = 256 * MIB, .nofile = 256,
	.nproc = 2 * QUESTIONS_AT_ONCE + 8,
};

static struct request_state state;

static void
on_child(const struct spawn_end *end, void *ctx)
{
	(void)ctx;
	questions_ended(state.questions, end);
}

static void
on_reload(void *ctx)
{
	(void)ctx;
	questions_service(state.questions,
	    conf_str(service_conf(), "pam_service"));
}

int
main(int argc, char **argv)
{
	const struct service_events events = { .reload = on_reload,
		.child = on_child };
	int dirs[2] = { -1, -1 };
	struct ipc_server *srv;

	service_begin(&pamd, argc, argv);
	dirs[0] = fs_open_top("/");
	if (dirs[0] < 0)
		die(EXIT_OSERR, "cannot open /");
	service_confine(dirs, NULL);
	fd_close(&dirs[0]);

	state.questions = questions_new(service_base());
	on_reload(NULL);
	srv = ipc_server_new(service_base(), request_rules, request_rules_n,
	    &state);
	ipc_server_on_close(srv, request_peer_closed);
	service_serve(srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&srv);
	questions_free(&state.questions);
	return service_end();
}
