/*
 * lookupd - where does mail for an address go?
 * runs as   _paqlook, in the directory of the maps; may read there and nothing
 *           else, opens no socket
 * reads     RCPT_CHECK, SENDER_CHECK, REWRITE (smtpd sessions), REWRITE,
 *           RELAY_ASK (smtp-out workers), RESOLVE (qmgr); the maps aliases,
 *           virtual, routes, senders, sender_bcc, recipient_bcc,
 *           sender_routes, canonical, sender_canonical,
 *           recipient_canonical, generic, relay_auth and accounts (users
 *           without their hashes), and files named by :include:;
 *           /etc/passwd, which master opens; an operator's question, by way
 *           of master
 * writes    RCPT_VERDICT, SENDER_VERDICT, REWRITTEN, RELAY_SECRET, TARGET,
 *           RESOLVED to the asking peer
 * never     writes a file; sees message text, or passwords of our users;
 *           asks the network
 * flow      peer -> request.c (may it?) -> domains.c, recipient.c, sender.c,
 *           rewrite.c, canonical.c, relay_auth.c (what the maps say) ->
 *           tables.c (the maps) -> peer
 */
#include "helpers/lookupd/explain.h"
#include "helpers/lookupd/request.h"
#include "helpers/lookupd/tables.h"

#include <string.h>

#include "base/bug.h"
#include "daemon/service.h"
#include "ipc/control.h"
#include "os/rand.h"

static const struct service lookupd = {
	.name = "lookupd", .role = ROLE_LOOKUPD, .sandbox = SANDBOX_FILES,
	.mem_max_octets = 1024 * MIB, .nproc = 0, .in_batches = true,
	.nofile = 30000,	/* a channel per session: smtp_clients_max, and
				   per worker: smtp_out_max */
};

/* Unread answers: of qmgr's questions, and of a session's. */
#define ANSWER_OCTETS	(256 * MIB)
#define ANSWERS_MORE	10000
#define SESSION_OCTETS	(64 * KIB)
#define SESSION_PACKETS	256

static struct {
	struct ipc_server *srv;
	struct request_state request;
	struct account_defaults owner;
	int dir;
} state;

/*
 * qmgr is sent all members of an alias at once, which it reads as fast as it
 * can; nobody else is owed that much.
 */
static void
on_peer(enum role role, int fd, void *ctx)
{
	size_t targets = (size_t)conf_num(service_conf(), "alias_targets_max");

	(void)ctx;
	if (role == ROLE_QMGR)
		ipc_server_bound(state.srv, ANSWER_OCTETS,
		    targets + ANSWERS_MORE);
	/* One too many is closed and logged there. */
	(void)ipc_server_add(state.srv, fd, role);
	ipc_server_bound(state.srv, SESSION_OCTETS, SESSION_PACKETS);
}

static void
on_reload(void *ctx)
{
	(void)ctx;
	tables_free(&state.request.tables);
	state.request.tables = tables_new(service_conf(), state.dir,
	    service_take_file("passwd"), &state.owner);
}

/* An operator asks what would become of an address. */
static void
on_control(const struct super_control *c, int fd, void *ctx)
{
	struct buf out;

	(void)ctx;
	buf_init(&out, EXPLAIN_MAX);
	tables_refresh(state.request.tables);
	if (strcmp(c->verb, "lookup-explain") == 0)
		explain(state.request.tables, c->args, &out);
	else
		(void)!buf_add_str(&out, CONTROL_ERROR "no such request\n");
	control_answer(fd, buf_span(&out));
	buf_fini(&out);
}

int
main(int argc, char **argv)
{
	const struct service_events events = { .reload = on_reload,
		.peer = on_peer, .control = on_control };
	int dirs[2] = { -1, -1 };

	service_begin(&lookupd, argc, argv);
	account_defaults_find(&state.owner,
	    conf_str(service_conf(), "mailbox_path"),
	    conf_str(service_conf(), "mailbox_user"));
	dirs[0] = state.dir = service_enter_maps();
	service_confine(dirs, NULL);

	rand_octets(state.request.seed, sizeof(state.request.seed));
	state.request.tables = tables_new(service_conf(), state.dir,
	    service_take_file("passwd"), &state.owner);
	state.srv = ipc_server_new(service_base(), request_rules,
	    request_rules_n, &state.request);
	ipc_server_limit(state.srv, ROLE_SMTPD_SESSION, 20000);
	ipc_server_limit(state.srv, ROLE_SMTP_OUT_WORKER, 5000);
	/* As many questions as a client has recipients, and a header addresses. */
	ipc_server_pace(state.srv, ROLE_SMTPD_SESSION);
	ipc_server_pace(state.srv, ROLE_SMTP_OUT_WORKER);
	service_watch_peers(state.srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&state.srv);
	tables_free(&state.request.tables);
	return service_end();
}
