/* secure: what each demand means, and which names count as proof. */
#include "../t.h"

#include <string.h>

#include "smtp-out/secure.h"

static void
demands(void **state)
{
	static const struct {
		enum demand demand; enum secure_least least;
		enum tls_proof proof;
	} cases[] = {
		{ DEMAND_NONE, SECURE_CLEAR, TLS_PROOF_NONE },
		{ DEMAND_OPPORTUNISTIC, SECURE_MAY, TLS_PROOF_NONE },
		{ DEMAND_REQUIRE, SECURE_TLS, TLS_PROOF_NONE },
		{ DEMAND_VERIFY, SECURE_PROVEN, TLS_PROOF_CA },
		/* Before DNS has spoken. */
		{ DEMAND_DANE, SECURE_MAY, TLS_PROOF_NONE },
		{ DEMAND_DANE_ONLY, SECURE_PROVEN, TLS_PROOF_NONE },
		/* Nobody asks for it, but if: not less than TLS. */
		{ DEMAND_DEFAULT, SECURE_TLS, TLS_PROOF_NONE },
	};
	const struct secure_path path = { .nexthop = "far.example",
		.canonical = "", .host = "mx.example", .by_mx = true };
	static struct secure s;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(demand_name(cases[i].demand));
		secure_host(&s, cases[i].demand, &path);
		T_INT(s.least, cases[i].least);
		T_INT(s.proof, cases[i].proof);
	}
}

/* Before a password is said: never less than what the setting asks for. */
static void
log_ins(void **state)
{
	static const struct {
		enum demand demand; bool proof;
		enum secure_least least; enum tls_proof by; size_t names;
	} cases[] = {
		{ DEMAND_NONE, true, SECURE_PROVEN, TLS_PROOF_CA, 2 },
		{ DEMAND_OPPORTUNISTIC, true, SECURE_PROVEN, TLS_PROOF_CA, 2 },
		{ DEMAND_REQUIRE, true, SECURE_PROVEN, TLS_PROOF_CA, 2 },
		{ DEMAND_VERIFY, true, SECURE_PROVEN, TLS_PROOF_CA, 2 },
		/* No TLSA records: by an authority, with its names. */
		{ DEMAND_DANE, true, SECURE_PROVEN, TLS_PROOF_CA, 2 },
		{ DEMAND_NONE, false, SECURE_TLS, TLS_PROOF_NONE, 0 },
		{ DEMAND_OPPORTUNISTIC, false, SECURE_TLS, TLS_PROOF_NONE, 0 },
		{ DEMAND_VERIFY, false, SECURE_PROVEN, TLS_PROOF_CA, 2 },
	};
	const struct secure_path path = { .nexthop = "far.example",
		.canonical = "c.example", .host = "mx.example", .by_mx = true };
	static struct secure s;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(demand_name(cases[i].demand));
		secure_host(&s, cases[i].demand, &path);
		secure_for_login(&s, cases[i].proof, &path);
		T_INT(s.least, cases[i].least);
		T_INT(s.proof, cases[i].by);
		T_INT(s.nnames, cases[i].names);
	}
	secure_host(&s, DEMAND_DANE, &path);
	secure_by_dane(&s, true, false);
	secure_for_login(&s, true, &path);
	T_INT(s.least, SECURE_PROVEN);
	T_INT(s.proof, TLS_PROOF_DANE);
	/* Records of no use: TLS with whomever is not enough here. */
	secure_host(&s, DEMAND_DANE, &path);
	secure_by_dane(&s, false, false);
	secure_for_login(&s, true, &path);
	T_INT(s.least, SECURE_PROVEN);
	T_INT(s.proof, TLS_PROOF_CA);
}

static void
names(void **state)
{
	static const struct {
		const char *name; enum demand demand; struct secure_path path;
		const char *v[TLS_NAMES_MAX + 1];
	} cases[] = {
		{ "the operator's host", DEMAND_VERIFY,
		    { "relay.example", "", "relay.example", false, false },
		    { "relay.example" } },
		{ "by MX: whoever forges it must not choose the name",
		    DEMAND_VERIFY,
		    { "far.example", "", "mx.evil.example", true, false },
		    { "far.example", ".far.example" } },
		{ "by signed MX", DEMAND_VERIFY,
		    { "far.example", "", "mx.host.example", true, true },
		    { "far.example", ".far.example", "mx.host.example" } },
		/* RFC 7672: beside the base: next hop, and its alias's end */
		{ "dane by MX", DEMAND_DANE,
		    { "far.example", "real.example", "mx.host.example", true,
		    true }, { "far.example", "real.example" } },
		{ "dane, the operator's host", DEMAND_DANE_ONLY,
		    { "relay.example", "", "relay.example", false, false },
		    { "relay.example" } },
		{ "no proof, no names", DEMAND_REQUIRE,
		    { "far.example", "", "mx.host.example", true, true },
		    { NULL } },
	};
	static struct secure s;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_want want;
		size_t n = 0;

		t_case(cases[i].name);
		secure_host(&s, cases[i].demand, &cases[i].path);
		secure_want(&s, cases[i].path.host, &want);
		while (cases[i].v[n] != NULL)
			n++;
		T_INT(want.nnames, n);
		for (size_t j = 0; j < n; j++)
			T_TRUE(strcmp(want.names[j], cases[i].v[j]) == 0);
		T_TRUE(strcmp(want.host, cases[i].path.host) == 0);
	}
}

static void
by_dane(void **state)
{
	const struct secure_path path = { "far.example", "", "mx.example",
		true, true };
	static struct secure s;

	(void)state;
	secure_host(&s, DEMAND_DANE, &path);
	secure_by_dane(&s, true, false);
	T_TRUE(s.least == SECURE_TLS && s.proof == TLS_PROOF_DANE);
	secure_host(&s, DEMAND_DANE, &path);
	secure_by_dane(&s, false, false);
	T_TRUE(s.least == SECURE_TLS && s.proof == TLS_PROOF_NONE);
	secure_host(&s, DEMAND_DANE_ONLY, &path);
	secure_by_dane(&s, true, true);
	T_TRUE(s.least == SECURE_PROVEN && s.proof == TLS_PROOF_DANE);
	T_TRUE(strcmp(s.why, "dane") == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demands),
		cmocka_unit_test(log_ins), cmocka_unit_test(names),
		cmocka_unit_test(by_dane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
