/*
 * authd - who is this, and which mailbox is theirs?
 * runs as   _paqauth, in the directory of the maps; may read there and nothing
 *           else, opens no socket; forks crypt(3) workers that can only read
 *           and write one socket
 * reads     AUTH_REQ (smtpd sessions), LOGIN_REQ, LOGIN_CLAIM (pop3d and imapd
 *           fronts), SASL_BEGIN, SASL_MORE, SASL_END (all of these); the map
 *           users; keys of tokens, as an open file from master
 * writes    AUTH_REP, LOGIN_REP, SASL_REP to the asking peer; SESSION_START
 *           with the client's connection to the session parent; PAM_REQ to
 *           pamd; who has logged in and scram-secret, to its own directory
 * never     writes another file; sees a message; opens a mailbox
 * flow      peer -> request.c (may it?) -> users.c (the account) -> proof.c
 *           (does the password fit?) -> gate.c (how soon) -> grant.c -> peer
 *           peer -> request_sasl.c (which exchange?) -> exchange.c (what
 *           next?) -> peer, and at the end request.c
 */
#include "helpers/authd/request.h"

#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "map/logins.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/rand.h"
#include "trust/sasl.h"

static const struct service authd = {
	.name = "authd", .role = ROLE_AUTHD, .sandbox = SANDBOX_FILES_FORK,
	.mem_max_octets = 512 * MIB,
	.file_max_octets = LOGINS_SIZE_MAX,
	.nofile = 32768,	/* a channel per session, a client per login */
	.nproc = 64,	/* of the user: workers, those being replaced */
};

static struct {
	struct request_state request;
	struct account_defaults owner;
	int dir, logins;
} state;

/* The keys of tokens: master has opened the file. */
static void
load_tokens(struct exchange_world *world)
{
	int fd = service_take_file("oauth-keys");
	struct buf text;
	struct why why;

	jwt_keys_free(&world->tokens);
	if (fd < 0)
		return;
	buf_init(&text, JWT_FILE_MAX);
	if (fs_slurp_fd(fd, &text) != 0)
		why_sys(&why, WHY_PERM, "5.3.5", "read");
	else
		world->tokens = jwt_keys_parse(buf_span(&text), &why);
	if (world->tokens == NULL)
		log_error(LF_STR("event", "no-token-keys"),
		    LF_STR("path", conf_str(service_conf(), "oauth_keys")),
		    LF_STR("why", why.text));
	buf_fini(&text);
	fd_close(&fd);
}

static void
load_world(void)
{
	struct exchange_world *world = &state.request.world;
	const struct conf_view *conf = service_conf();

	world->rules = (struct jwt_rules){
		.issuer = span_str(conf_str(conf, "oauth_issuer")),
		.audience = span_str(conf_str(conf, "oauth_audience")),
		.user_claim = conf_str(conf, "oauth_user_claim") };
	load_tokens(world);

	world->users = &state.request.users;
	world->configured = sasl_configured(span_str(conf_str(conf,
	    "sasl_mechanisms")));
	/* Where no client is asked for a certificate nobody has shown one. */
	if (conf_str(conf, "client_certificates")[0] == '\0')
		world->configured &= ~SASL_BIT(SASL_EXTERNAL);
	state.request.pam_host = conf_str(service_conf(),
	    "pam_service")[0] == '\0' ? NULL : conf_str(service_conf(),
	    "hostname");
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

static void
on_new_log(void *ctx)
{
	(void)ctx;
	proof_pass_log(state.request.proof);
}

static void
on_save(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
	seen_save(state.request.gate.seen, clock_mono_ms(), false);
}

/* Where log-ins are kept; without it authd works, and forgets. */
static void
open_logins(void)
{
	const char *path = conf_str(service_conf(), "auth_dir");

	state.logins = path[0] != '\0' ? fs_open_top(path) : -1;
	if (path[0] != '\0' && state.logins < 0)
		log_warn(LF_STR("event", "logins-not-kept"),
		    LF_STR("path", path), LF_STR("why", strerror(errno)));
}

/*
 * What the salts of unknown names are made from.  Kept beside the log-ins, so
 * that a restart does not tell names that nobody has from others.
 */
static void
load_secret(uint8_t secret[EXCHANGE_SECRET])
{
	struct buf text;

	buf_init(&text, EXCHANGE_SECRET);
	if (state.logins >= 0 && fs_slurp(state.logins, "scram-secret",
	    &text) == 0 && text.n == EXCHANGE_SECRET) {
		memcpy(secret, text.p, EXCHANGE_SECRET);
	} else {
		rand_octets(secret, EXCHANGE_SECRET);
		if (state.logins >= 0 && fs_replace(state.logins,
		    "scram-secret", span_of(secret, EXCHANGE_SECRET),
		    0600) != 0)
			log_warn(LF_STR("event", "logins-not-kept"),
			    LF_STR("path", "scram-secret"),
			    LF_STR("why", strerror(errno)));
	}
	buf_fini(&text);
}

static void
make_state(void)
{
	struct request_state *r = &state.request;
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	users_init(&r->users, state.dir, &state.owner);
	load_secret(r->world.secret);
	r->base = service_base();
	r->proof = proof_new(r->base, seed);
	gate_init(&r->gate, seed, state.logins, clock_wall_s());
	r->srv = ipc_server_new(r->base, request_rules, request_rules_n, r);
	ipc_server_limit(r->srv, ROLE_SMTPD_SESSION, 20000);
	ipc_server_on_close(r->srv, request_peer_closed);
	ipc_server_on_lost(r->srv, request_lost);
}

int
main(int argc, char **argv)
{
	const struct timeval every = { .tv_sec = 5 };
	const struct service_events events = { .reload = on_reload,
		.child = on_child, .new_log = on_new_log };
	int dirs[2] = { -1, -1 }, writes[2] = { -1, -1 };
	struct event *save;

	service_begin(&authd, argc, argv);
	account_defaults_find(&state.owner,
	    conf_str(service_conf(), "mailbox_path"),
	    conf_str(service_conf(), "mailbox_user"));
	dirs[0] = state.dir = service_enter_maps();
	open_logins();
	writes[0] = state.logins;
	proof_prepare();
	load_world();	/* before confinement: libcrypto looks for its files */
	service_confine(dirs, writes);

	make_state();
	service_serve(state.request.srv);
	service_on(&events);
	save = event_new(service_base(), -1, EV_PERSIST, on_save, NULL);
	if (save == NULL || evtimer_add(save, &every) != 0)
		die(EXIT_OSERR, "no timer");
	service_loop();
	event_free(save);
	seen_save(state.request.gate.seen, clock_mono_ms(), true);

	ipc_server_free(&state.request.srv);
	proof_free(&state.request.proof);
	gate_fini(&state.request.gate);
	users_fini(&state.request.users);
	jwt_keys_free(&state.request.world.tokens);
	return service_end();
}
