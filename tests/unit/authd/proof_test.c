/*
 * proof: passwords that fit and that do not, by every kind of hash; workers
 * that die, are killed, or are not enough.
 */
#include "../t.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <crypt.h>
#include <signal.h>
#include <stdio.h>

#include "helpers/authd/proof.h"
#include "os/clock.h"

static struct event_base *base;
static struct proof *proof;

static const uint8_t seed[16] = { 1 };

struct heard {
	unsigned times;
	enum proof_result result;
	char app[ACCOUNT_APP_NAME_MAX + 1];
};

static void
hear(enum proof_result result, const char *app, void *ctx)
{
	struct heard *h = ctx;

	h->times++;
	h->result = result;
	T_TRUE(span_copy(span_str(app), h->app, sizeof(h->app)) == 0);
}

/* A try of IMAP from networks of their own; field SPAN_NONE: unknown user. */
static void
put(struct proof *to, struct span field, struct span password,
    struct heard *h)
{
	static unsigned turn;
	struct account account = { .hash = field };
	struct proof_try try = { .password = password,
		.service = ACCOUNT_IMAP };
	char client[20];

	(void)snprintf(client, sizeof(client), "198.%u.%u.1", 18 + turn / 256 % 2,
	    turn % 256);
	turn++;
	try.client = span_str(client);
	if (field.p != NULL)
		try.account = &account;
	proof_ask(to, &try, hear, h);
}

static int
setup(void **state)
{
	(void)state;
	/* A daemon is confined already; the workers only narrow that. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	base = event_base_new();
	proof_prepare();
	proof = proof_new(base, seed);
	return proof != NULL ? 0 : -1;
}

static void
reap(void)
{
	struct spawn_end end;

	while (spawn_reap(&end))
		proof_child_ended(proof, &end);
}

static int
teardown(void **state)
{
	(void)state;
	proof_free(&proof);
	T_TRUE(proof == NULL);
	event_base_free(base);
	/* Nobody is left when the channels are closed. */
	for (int i = 0; i < 500 && waitpid(-1, NULL, WNOHANG) >= 0; i++)
		clock_sleep_ms(10);
	T_INT(waitpid(-1, NULL, WNOHANG), -1);
	return 0;
}

/* Until h has heard, or time is over. */
static void
wait_for(const struct heard *h)
{
	int64_t until_ms = clock_deadline(20000);

	while (h->times == 0 && clock_mono_ms() < until_ms) {
		T_TRUE(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
		reap();
		clock_sleep_ms(1);
	}
	T_INT(h->times, 1);
}

static enum proof_result
ask(struct span field, struct span password)
{
	struct heard h = { .times = 0 };

	put(proof, field, password, &h);
	wait_for(&h);
	return h.result;
}

/* "Hello world!" with the salt "saltstring", as openssl-passwd(1) has it. */
#define SHA512	"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817" \
		"G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
#define SHA256	"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"

static const struct {
	const char *field, *password;
	enum proof_result want;
} cases[] = {
	{ SHA512, "Hello world!", PROOF_HOLDS },
	{ SHA512, "Hello world?", PROOF_FAILS },
	{ SHA256, "Hello world!", PROOF_HOLDS },
	{ SHA256, "", PROOF_FAILS },
	{ "{SHA512-CRYPT}" SHA512, "Hello world!", PROOF_HOLDS },
	{ "{PLAIN}secret", "secret", PROOF_HOLDS },
	{ "{plain}secret", "Secret", PROOF_FAILS },
	{ "{PLAIN}secret", "secret2", PROOF_FAILS },
	{ "{PLAIN}secret", "", PROOF_FAILS },
	{ "{PLAIN}", "", PROOF_FAILS },
	{ "{CLEARTEXT}a b", "a b", PROOF_HOLDS },
	/* No password fits these. */
	{ "*", "*", PROOF_FAILS },
	{ "!$5$x", "x", PROOF_FAILS },
	{ "", "", PROOF_FAILS },
	{ "{MD5-UNKNOWN}x", "x", PROOF_FAILS },
	{ "*0", "x", PROOF_FAILS },
	{ "$nosuch$x$y", "x", PROOF_FAILS },
	{ "nobody's", "nobody's", PROOF_FAILS },
	{ "$6$", "x", PROOF_FAILS },
	{ "$6$saltstring$", "Hello world!", PROOF_FAILS },
	{ "x", "x", PROOF_FAILS },
};

static void
kinds_of_hash(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].field);
		T_INT(ask(span_str(cases[i].field),
		    span_str(cases[i].password)), cases[i].want);
	}
}

