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
	.mem_max_octets = 256 * MIB, .nofile = 24000, .nproc = 0,
};

#define FORMER_S	600	/* as long as sessions of smtpd may drain */

static struct {
	struct request_state req;
	struct event *former_over;
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

	/* Sessions that began before may still ask for what was then. */
	keys_free(&all.req.former);
	all.req.former = all.req.keys;
	all.req.keys = fresh;
	hosted_free(&all.req.hosted);
	if (*conf_str(conf, "certificate_dir") != '\0')
		all.req.hosted = hosted_new(service_ask_pair, request_again,
		    &all.req);
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
on_former_over(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
	keys_free(&all.req.former);
}

static void
on_reload(void *ctx)
{
	static const struct timeval drain = { .tv_sec = FORMER_S };

	(void)ctx;
	load();
	if (evtimer_add(all.former_over, &drain) != 0)
		die(EXIT_OSERR, "no timer");
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
	all.former_over = evtimer_new(service_base(), on_former_over, NULL);
	if (all.former_over == NULL)
		die(EXIT_OSERR, "no timer");
	load();

	srv = ipc_server_new(service_base(), request_rules, request_rules_n,
	    &all.req);
	ipc_server_limit(srv, ROLE_SMTPD_SESSION, 20000);
	ipc_server_on_close(srv, request_peer_closed);
	service_serve(srv);
	service_on(&events);
	service_loop();

	ipc_server_free(&srv);
	event_free(all.former_over);
	keys_free(&all.req.former);
	keys_free(&all.req.keys);
	hosted_free(&all.req.hosted);
	pace_free(&all.req.networks);
	return service_end();
}
