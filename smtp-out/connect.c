/*
 * connect.c - hosts by MX, addresses by host as they are needed, sockets by
 * address.  A host without an address or that does not answer is passed over;
 * what is said in the end is why the last one failed, and "never" only if all
 * of them failed for good.
 */
#include "smtp-out/connect.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/rand.h"
#include "smtp-out/ask_dns.h"

#define PORT_LMTP	24	/* by custom; RFC 2033 5 leaves it open */

int
connect_plan(struct route_plan *p, const struct job *job,
    struct ipc_client *dns, const struct conf_view *conf, struct why *why)
{
	struct span nexthop = span_str(job->nexthop);
	struct dns_answer mx;

	memset(p, 0, sizeof(*p));
	p->port = job->port != 0 ? job->port :
	    job->transport == TRANSPORT_LMTP ? PORT_LMTP :
	    (uint16_t)conf_num(conf, "smtp_out_port");
	p->private_too = conf_bool(conf, "smtp_out_private");
	p->demand = secure_demand(job->tls, conf, &p->demand_why);
	p->login = job->auth[0] != '\0';
	p->login_proof = strcmp(conf_str(conf, "relay_auth_tls"),
	    "encrypt") != 0;
	memcpy(p->nexthop, job->nexthop, sizeof(p->nexthop));
	memcpy(p->source, job->source, sizeof(p->source));
	if (target_is_literal(nexthop)) {
		if (target_from_literal(nexthop, &p->hosts, why) != 0)
			return -1;
		memcpy(p->nexthop, p->hosts.v[0].name, sizeof(p->nexthop));
		return 0;
	}
	/* LMTP has no MX (RFC 2033 4.1 asks for none either). */
	if (job->transport == TRANSPORT_LMTP) {
		p->hosts.n = 1;
		span_copy_cut(nexthop, p->hosts.v[0].name,
		    sizeof(p->hosts.v[0].name));
		return 0;
	}
	if (ask_dns(dns, DNS_MX, job->nexthop, &mx, why) != 0)
		return -1;
	p->mx_signed = mx.secure != 0;
	memcpy(p->canonical, mx.canonical, sizeof(p->canonical));
	return target_from_mx(nexthop, &mx,
	    span_str(conf_str(conf, "hostname")), rand_below, &p->hosts, why);
}

void
connect_failed(struct route_plan *p, const struct why *why)
{
	if (!p->failed || p->why.kind == WHY_PERM || why->kind == WHY_TEMP)
		p->why = *why;
	p->failed = true;
}

/*
 * Of a host that a route names it is the operator who has made a mistake, or
 * whoever he relies on: that is no reason to return mail.
 */
static void
no_address(struct route_plan *p, uint8_t status)
{
	struct why why;

	if (status == DNS_TEMPORARY)
		why_set(&why, WHY_TEMP, "4.4.3", "host %s has no address",
		    p->name);
	else if (!p->hosts.looked_up)
		why_set(&why, WHY_TEMP, "4.4.4", "host %s, which its route "
		    "names, has no address", p->name);
	else
		why_set(&why, WHY_PERM, "5.4.4", "host %s has no address",
		    p->name);
	connect_failed(p, &why);
}

/* What TLS the current host needs, as far as nobody has to be asked. */
static void
secure_it(struct route_plan *p, const struct secure_path *path)
{
	secure_host(&p->secure, p->demand, path);
	if (p->secure.why == NULL)
		p->secure.why = p->demand_why;
}

/*
 * What DNS demands of the current host, if that is to count; perhaps not to use
 * any of its addresses.  An MX record that is not signed may lead to anybody,
 * whose own signatures are no proof; so may an address that stands in for a
 * name.
 */
static void
ask_demands(struct route_plan *p, struct ipc_client *dns,
    const struct dns_answer *addresses)
{
	const struct ask_dane how = { .host = p->name, .port = p->port,
		.addresses = addresses,
		.only = p->demand == DEMAND_DANE_ONLY };
	bool can = addresses != NULL &&
	    (!p->hosts.looked_up || p->mx_signed);
	struct why why;

	if (p->demand != DEMAND_DANE && !how.only)
		return;
	if (!can)
		p->secure.dane = "unsigned";
	if (can ? ask_dane(dns, &how, &p->secure, &why) == 0 : !how.only)
		return;
	if (!can)
		why_set(&why, WHY_TEMP, "4.7.5", "%s: DNS is not signed on "
		    "the way to it (or dns_validating is not set)", p->name);
	connect_failed(p, &why);
	p->n = 0;
}