/* The kind that `paquebot user` makes: this system's own. */
static void
yescrypt(void **state)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash;

	(void)state;
	T_TRUE(crypt_gensalt_rn("$y$", 1, NULL, 0, setting,
	    sizeof(setting)) != NULL);
	hash = crypt_r("a password", setting, data);
	T_TRUE(strncmp(hash, "$y$", 3) == 0);
	T_INT(ask(span_str(hash), SPAN_LIT("a password")), PROOF_HOLDS);
	T_INT(ask(span_str(hash), SPAN_LIT("a passwore")), PROOF_FAILS);
	free(data);
}

static void
odd_passwords(void **state)
{
	static char long_one[SECRET_MAX + 1];
	static char long_hash[PROOF_HASH_MAX + 1];

	(void)state;
	memset(long_one, 'x', sizeof(long_one));
	memset(long_hash, 'x', sizeof(long_hash));
	long_hash[0] = '$';
	/* What crypt(3) would see only up to the NUL. */
	T_INT(ask(SPAN_LIT(SHA512), SPAN_LIT("Hello world!\0x")),
	    PROOF_FAILS);
	T_INT(ask(SPAN_LIT(SHA512), span_of(long_one,
	    sizeof(long_one))), PROOF_FAILS);
	T_INT(ask(SPAN_LIT(SHA512), span_of(long_one, SECRET_MAX)),
	    PROOF_FAILS);
	T_INT(ask(span_of(long_hash, sizeof(long_hash)), SPAN_LIT("x")),
	    PROOF_FAILS);
	T_INT(ask(SPAN_LIT("$5$a\0$b"), SPAN_LIT("x")), PROOF_FAILS);
}

/* RFC 7677 3: user "user", password "pencil". */
#define PENCIL	"4096,W22ZaJ0SNY7soEsUEjb6gQ==," \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=," \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
/* By sha256sum(1) of the password and "saltsalt", and "saltsalt". */
#define APP	"{SSHA256}3ZIxyqnRSmlAhBKsfOujaMbay0TdSKhEiwFQ" \
	"vBZc3C9zYWx0c2FsdA=="

