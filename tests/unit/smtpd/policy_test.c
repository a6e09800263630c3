/* policy: who may do what.  Codes: RFC 5321 4.2.2, 4.5.3.1.10; RFC 1870 6.1. */
#include "../t.h"

#include "smtpd/limits.h"
#include "smtpd/policy.h"

#define MX	LISTENER_MX
#define SUB	LISTENER_SUBMISSION
#define LMTP	LISTENER_LMTP
#define LOCAL	LISTENER_LOCAL

static const struct facts stranger = { .kind = MX };
static const struct facts looped = { .kind = MX, .loopback = true };
static const struct facts lmtp = { .kind = LMTP, .loopback = true };
static const struct facts relay = { .kind = MX, .relay_client = true };
static const struct facts local = { .kind = LOCAL };
static const struct facts nobody = { .kind = SUB, .loopback = true };
static const struct facts user = { .kind = SUB, .logged_in = true };

static void
relaying(void **state)
{
	static const struct {
		const char *name;
		const struct facts *who;
		const char *to;
		enum rcpt_kind verdict;
		enum say want;
	} cases[] = {
		{ "ours", &stranger, "<a@b.example>", RCPT_LOCAL,
		    SAY_RCPT_OK },
		{ "unknown", &stranger, "<a@b.example>", RCPT_UNKNOWN,
		    SAY_RCPT_UNKNOWN },
		{ "foreign", &stranger, "<a@b.example>", RCPT_FOREIGN,
		    SAY_RELAY_DENIED },
		/* 127.0.0.1 alone is no reason for trust */
		{ "loopback", &looped, "<a@b.example>", RCPT_FOREIGN,
		    SAY_RELAY_DENIED },
		{ "lmtp", &lmtp, "<a@b.example>", RCPT_FOREIGN,
		    SAY_RELAY_DENIED },
		{ "not logged in", &nobody, "<a@b.example>", RCPT_FOREIGN,
		    SAY_RELAY_DENIED },
		{ "relay client", &relay, "<a@b.example>", RCPT_FOREIGN,
		    SAY_RCPT_OK },
		{ "local", &local, "<a@b.example>", RCPT_FOREIGN,
		    SAY_RCPT_OK },
		{ "user", &user, "<a@b.example>", RCPT_FOREIGN, SAY_RCPT_OK },
		/* trusted or not, who is not here is not here */
		{ "user, unknown", &user, "<a@b.example>", RCPT_UNKNOWN,
		    SAY_RCPT_UNKNOWN },
		{ "relay domain", &stranger, "<a@b.example>", RCPT_RELAY_OK,
		    SAY_RCPT_OK },
		/* RFC 5321 appendix F.2; percent and bang, by the next host */
		{ "percent", &stranger, "<a%c.example@b.example>",
		    RCPT_RELAY_OK, SAY_RELAY_DENIED },
		{ "bang", &stranger, "<c.example!a@b.example>", RCPT_RELAY_OK,
		    SAY_RELAY_DENIED },
		{ "quoted at", &stranger, "<\"a@c.example\"@b.example>",
		    RCPT_RELAY_OK, SAY_RELAY_DENIED },
		{ "percent, trusted", &user, "<a%c.example@b.example>",
		    RCPT_RELAY_OK, SAY_RCPT_OK },
		/* RFC 5321 4.5.1 */
		{ "postmaster", &stranger, "<postmaster>", RCPT_UNKNOWN,
		    SAY_RCPT_OK },
		{ "Postmaster", &stranger, "<Postmaster>", RCPT_FOREIGN,
		    SAY_RCPT_OK },
	};
	struct addr to;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].name);
		T_INT(addr_parse_path(span_str(cases[i].to), ADDR_FORWARD,
		    &to, NULL), 0);
		T_INT(policy_rcpt(cases[i].who, &to, cases[i].verdict),
		    cases[i].want);
	}
}

