/*
 * authd - who is this, and which mailbox is theirs?
 * runs as   _paqauth, in the directory of the maps; may read there and nothing
 *           else, opens no socket; forks crypt(3) workers that can only read
 *           and write one socket
 * reads     AUTH_REQ (smtpd sessions), LOGIN_REQ, LOGIN_CLAIM (pop3d and imapd
 *           fronts), SASL_BEGIN, SASL_MORE, SASL_END (all of these); the map
 *           users
 * writes    AUTH_REP, LOGIN_REP, SASL_REP to the asking peer; SESSION_START
 *           with the client's connection to the session parent
 * never     writes a file; sees a message; opens a mailbox
 * flow      peer -> request.c (may it?) -> users.c (the account) -> proof.c
 *           (does the password fit?) -> throttle.c (how soon) -> grant.c -> peer
 *           peer -> request_sasl.c (which exchange?) -> exchange.c (what
 *           next?) -> peer, and at the end request.c
 */
#include "helpers/authd/request.h"

#include "base/bug.h"
#include "daemon/service.h"
#include "os/fs.h"
#include "os/rand.h"
#include "trust/sasl.h"

static const struct service authd = {
	.name = "authd", .role = ROLE_AUTHD, .sandbox = SANDBOX_FILES_FORK,
	.mem_max_octets = 512 * MIB,
	.nofile = 32768,	/* a channel per session, a client per login */
	.nproc = 64,	/* of the user: workers, those being replaced */
};

static struct {
	struct request_state request;
	struct account_defaults owner;
	int dir;
} state;

static void
load_world(void)
{
	struct exchange_world *world = &state.request.world;

	world->users = &state.request.users;
	world->configured = sasl_configured(span_str(conf_str(service_conf(),
	    "sasl_mechanisms")));
}

static void
on_reload(void *ctx)
{
	(void)ctx;
	users_fini(&state.request.users);
	state.owner.path = conf_str(service_conf(), "mailbox_path");
	users_init(&state.request.users, state.dir, &state.owner);
	load_world();
}

static void
on_child(const struct spawn_end *end, void *ctx)
{
	(void)ctx;
	proof_child_ended(state.request.proof, end);
}

int
main(int argc, char **argv)
{
	const struct service_events events = { .reload = on_reload,
		.child = on_child };
	uint8_t seed[16];
	int dirs[2] = { -1, -1 };

	service_begin(&authd, argc, argv);
	account_defaults_find(&state.owner,
	    conf_str(service_conf(), "mailbox_path"),
	    conf_str(service_conf(), "mailbox_user"));
	/* Berkeley DB knows only paths: the maps are the working directory. */
	state.dir = fs_enter(conf_str(service_conf(), "map_dir"));
	if (state.dir < 0)
		die(EXIT_CONFIG, "cannot enter map_dir %s",
		    conf_str(service_conf(), "map_dir"));
	dirs[0] = state.dir;
	proof_prepare();
	service_confine(dirs, NULL);

	rand_octets(seed, sizeof(seed));
	users_init(&state.request.users, state.dir, &state.owner);
	rand_octets(state.request.world.secret,
	    sizeof(state.request.world.secret));
	load_world();
	state.request.base = service_base();
	state.request.proof = proof_new(service_base(), seed);
	state.request.throttle = throttle_new(seed);
	state.request.srv = ipc_server_new(service_base(), request_rules,
	    request_rules_n, &state.request);
	ipc_server_limit(state.request.srv, ROLE_SMTPD_SESSION, 20000);
	ipc_server_on_close(state.request.srv, request_peer_closed);
	service_serve(state.request.srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&state.request.srv);
	proof_free(&state.request.proof);
	throttle_free(&state.request.throttle);
	users_fini(&state.request.users);
	return service_end();
}
