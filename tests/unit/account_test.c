/*
 * account: by what somebody proves that an account is his.  Schemes are those
 * of Dovecot's passwd-file; the keys of SCRAM in the example are those of
 * RFC 7677 section 3 in its text form.
 */
#include "t.h"

#include <string.h>

#include "map/account.h"

#define PENCIL	"4096,W22ZaJ0SNY7soEsUEjb6gQ==," \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=," \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define APP	"{SSHA256}AAAA"

static const struct account_defaults owner = { true, 5000, 5001, "/m/%u" };

static void
hashes(void **state)
{
	static const struct { const char *in, *hash; enum hash_scheme s; }
	    cases[] = {
		{ "{PLAIN}secret", "secret", HASH_PLAIN },
		{ "{plain}", "", HASH_PLAIN },
		{ "{CRYPT}$6$x$y", "$6$x$y", HASH_CRYPT },
		{ "{SHA512-CRYPT}$6$x$y", "$6$x$y", HASH_CRYPT },
		{ "$y$j9T$a$b", "$y$j9T$a$b", HASH_CRYPT },
		{ "", "", HASH_NONE },
		{ "!", "!", HASH_NONE },
		{ "*", "*", HASH_NONE },
		{ "{MD5-XYZ}abc", "{MD5-XYZ}abc", HASH_NONE },
		{ "{blf-crypt}$2y$x", "$2y$x", HASH_CRYPT },
		{ "{ARGON2ID}$argon2id$x", "$argon2id$x", HASH_CRYPT },
		{ "{SCRAM-SHA-256}4096,a,b,c", "4096,a,b,c", HASH_SCRAM },
		{ "{SCRAM-SHA-1}4096,a,b,c", "4096,a,b,c", HASH_SCRAM },
		{ "{SCRAM-SHA-512}4096,a,b,c", "{SCRAM-SHA-512}4096,a,b,c",
		    HASH_NONE },
		{ "{X-CRYPT}a", "{X-CRYPT}a", HASH_NONE },
		{ "{CRYPT}", "", HASH_NONE },
		{ "{CRYPT", "{CRYPT", HASH_NONE },
	};
	struct span hash;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		T_TRUE(account_hash(span_str(cases[i].in), &hash) ==
		    cases[i].s);
		T_STR(hash, cases[i].hash);
	}
}

static void
scram(void **state)
{
	static const struct { const char *value, *sha1, *sha256; } cases[] = {
		{ "x::::::", "", "" },
		{ "x::::::scram-sha-256=" PENCIL, "", PENCIL },
		{ "x::::::quota=1M scram-sha-1=1,a,b,c scram-sha-256=" PENCIL,
		    "1,a,b,c", PENCIL },
		{ "{SCRAM-SHA-256}" PENCIL "::::::", "", PENCIL },
		{ "{scram-sha-1}1,a,b,c::::::", "1,a,b,c", "" },
		{ "{SCRAM-SHA-1}1,a,b,c::::::scram-sha-256=" PENCIL, "1,a,b,c",
		    PENCIL },
		{ "{XXXXX-SHA-1}1,a,b,c", "", "" },
		{ "!::::::scram-sha-1=1,a,b,c", "", "" },
		{ "*::::::scram-sha-256=" PENCIL, "", "" },
		{ "::::::scram-sha-256=" PENCIL, "", PENCIL },
	};
	struct account a;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].value);
		T_INT(account_parse(SPAN_LIT("a"), span_str(cases[i].value),
		    &owner, &a, &why), 0);
		T_STR(account_scram(&a, "sha-1"), cases[i].sha1);
		T_STR(account_scram(&a, "sha-256"), cases[i].sha256);
		T_TRUE(account_scram(&a, "sha-512").n == 0);
	}
}