static void
logging_in(void **state)
{
	static const struct {
		const char *name;
		struct facts f;
		bool offered;
		enum say want;
	} cases[] = {
		{ "mechanisms", { .kind = SUB, .mechanisms = 1 }, true,
		    SAY_NOTHING },
		{ "none", { .kind = SUB }, false, SAY_AUTH_PLAIN_TEXT },
		{ "certificate alone", { .kind = SUB, .certified = true },
		    false, SAY_AUTH_PLAIN_TEXT },
		{ "mx under TLS", { .kind = MX, .certified = true,
		    .tls = true, .mechanisms = 1 }, false,
		    SAY_AUTH_PLAIN_TEXT },
		{ "again", { .kind = SUB, .mechanisms = 1,
		    .logged_in = true }, true, SAY_AUTH_AGAIN },
		{ "mx", { .kind = MX, .mechanisms = 1 }, false,
		    SAY_AUTH_PLAIN_TEXT },
		{ "lmtp", { .kind = LMTP, .mechanisms = 1 }, false,
		    SAY_AUTH_PLAIN_TEXT },
		{ "local", { .kind = LOCAL, .mechanisms = 1 }, false,
		    SAY_AUTH_PLAIN_TEXT },
	};
	static const struct {
		struct facts f;
		bool clear;
	} clear[] = {
		{ { .loopback = true }, true }, { { .tls = true }, true },
		{ { .plain_anywhere = true }, true },
		{ { .certified = true }, false },
		{ { .relay_client = true }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].name);
		T_TRUE(policy_auth_offered(&cases[i].f) == cases[i].offered);
		T_INT(policy_auth(&cases[i].f), cases[i].want);
	}
	for (size_t i = 0; i < COUNT(clear); i++)
		T_TRUE(policy_clear(&clear[i].f) == clear[i].clear);
	T_INT(say_code(SAY_AUTH_PLAIN_TEXT), 538);
	T_INT(say_code(SAY_AUTH_NEEDED), 530);
}

static void
starting_tls(void **state)
{
	static const struct {
		const char *name;
		struct facts f;
		bool signer, offered;
		enum say want;
	} cases[] = {
		{ "mx", { .kind = MX, .certified = true }, true, true,
		    SAY_NOTHING },
		{ "submission", { .kind = SUB, .certified = true }, true,
		    true, SAY_NOTHING },
		/* RFC 3207 4: 454 */
		{ "no signer", { .kind = MX, .certified = true }, false, true,
		    SAY_TLS_LATER },
		/* RFC 3207 4.2 */
		{ "again", { .kind = MX, .certified = true, .tls = true },
		    true, false, SAY_TLS_AGAIN },
		{ "logged in", { .kind = SUB, .certified = true,
		    .logged_in = true }, true, true, SAY_TLS_TOO_LATE },
		{ "no certificate", { .kind = MX }, true, false,
		    SAY_NOT_HERE },
		{ "lmtp", { .kind = LMTP, .certified = true }, true, false,
		    SAY_NOT_HERE },
		{ "local", { .kind = LOCAL, .certified = true }, true, false,
		    SAY_NOT_HERE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].name);
		T_TRUE(policy_tls_offered(&cases[i].f) == cases[i].offered);
		T_INT(policy_tls(&cases[i].f, cases[i].signer),
		    cases[i].want);
	}
	T_INT(say_code(SAY_TLS_GO), 220);
	T_INT(say_code(SAY_TLS_LATER), 454);
}

static void
senders(void **state)
{
	struct verb_mail m = { .has_size = true, .size = 1000 };

	(void)state;
	T_INT(policy_mail(&stranger, &m, 1000), SAY_MAIL_OK);
	T_INT(policy_mail(&stranger, &m, 999), SAY_TOO_BIG);
	T_INT(policy_mail(&nobody, &m, 1000), SAY_AUTH_NEEDED);
	T_INT(policy_mail(&nobody, &m, 1), SAY_AUTH_NEEDED);
	T_INT(policy_mail(&user, &m, 1000), SAY_MAIL_OK);
	T_INT(policy_mail(&local, &m, 1000), SAY_MAIL_OK);
	m = (struct verb_mail){ .has_size = true, .size = UINT64_MAX };
	T_INT(policy_mail(&stranger, &m, 1000), SAY_TOO_BIG);
	m.has_size = false;
	T_INT(policy_mail(&stranger, &m, 1000), SAY_MAIL_OK);
	T_INT(policy_rcpt_room(99, 100), SAY_NOTHING);
	T_INT(policy_rcpt_room(100, 100), SAY_TOO_MANY_RCPT);
	T_INT(say_code(SAY_TOO_MANY_RCPT), 452);
	T_INT(say_code(SAY_TOO_BIG), 552);
}