static void
other_proofs(void **state)
{
	static const struct {
		const char *hash, *extra, *password;
		unsigned service;
		enum proof_result want;
		const char *app;
	} many[] = {
		{ "", "scram-sha-256=" PENCIL, "pencil", ACCOUNT_IMAP,
		    PROOF_HOLDS, "" },
		{ "", "scram-sha-256=" PENCIL, "pencils", ACCOUNT_IMAP,
		    PROOF_FAILS, "" },
		{ "{SCRAM-SHA-256}" PENCIL, "", "pencil", ACCOUNT_IMAP,
		    PROOF_HOLDS, "" },
		/* The hash says what the password is. */
		{ SHA256, "scram-sha-256=" PENCIL, "pencil", ACCOUNT_IMAP,
		    PROOF_FAILS, "" },
		{ "!", "scram-sha-256=" PENCIL, "pencil", ACCOUNT_IMAP,
		    PROOF_FAILS, "" },
		{ "{NOSUCH}x", "scram-sha-256=" PENCIL, "pencil",
		    ACCOUNT_IMAP, PROOF_FAILS, "" },
		{ "", "scram-sha-256=nonsense,a,b,c", "a", ACCOUNT_IMAP,
		    PROOF_FAILS, "" },
		{ SHA256, "app=x,smtp,never,{SSHA256}AAAA "
		    "app=phone,imap+smtp,never," APP,
		    "MZXW-6ytb-ojtg-633c-mfzg", ACCOUNT_IMAP, PROOF_HOLDS,
		    "phone" },
		{ SHA256, "app=phone,imap+smtp,never," APP,
		    "mzxw6ytbojtg633cmfzg", ACCOUNT_SMTP, PROOF_HOLDS,
		    "phone" },
		{ SHA256, "app=phone,imap+smtp,never," APP,
		    "mzxw6ytbojtg633cmfzg", ACCOUNT_POP3, PROOF_FAILS, "" },
		{ SHA256, "app=phone,all,2001-01-01," APP,
		    "mzxw6ytbojtg633cmfzg", ACCOUNT_IMAP, PROOF_FAILS, "" },
		{ SHA256, "app=phone,all,9998-01-01," APP,
		    "mzxw6ytbojtg633cmfzg", ACCOUNT_IMAP, PROOF_HOLDS,
		    "phone" },
		{ SHA256, "app=phone,all,never," APP,
		    "mzxw6ytbojtg633cmfza", ACCOUNT_IMAP, PROOF_FAILS, "" },
		{ "!", "app=phone,all,never," APP, "mzxw6ytbojtg633cmfzg",
		    ACCOUNT_IMAP, PROOF_FAILS, "" },
		{ "", "app=phone,all,never," APP, "mzxw6ytbojtg633cmfzg",
		    ACCOUNT_IMAP, PROOF_HOLDS, "phone" },
		{ SHA256, "app=phone,all,never," APP, "Hello world!",
		    ACCOUNT_IMAP, PROOF_HOLDS, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(many); i++) {
		struct account a = { .hash = span_str(many[i].hash),
			.extra = span_str(many[i].extra) };
		struct proof_try try = { .account = &a,
			.password = span_str(many[i].password),
			.service = many[i].service,
			.client = SPAN_LIT("192.0.2.1") };
		struct heard h = { .times = 0 };

		t_case(many[i].extra);
		proof_ask(proof, &try, hear, &h);
		wait_for(&h);
		T_INT(h.result, many[i].want);
		T_STR(span_str(h.app), many[i].app);
	}
}

/* The workers are the children of this process. */
static size_t
workers(pid_t pid[PROOF_WORKERS])
{
	char path[64];
	size_t n = 0;
	long v;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)getpid(), (int)getpid());
	f = fopen(path, "r");
	T_TRUE(f != NULL);
	while (n < PROOF_WORKERS && fscanf(f, "%ld", &v) == 1)
		pid[n++] = (pid_t)v;
	(void)fclose(f);
	return n;
}

static void
a_worker_killed_loses_its_question(void **state)
{
	struct heard h[PROOF_WORKERS + 1] = { { .times = 0 } };
	pid_t before[PROOF_WORKERS], after[PROOF_WORKERS];
	/* Drepper's rounds: long enough to be killed in. */
	static const struct span slow = SPAN_LIT("$6$rounds=5000000$saltst"
	    "ring$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vO"
	    "uZeHBy/YTBmSK6H9qs/y3RnOaw5v.");

	(void)state;
	T_INT(workers(before), PROOF_WORKERS);
	for (size_t i = 0; i < PROOF_WORKERS; i++)
		put(proof, slow, SPAN_LIT("x"), &h[i]);
	/* This one waits for a worker. */
	put(proof, SPAN_LIT(SHA512), SPAN_LIT("Hello world!"),
	    &h[PROOF_WORKERS]);
	clock_sleep_ms(50);
	for (size_t i = 0; i < PROOF_WORKERS; i++)
		T_TRUE(kill(before[i], SIGKILL) == 0);
	for (size_t i = 0; i <= PROOF_WORKERS; i++)
		wait_for(&h[i]);
	for (size_t i = 0; i < PROOF_WORKERS; i++)
		T_INT(h[i].result, PROOF_UNKNOWN);
	T_INT(h[PROOF_WORKERS].result, PROOF_HOLDS);
	T_INT(workers(after), PROOF_WORKERS);
	for (size_t i = 0; i < PROOF_WORKERS; i++)
		T_TRUE(after[i] != before[0] && after[i] != before[1]);
}

