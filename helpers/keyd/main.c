/*
 * keyd - keeps the private keys and signs TLS handshakes with them.
 * runs as   _paqkey in an empty directory; may read and write what is open
 * reads     certificates and keys, as open files from master, at start, at
 *           reload, and when a client first names a host; SIGN_REQ, CERT_REQ
 *           (smtpd sessions, pop3d and imapd fronts)
 * writes    SIGN_REP, CERT_REP to the asking peer; names of hosts to master; a
 *           log line for each refusal
 * never     opens a file or socket; signs a digest, or a text that is not a
 *           server's part of a TLS handshake; sees mail or passwords; shows
 *           a key
 * flow      peer -> request.c (may it?) -> tbs.c (what is it?) -> keys.c,
 *           hosted.c (which key) -> sign.c -> peer
 */
#include "base/log.h"
#include "daemon/service.h"
#include "helpers/keyd/keys.h"
#include "helpers/keyd/request.h"

static const struct service keyd = {
	.name = "keyd", .role = ROLE_KEYD, .sandbox = SANDBOX_STDIO,
	.mem_max_octets = 256 * MIB, .nofile = 24000, .nproc = 0,
};

static struct request_state state;

static void
load(void)
{
	const struct conf_view *conf = service_conf();
	struct keys *fresh = keys_load(conf, service_take_file);

	keys_free(&state.keys);
	state.keys = fresh;
	hosted_free(&state.hosted);
	if (*conf_str(conf, "certificate_dir") != '\0')
		state.hosted = hosted_new(service_ask_pair, request_again,
		    &state);
	request_again(&state);		/* those that waited for old files */
	state.per_channel = (unsigned)conf_num(conf, "sign_rate_channel");
	state.in_all = (unsigned)conf_num(conf, "sign_rate_total");
	log_info(LF_STR("event", "keys"),
	    LF_NUM("usable", keys_count(fresh)),
	    LF_NUM("configured", conf_count(conf, "certificates")));
}

static void
on_reload(void *ctx)
{
	(void)ctx;
	load();
}

static void
on_pair(const char *stem, bool is_key, int fd, void *ctx)
{
	(void)ctx;
	if (state.hosted != NULL)
		hosted_got(state.hosted, stem, is_key, fd);
}

int
main(int argc, char **argv)
{
	static const struct service_events events = { .reload = on_reload,
		.pair = on_pair };
	struct ipc_server *srv;

	service_begin(&keyd, argc, argv);
	request_init(&state);
	/* Before confinement: the library looks for its own settings once. */
	load();
	service_confine(NULL, NULL);

	srv = ipc_server_new(service_base(), request_rules, request_rules_n,
	    &state);
	ipc_server_limit(srv, ROLE_SMTPD_SESSION, 20000);
	ipc_server_on_close(srv, request_peer_closed);
	service_serve(srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&srv);
	keys_free(&state.keys);
	hosted_free(&state.hosted);
	return service_end();
}