static void
messages(void **state)
{
	static const struct {
		struct message_facts m;
		enum say want;
	} cases[] = {
		{ { .hops_max = 50 }, SAY_NOTHING },
		{ { .hops = 50, .hops_max = 50 }, SAY_NOTHING },
		{ { .hops = 51, .hops_max = 50 }, SAY_LOOP },
		{ { .bad_octets = true, .hops_max = 50 }, SAY_BAD_OCTETS },
		{ { .too_big = true, .hops_max = 50 }, SAY_TOO_BIG },
		{ { .header_too_big = true, .hops_max = 50 },
		    SAY_HEADER_TOO_BIG },
		{ { .bad_octets = true, .too_big = true, .hops = 99 },
		    SAY_BAD_OCTETS },
		{ { .binary = MIME_BINARY_LINES, .hops_max = 50 },
		    SAY_BINARY_LINES },
		{ { .binary = MIME_BINARY_HEADER, .hops_max = 50 },
		    SAY_HEADER_TOO_BIG },
		{ { .binary = MIME_BINARY_DEEP, .hops_max = 50 },
		    SAY_BINARY_DEEP },
		{ { .binary = MIME_BINARY_SIGNED, .hops_max = 50 },
		    SAY_BINARY_SIGNED },
		{ { .binary = MIME_BINARY_LINES, .too_big = true },
		    SAY_TOO_BIG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		T_INT(policy_message(&cases[i].m), cases[i].want);
}

static void
patience(void **state)
{
	static const struct {
		const char *name;
		struct counts c;
		enum say want;
	} cases[] = {
		{ "new", { 0 }, SAY_NOTHING },
		{ "errors", { .errors = 19 }, SAY_NOTHING },
		{ "too many", { .errors = 20 }, SAY_TOO_MANY_ERRORS },
		{ "a list", { .errors = 29, .accepted = 10 },
		    SAY_NOTHING },
		{ "a bad list", { .errors = 30,
		    .accepted = 10 }, SAY_TOO_MANY_ERRORS },
		{ "logins", { .auth_failures = LIMIT_AUTH_FAILURES },
		    SAY_TOO_MANY_LOGINS },
		{ "idle", { .idle = LIMIT_IDLE_COMMANDS },
		    SAY_TOO_MANY_COMMANDS },
		{ "commands", { .commands = LIMIT_COMMANDS },
		    SAY_TOO_MANY_COMMANDS },
		{ "over", { .over = 99 }, SAY_NOTHING },
		{ "much over", { .over = 100 }, SAY_TOO_MANY_COMMANDS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].name);
		T_INT(policy_patience(&cases[i].c, 100, 20), cases[i].want);
		if (cases[i].want != SAY_NOTHING)
			T_INT(say_code(cases[i].want), 421);
	}
}

static void
slowing_down(void **state)
{
	static const struct {
		struct counts c;
		unsigned slow;
		int64_t ms;
	} cases[] = {
		{ { .errors = 9 }, 10, 0 },
		{ { .errors = 10 }, 10, 200 },
		{ { .errors = 19 }, 10, 2000 },
		{ { .errors = 4000000000 }, 10, 5000 },
		{ { .errors = 19, .accepted = 10 }, 10, 0 },
		{ { .errors = 20, .accepted = 10 }, 10, 200 },
		{ { .errors = 1, .accepted = 4000000000 }, 1, 0 },
		{ { .errors = 99 }, 0, 0 },	/* off */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		T_INT(policy_delay_ms(&cases[i].c, cases[i].slow),
		    cases[i].ms);
}

/*
 * A session that was taken over says what it likes: it must not use up the
 * budget of a network that has sent nothing.
 */
static void
charging(void **state)
{
	static const struct sock_addr none = { .family = 0 };
	static const struct sock_addr peer = { .family = 4,
		.ip = { 192, 0, 2, 1 } };
	static const struct sock_addr client = { .family = 4,
		.ip = { 198, 51, 100, 1 } };
	static const struct sock_addr claim = { .family = 4,
		.ip = { 203, 0, 113, 1 } };
	static const struct {
		struct origin o;
		const struct sock_addr *charged;
	} cases[] = {
		{ { &peer, &none, false, false, false }, &peer },
		{ { &peer, &none, false, true, false }, &claim },
		/* Behind a proxy: whom it named, and else it. */
		{ { &peer, &client, true, false, false }, &client },
		{ { &peer, &none, true, false, false }, &peer },
		{ { &peer, &none, true, true, false }, &peer },
		{ { &peer, &client, true, true, false }, &client },
		/* An XCLIENT host behind one. */
		{ { &peer, &client, true, false, true }, &claim },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		T_TRUE(policy_charged(&cases[i].o, &claim) ==
		    cases[i].charged);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(relaying),
		cmocka_unit_test(logging_in),
		cmocka_unit_test(starting_tls),
		cmocka_unit_test(senders),
		cmocka_unit_test(messages),
		cmocka_unit_test(patience),
		cmocka_unit_test(slowing_down),
		cmocka_unit_test(charging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
