/*
 * dnsd - names and addresses, from the name servers.
 * runs as   _paqdns in an empty directory; may make sockets (by TCP to the
 *           ports of its servers only), open no file
 * reads     DNS_ASK (smtp-out workers); DNS replies;
 *           resolv.conf once, before confinement
 * writes    DNS queries; DNS_ANSWER to the asking peer
 * never     sees mail, passwords or a connection of a mail client
 * flow      peer -> request.c (may it?) -> cache.c (known?) -> resolve.c
 *           (c-ares) -> reply.c -> peer
 */
#include "helpers/dnsd/request.h"
#include "helpers/dnsd/resolve.h"

#include "base/bug.h"
#include "daemon/service.h"

static const struct service dnsd = {
	.name = "dnsd", .role = ROLE_DNSD, .sandbox = SANDBOX_NET,
	.mem_max_octets = 512 * MIB, .nproc = 0,
	.nofile = 8192,	/* a channel per worker: smtp_out_max */
};

static void
join_servers(const struct conf_view *conf, struct buf *out)
{
	for (size_t i = 0; i < conf_count(conf, "dns_servers"); i++)
		(void)buf_addf(out, "%s%s", i > 0 ? "," : "",
		    conf_item(conf, "dns_servers", i));
}

int
main(int argc, char **argv)
{
	struct resolver *resolver;
	struct ipc_server *srv;
	uint16_t ports[RESOLVE_PORTS_MAX];
	struct buf servers;

	service_begin(&dnsd, argc, argv);
	buf_init(&servers, 8 * 64);
	join_servers(service_conf(), &servers);
	resolver = resolver_new(service_base(), buf_cstr(&servers),
	    conf_bool(service_conf(), "dns_validating"));
	if (resolver == NULL)
		die(EXIT_CONFIG, "cannot start the resolver");
	service_confine_ports(ports, resolver_tcp_ports(resolver, ports));
	service_confine(NULL, NULL);

	srv = ipc_server_new(service_base(), request_rules, request_rules_n,
	    resolver);
	ipc_server_limit(srv, ROLE_SMTP_OUT_WORKER, 5000);
	/* As many as the hosts of its jobs: slow down, and do not lose them. */
	ipc_server_pace(srv, ROLE_SMTP_OUT_WORKER);
	ipc_server_on_close(srv, request_peer_closed);
	service_serve(srv);
	service_loop();

	ipc_server_free(&srv);
	resolver_free(&resolver);
	buf_fini(&servers);
	return service_end();
}
