/*
 * route.c - transport ":" host [":" port], then tls=word and
 * source=addresses in any order; the host
 * in brackets means "no MX look-up", as administrators know it.
 */
#include "map/route.h"

#include <string.h>

#include "base/num.h"
#include "mail/addr.h"
#include "os/sock.h"

static int
bad(struct why *why, struct span value)
{
	why_set(why, WHY_TEMP, "4.3.5", "bad route \"%.*s\"",
	    SPAN_ARG(span_head(value, 100)));
	return -1;
}

static bool
host_valid(struct span host)
{
	char canonical[ADDR_DOMAIN_SIZE];
	struct sock_addr ip;
	bool literal;

	return sock_parse_ip(host, &ip) == 0 ||
	    (addr_parse_domain(host, canonical, &literal) == 0 && !literal);
}

static int
parse_host(struct span text, struct route *route)
{
	bool bracket = text.n > 0 && text.p[0] == '[';
	char canonical[ADDR_DOMAIN_SIZE];
	struct span host;
	struct buf hop;
	uint64_t port = 0;
	size_t end;
	int rc;

	if (text.n == 0)
		return 0;
	end = bracket ? span_chr(text, ']') : span_chr(text, ':');
	if (bracket && (end == text.n || end == 1))
		return -1;
	host = bracket ? span_of(text.p + 1, end - 1) : span_head(text, end);
	text = span_from(text, bracket ? end + 1 : end);
	if (text.n > 0 && (text.p[0] != ':' ||
	    num_parse(span_from(text, 1), 1, 65535, &port) != 0))
		return -1;
	route->port = (uint16_t)port;
	if (host.n == 0)		/* ":2525": the domain's own MX */
		return 0;
	if (!host_valid(host))
		return -1;
	/* The host's one spelling, for DNS. */
	if (addr_parse_domain(host, canonical, NULL) == 0)
		host = span_str(canonical);
	buf_init(&hop, sizeof(route->nexthop) - 1);
	(void)buf_addf(&hop, bracket ? "[%.*s]" : "%.*s", SPAN_ARG(host));
	rc = hop.full ? -1 : span_copy(buf_span(&hop), route->nexthop,
	    sizeof(route->nexthop));
	buf_fini(&hop);
	return rc;
}

/* One address, or one of each family; -1: anything else. */
static int
parse_source(struct span text, struct route *route)
{
	struct sock_addr at[2] = { { .family = 0 }, { .family = 0 } };
	char ip[SOCK_IP_SIZE];
	struct buf out;
	size_t n = 0;
	int rc = -1;

	if (route->source[0] != '\0')
		return -1;	/* said twice */
	buf_init(&out, sizeof(route->source) - 1);
	while (text.p != NULL) {
		if (n == COUNT(at) ||
		    sock_parse_ip(span_cut(&text, ','), &at[n]) != 0 ||
		    sock_is_unusable(&at[n]) ||
		    (n > 0 && at[0].family == at[1].family))
			goto out;
		sock_format_ip(&at[n], ip);
		if (buf_addf(&out, "%s%s", n > 0 ? "," : "", ip) != 0)
			goto out;
		n++;
	}
	rc = span_copy(buf_span(&out), route->source, sizeof(route->source));
out:
	buf_fini(&out);
	return rc;
}

/* What stands behind the host: nothing, or words of which each has a "=". */
static int
parse_options(struct span text, struct route *route)
{
	struct span word;
	bool tls = false;

	while ((word = span_word(&text)).n > 0) {
		if (span_istarts(word, SPAN_LIT("tls=")) && !tls) {
			if (demand_parse(span_from(word, 4), &route->tls) != 0)
				return -1;
			tls = true;
		} else if (!span_istarts(word, SPAN_LIT("source=")) ||
		    parse_source(span_from(word, 7), route) != 0) {
			return -1;
		}
	}
	return 0;
}

static int
parse_hop(struct span text, struct route *route)
{
	size_t space = 0;

	/* No host has a "=": "smtp: tls=..." names none. */
	while (space < text.n && text.p[space] != ' ' &&
	    text.p[space] != '\t')
		space++;
	if (span_has(span_head(text, space), '='))
		space = 0;
	return parse_host(span_head(text, space), route) == 0 &&
	    parse_options(span_trim(span_from(text, space)), route) == 0 ?
	    0 : -1;
}

static int
parse_error(struct span text, struct route *route)
{
	struct span code = span_head(text, span_chr(text, ' '));

	route->permanent = !(code.n > 0 && code.p[0] == '4');
	if (code.n < 5 || code.p[1] != '.' ||
	    span_copy(code, route->esc, sizeof(route->esc)) != 0)
		span_copy_cut(SPAN_LIT("5.1.2"), route->esc,
		    sizeof(route->esc));
	else
		text = span_trim(span_from(text, code.n));
	span_copy_cut(text.n > 0 ? text : SPAN_LIT("mail for this domain is "
	    "not taken"), route->text, sizeof(route->text));
	return 0;
}

int
route_parse(struct span value, struct route *route, struct why *why)
{
	struct span rest = span_trim(value);
	struct span transport = span_cut(&rest, ':');
	int rc;

	memset(route, 0, sizeof(*route));
	if (rest.p == NULL)
		return bad(why, value);
	rest = span_trim(rest);
	if (span_ieq_str(transport, "smtp") || transport.n == 0)
		route->kind = ROUTE_SMTP;
	else if (span_ieq_str(transport, "lmtp"))
		route->kind = ROUTE_LMTP;
	else if (span_ieq_str(transport, "error"))
		route->kind = ROUTE_ERROR;
	else
		return bad(why, value);
	rc = route->kind == ROUTE_ERROR ? parse_error(rest, route) :
	    parse_hop(rest, route);
	return rc == 0 ? 0 : bad(why, value);
}
