/*
 * secure.c - one row per demand.
 *
 * With "verify" the certificate must name what the operator named: the next
 * hop or any name beneath it, for mail exchangers are often called
 * mx1.NEXTHOP.  The name of a mail exchanger itself counts only if signed DNS
 * has led to it: else whoever forges an MX record would choose the name too.
 */
#include "smtp-out/secure.h"

#include <string.h>

enum demand
secure_demand(uint8_t of_route, const struct conf_view *conf,
    const char **why)
{
	enum demand demand = DEMAND_REQUIRE;	/* never less by mistake */

	*why = of_route == DEMAND_DEFAULT ? "setting" : "route";
	if (of_route != DEMAND_DEFAULT)
		return (enum demand)of_route;
	/* The words of the setting have been checked. */
	(void)!demand_parse(span_str(conf_str(conf, "smtp_out_tls")),
	    &demand);
	return demand;
}

static void
add_name(struct secure *s, const char *dot, const char *name)
{
	char *to = s->names[s->nnames];
	size_t n = strlen(dot);

	memcpy(to, dot, n);
	if (span_copy(span_str(name), to + n, sizeof(s->names[0]) - n) == 0)
		s->nnames++;
}

static void
names_for_ca(struct secure *s, const struct secure_path *path)
{
	add_name(s, "", path->nexthop);
	if (!path->by_mx)
		return;
	add_name(s, ".", path->nexthop);
	if (path->mx_signed)
		add_name(s, "", path->host);
}

/* Beside the base itself (RFC 7672: usage 2 asks for names). */
static void
names_for_dane(struct secure *s, const struct secure_path *path)
{
	add_name(s, "", path->nexthop);
	if (path->by_mx && *path->canonical != '\0')
		add_name(s, "", path->canonical);
}

void
secure_host(struct secure *s, enum demand demand,
    const struct secure_path *path)
{
	static const enum secure_least least[DEMANDS] = {
		[DEMAND_DEFAULT] = SECURE_TLS,
		[DEMAND_NONE] = SECURE_CLEAR,
		[DEMAND_OPPORTUNISTIC] = SECURE_MAY,
		[DEMAND_REQUIRE] = SECURE_TLS,
		[DEMAND_VERIFY] = SECURE_PROVEN,
		[DEMAND_DANE] = SECURE_MAY,
		[DEMAND_DANE_ONLY] = SECURE_PROVEN,
	};

	memset(s, 0, sizeof(*s));
	s->least = least[demand];
	if (s->least == SECURE_MAY)
		s->why = "opportunistic";
	if (demand == DEMAND_VERIFY) {
		s->proof = TLS_PROOF_CA;
		names_for_ca(s, path);
	} else if (demand == DEMAND_DANE || demand == DEMAND_DANE_ONLY) {
		names_for_dane(s, path);
	}
}

void
secure_by_dane(struct secure *s, bool usable, bool only)
{
	s->why = "dane";
	s->least = only ? SECURE_PROVEN : SECURE_TLS;
	s->proof = usable ? TLS_PROOF_DANE : TLS_PROOF_NONE;
}

void
secure_for_login(struct secure *s, bool proof, const struct secure_path *path)
{
	enum secure_least least = proof ? SECURE_PROVEN : SECURE_TLS;

	if (proof && s->proof == TLS_PROOF_NONE) {
		s->proof = TLS_PROOF_CA;
		s->nnames = 0;		/* those for DANE are other ones */
		names_for_ca(s, path);
	}
	if (s->least < least) {
		s->least = least;
		s->why = "relay_auth_tls";
	}
}

void
secure_want(const struct secure *s, const char *host, struct tls_want *want)
{
	*want = (struct tls_want){ .proof = s->proof,
		.host = s->base[0] != '\0' ? s->base : host,
		.nnames = s->nnames, .tlsa = s->tlsa, .ntlsa = s->ntlsa };
	for (size_t i = 0; i < s->nnames; i++)
		want->names[i] = s->names[i];
}

const char *
secure_proof_name(enum tls_proof proof)
{
	static const char *const names[] = { "no", "ca", "dane" };

	return names[proof];
}
