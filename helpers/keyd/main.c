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
#include "base/bug.h"
#include "base/log.h"
#include "base/num.h"
#include "daemon/service.h"
#include "helpers/keyd/keys.h"
#include "helpers/keyd/request.h"

static const struct service keyd = {
	.name = "keyd", .role = ROLE_KEYD, .sandbox = SANDBOX_STDIO,
	.mem_max_octets = CONFINE_LOCK_MAX, .lock_memory = true, .nofile = 24000, .nproc = 0,
};

#define EXPIRE_S	30	/* from look to look at the former ones */

static struct {
	struct request_state req;
	struct event *expire;
} all;

/* However much one network may begin, half of smtpd's is for others. */
static void
set_pace(const struct conf_view *conf)
{
	unsigned most = (unsigned)num_max(all.req.per_channel / 2, 1);
	unsigned each = (unsigned)conf_num(conf, "tls_handshakes_per_network");

	pace_free(&all.req.networks);
	all.req.networks = pace_new(each == 0 ? most :
	    (unsigned)num_min(each, most));
}

static void
load(void)
{
	static const struct keys_source from = { service_take_file,
		service_pair_refused };
	const struct conf_view *conf = service_conf();
	struct keys *fresh = keys_load(conf, &from, all.req.keys);

	/* Others hear of it later, and who has begun may still ask for what
	   was then. */
	keys_retire(&all.req.keys, all.req.former);
	all.req.keys = fresh;
	if (*conf_str(conf, "certificate_dir") == '\0')
		hosted_free(&all.req.hosted);
	else if (all.req.hosted != NULL)
		hosted_reload(all.req.hosted);
	else
		all.req.hosted = hosted_new(all.req.former, service_ask_pair,
		    request_again, &all.req);
	request_again(&all.req);	/* those that waited for old files */
	all.req.per_channel = (unsigned)conf_num(conf, "sign_rate_channel");
	all.req.in_all = (unsigned)conf_num(conf, "sign_rate_total");
	service_pairs_judged();
	set_pace(conf);
	log_info(LF_STR("event", "keys"),
	    LF_NUM("usable", keys_count(fresh)),
	    LF_NUM("configured", conf_count(conf, "certificates")));
}

static void
on_expire(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
	former_expire(all.req.former);
}

static void
watch_former(void)
{
	static const struct timeval every = { .tv_sec = EXPIRE_S };

	all.req.former = former_new();
	all.expire = event_new(service_base(), -1, EV_PERSIST, on_expire, NULL);
	if (all.expire == NULL || event_add(all.expire, &every) != 0)
		die(EXIT_OSERR, "no timer");
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
	if (all.req.hosted != NULL)
		hosted_got(all.req.hosted, stem, is_key, fd);
}

int
main(int argc, char **argv)
{
	static const struct service_events events = { .reload = on_reload,
		.pair = on_pair };
	struct ipc_server *srv;

	service_begin(&keyd, argc, argv);
	request_init(&all.req);
	/* Before confinement the library looks for its own settings; keys only
	   come into a process that nobody can look into any more. */
	keys_setup();
	service_confine(NULL, NULL);
	watch_former();
	load();

	srv = ipc_server_new(service_base(), request_rules, request_rules_n,
	    &all.req);
	ipc_server_limit(srv, ROLE_SMTPD_SESSION, 20000);
	ipc_server_on_close(srv, request_peer_closed);
	service_serve(srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&srv);
	event_free(all.expire);
	keys_free(&all.req.keys);
	hosted_free(&all.req.hosted);
	former_free(&all.req.former);
	pace_free(&all.req.networks);
	return service_end();
}