static void
app(void **state)
{
	/* Days by date(1): 2027-01-31, 1970-01-01 and 2028-02-29 end at... */
	static const struct { const char *in; unsigned services;
		int64_t expires; } cases[] = {
		{ "phone,all,never," APP, ACCOUNT_SERVICES_ALL, INT64_MAX },
		{ "a.B-c_9,imap,2027-01-31," APP, ACCOUNT_IMAP, 1801440000 },
		{ "x,pop3+smtp,1970-01-01," APP, ACCOUNT_POP3 | ACCOUNT_SMTP,
		    86400 },
		{ "x,smtp+smtp,2028-02-29," APP, ACCOUNT_SMTP, 1835481600 },
		{ "x,imap,2027-02-29," APP, 0, 0 },
		{ "x,imap,2027-13-01," APP, 0, 0 },
		{ "x,imap,2027-1-1," APP, 0, 0 },
		{ "x,imap,," APP, 0, 0 },
		{ "x,imap,2027-01-31-1," APP, 0, 0 },
		{ "x,,never," APP, 0, 0 },
		{ "x,imap+,never," APP, 0, 0 },
		{ "x,imap;smtp,never," APP, 0, 0 },
		{ ",imap,never," APP, 0, 0 },
		{ "x y,imap,never," APP, 0, 0 },
		{ "x/y,imap,never," APP, 0, 0 },
		{ "123456789012345678901234567890123,imap,never," APP, 0, 0 },
		{ "x,imap,never,{SSHA256}", 0, 0 },
		{ "x,imap,never,{CRYPT}$1$a$b", 0, 0 },
		{ "x,imap,never", 0, 0 },
		{ "", 0, 0 },
	};
	struct account_app a;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc = account_app_parse(span_str(cases[i].in), &a);

		t_case(cases[i].in);
		T_INT(rc, cases[i].services != 0 ? 0 : -1);
		if (rc != 0)
			continue;
		T_INT(a.services, cases[i].services);
		T_TRUE(a.expires == cases[i].expires);
		T_STR(a.hash, "AAAA");
	}
}

static void
many(void **state)
{
	struct account a;
	struct account_app got;
	struct buf line;
	struct span rest;
	struct why why;
	size_t n = 0;

	(void)state;
	buf_init(&line, 8192);
	(void)buf_add_str(&line, "x::::::quota=1M");
	for (int i = 0; i < ACCOUNT_APPS_MAX; i++)
		(void)buf_addf(&line, " app=n%d,imap,never," APP, i);
	T_INT(account_parse(SPAN_LIT("a"), buf_span(&line), &owner, &a, &why),
	    0);
	for (rest = a.extra; account_app_next(&rest, &got); n++)
		T_STR(got.hash, "AAAA");
	T_INT(n, ACCOUNT_APPS_MAX);
	(void)buf_add_str(&line, " app=more,imap,never," APP);
	T_INT(account_parse(SPAN_LIT("a"), buf_span(&line), &owner, &a, &why),
	    -1);
	T_STR(span_str(why.text), "too many app passwords");
	buf_fini(&line);
}

static void
bad_lines(void **state)
{
	static const struct { const char *value, *why; } cases[] = {
		{ "x::::::app=a,imap,never," APP " app=A,all,never," APP,
		    "two app passwords of one name" },
		{ "x::::::app=a,imap", "bad app password" },
		{ "x::::::scram-sha-256=" PENCIL " scram-sha-256=" PENCIL,
		    "SCRAM keys stand here twice" },
		{ "x::::::scram-sha-512=" PENCIL, "bad SCRAM keys" },
		{ "x::::::scram-sha-1=4096,a,b", "bad SCRAM keys" },
	};
	struct account a;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].value);
		T_INT(account_parse(SPAN_LIT("a"), span_str(cases[i].value),
		    &owner, &a, &why), -1);
		T_STR(span_str(why.text), cases[i].why);
	}
}

/* What lookupd may see: it has nothing to do with proofs. */
static void
public_part(void **state)
{
	static const struct { const char *value, *out; } cases[] = {
		{ "$y$hash", "" },
		{ "$y$hash:1:2:g:/h:/s:", ":1:2:g:/h:/s:" },
		{ "$y$hash:1:2", ":1:2" },
		{ "h::::::userdb_mail=maildir:/x:y  quota=1M app=a,all,never,"
		    APP " scram-sha-256=" PENCIL " z=1",
		    "::::::userdb_mail=maildir:/x:y quota=1M z=1" },
		{ "h::::::scram-sha-1=" PENCIL, "::::::" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;

		t_case(cases[i].value);
		buf_init(&out, 1000);
		T_INT(account_public(span_str(cases[i].value), &out), 0);
		T_STR(buf_span(&out), cases[i].out);
		buf_fini(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes),
		cmocka_unit_test(scram),
		cmocka_unit_test(app),
		cmocka_unit_test(many),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(public_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