/* It had answered before it died: that answer counts. */
static void
a_worker_killed_after_its_answer(void **state)
{
	struct heard h = { .times = 0 };
	pid_t pid[PROOF_WORKERS];
	struct spawn_end end;

	(void)state;
	T_INT(workers(pid), PROOF_WORKERS);
	put(proof, SPAN_LIT(SHA512), SPAN_LIT("Hello world!"), &h);
	clock_sleep_ms(300);		/* answered, and not yet looked at */
	for (size_t i = 0; i < PROOF_WORKERS; i++) {
		T_TRUE(kill(pid[i], SIGKILL) == 0);
		T_TRUE(spawn_wait(pid[i], clock_deadline(5000), &end) == 0);
		proof_child_ended(proof, &end);
	}
	T_INT(h.times, 1);
	T_INT(h.result, PROOF_HOLDS);
	T_INT(ask(SPAN_LIT(SHA512), SPAN_LIT("no")), PROOF_FAILS);
}

/* D5: a flood from one network has its bound, and others come in between. */
static void
the_queue_is_bounded(void **state)
{
	enum { N = PROOF_WORKERS + PROOF_NETWORK_MAX + 10 };
	struct account account = { .hash = SPAN_LIT(SHA256) };
	struct proof_try try = { .account = &account,
		.password = SPAN_LIT("Hello world!"), .service = ACCOUNT_IMAP,
		.client = SPAN_LIT("192.0.2.1") };
	static struct heard h[N];
	struct heard other = { .times = 0 };
	size_t refused = 0, before = 0;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		proof_ask(proof, &try, hear, &h[i]);
		if (h[i].times > 0) {
			T_INT(h[i].result, PROOF_UNKNOWN);
			refused++;
		}
	}
	T_INT(refused, 10);
	try.client = SPAN_LIT("203.0.113.1");
	proof_ask(proof, &try, hear, &other);
	wait_for(&other);
	T_INT(other.result, PROOF_HOLDS);
	for (size_t i = 0; i < N - refused; i++)
		before += h[i].times;
	/* Those being judged, one turn each, and what ended meanwhile. */
	T_TRUE(before < N / 2);
	for (size_t i = 0; i < N; i++) {
		wait_for(&h[i]);
		T_INT(h[i].result, i >= N - refused ? PROOF_UNKNOWN :
		    PROOF_HOLDS);
	}
}

/* What still waits at the end hears so. */
static void
the_end(void **state)
{
	struct heard h[5] = { { .times = 0 } };
	struct proof *own = proof_new(base, seed);

	(void)state;
	for (size_t i = 0; i < COUNT(h); i++)
		put(own, SPAN_NONE, SPAN_LIT("x"), &h[i]);
	proof_free(&own);
	for (size_t i = 0; i < COUNT(h); i++) {
		T_INT(h[i].times, 1);
		T_INT(h[i].result, PROOF_UNKNOWN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_hash),
		cmocka_unit_test(yescrypt),
		cmocka_unit_test(odd_passwords),
		cmocka_unit_test(other_proofs),
		cmocka_unit_test(a_worker_killed_loses_its_question),
		cmocka_unit_test(a_worker_killed_after_its_answer),
		cmocka_unit_test(the_queue_is_bounded),
		cmocka_unit_test(the_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