static void
find_addresses(struct route_plan *p, struct ipc_client *dns)
{
	const struct target_rules rules = { .looked_up = p->hosts.looked_up,
		.private_too = p->private_too };
	struct dns_answer answer;
	struct target_left left;
	struct why why;

	if (sock_parse_ip(span_str(p->name), &p->addresses[0]) == 0) {
		p->n = 1;
		ask_demands(p, dns, NULL);
		return;
	}
	if (ask_dns(dns, DNS_ADDRESS, p->name, &answer, &why) != 0) {
		connect_failed(p, &why);
		return;
	}
	p->n = target_addresses(&answer, &rules, p->addresses, ADDRESSES_MAX,
	    &left);
	p->ourselves = p->ourselves || left.ourselves > 0;
	p->private = p->private || left.private > 0;
	if (p->n == 0 && left.ourselves == 0 && left.private == 0)
		no_address(p, answer.status);
	if (p->n > 0)
		ask_demands(p, dns, &answer);
}

bool
connect_look(struct route_plan *p, struct ipc_client *dns)
{
	const struct secure_path path = { .nexthop = p->nexthop,
		.canonical = p->canonical, .host = p->name,
		.by_mx = p->hosts.looked_up, .mx_signed = p->mx_signed };

	p->at = p->n = 0;
	if (p->host >= p->hosts.n)
		return false;
	memcpy(p->name, p->hosts.v[p->host].name, sizeof(p->name));
	p->host++;
	secure_it(p, &path);
	find_addresses(p, dns);
	if (p->login)
		secure_for_login(&p->secure, p->login_proof, &path);
	return true;
}

static void
name_remote(const struct route_plan *p, const struct sock_addr *a,
    char remote[REMOTE_SIZE])
{
	char ip[SOCK_IP_SIZE];

	sock_format_ip(a, ip);
	(void)snprintf(remote, REMOTE_SIZE, "%.190s[%s]:%u", p->name, ip,
	    a->port);
}

/* A connection from an address to itself: this host (RFC 5321 6.3). */
static bool
is_ourselves(const struct route_plan *p, int fd, const struct sock_addr *to)
{
	struct sock_addr here;

	return p->hosts.looked_up && sock_local_addr(fd, &here) == 0 &&
	    sock_ip_eq(&here, to);
}

/*
 * From where: the address of the right family that the route names, else the
 * setting's.  false: from any.
 */
static bool
find_source(const struct route_plan *p, const struct conf_view *conf,
    uint8_t family, struct sock_addr *out)
{
	struct span rest = span_str(p->source);

	while (rest.n > 0)
		if (sock_parse_ip(span_cut(&rest, ','), out) == 0 &&
		    out->family == family)
			return true;
	return sock_parse_ip(span_str(conf_str(conf, "smtp_out_source")),
	    out) == 0 && out->family == family;
}

/* -1: not this one; said to the plan and the log. */
static int
try_address(struct route_plan *p, const struct sock_addr *to,
    const struct connect_by *by, const char *remote)
{
	struct sock_addr source;
	struct why why;
	int fd;

	fd = sock_connect(to, find_source(p, by->conf, to->family, &source) ?
	    &source : NULL, clock_deadline(CONNECT_MS), &why);
	if (fd >= 0 && !is_ourselves(p, fd, to))
		return fd;
	if (fd >= 0) {
		p->ourselves = true;
		fd_close(&fd);
		return -1;
	}
	connect_failed(p, &why);
	log_info(LF_STR("event", "connect-failed"),
	    LF_STR("id", by->link->id), LF_STR("remote", remote),
	    LF_STR("why", why.text));
	return -1;
}

/* What all hosts together came to. */
static int
none_left(const struct route_plan *p, struct why *why)
{
	if (p->failed)
		*why = p->why;
	if (p->private && (!p->failed || p->why.kind == WHY_PERM))
		why_set(why, WHY_PERM, "5.4.4", "its MX is in a private "
		    "network (smtp_out_private)");
	if (p->ourselves && (!p->failed || p->why.kind == WHY_PERM))
		why_set(why, WHY_PERM, "5.4.6",
		    "mail loops: its MX is this host");
	return -1;
}

int
connect_next(struct route_plan *p, const struct connect_by *by, int *fd,
    char remote[REMOTE_SIZE], struct why *why)
{
	why_set(why, WHY_TEMP, "4.4.1", "no host could be reached");
	while (!job_abandoned(by->link)) {
		struct sock_addr *to;

		if (p->at == p->n && !connect_look(p, by->dns))
			return none_left(p, why);
		if (p->at == p->n)
			continue;
		if (p->tried++ >= ADDRESSES_MAX)
			return none_left(p, why);
		to = &p->addresses[p->at++];
		to->port = p->port;
		name_remote(p, to, remote);
		*fd = try_address(p, to, by, remote);
		if (*fd >= 0)
			return 0;
	}
	why_set(why, WHY_TEMP, "4.3.0", "the queue manager ended");
	return -1;
}

bool
connect_has_more(const struct route_plan *p)
{
	return p->host < p->hosts.n && p->tried < ADDRESSES_MAX;
}

void
connect_skip_host(struct route_plan *p)
{
	p->at = p->n;
}

void
connect_step_back(struct route_plan *p)
{
	if (p->at > 0 && p->tried > 0) {
		p->at--;
		p->tried--;
	}
}
