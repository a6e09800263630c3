/*
 * scram: the exchanges of RFC 5802 5 and RFC 7677 3 octet by octet, and all
 * that must be refused; stored keys as text; saslprep: RFC 4013 3.
 */
#include "t.h"

#include "base/b64.h"
#include "trust/saslprep.h"
#include "trust/scram.h"

static const struct vector {
	enum scram_hash hash;
	const char *salt, *first, *nonce, *challenge, *final, *verdict;
} vectors[] = {
	{ SCRAM_SHA_1, "QSXCR+Q6sek8bf92",
	    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j",
	    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },	/* RFC 5802 5 */
	{ SCRAM_SHA_256, "W22ZaJ0SNY7soEsUEjb6gQ==",
	    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	    "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" }, /* 7677 3 */
};

static void
make_key(const struct vector *v, const char *password, struct scram_key *key)
{
	struct buf salt;

	buf_init(&salt, SCRAM_SALT_MAX);
	T_INT(b64_decode(&salt, span_str(v->salt)), 0);
	T_INT(scram_key_make(key, v->hash, span_str(password), buf_span(&salt),
	    4096), 0);
	buf_fini(&salt);
}

/* The whole exchange; final may be another than the vector's. */
static enum scram_result
run(const struct vector *v, const char *password, const char *final,
    struct buf *out)
{
	struct scram_offer offer = { .hash = v->hash };
	enum scram_result r;
	struct scram_key key;
	struct scram x;

	make_key(v, password, &key);
	scram_init(&x);
	buf_clear(out);
	T_INT(scram_first(&x, &offer, t_exact(span_str(v->first))),
	    SCRAM_GO_ON);
	T_STR(span_str(x.user), "user");
	T_INT(scram_challenge(&x, &key, span_str(v->nonce), out), 0);
	T_STR(buf_span(out), v->challenge);
	buf_clear(out);
	r = scram_final(&x, t_exact(span_str(final)), out);
	T_INT(scram_final(&x, span_str(final), out), SCRAM_BAD);
	scram_fini(&x);
	return r;
}

static void
exchanges(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, SCRAM_MESSAGE_MAX);
	for (size_t i = 0; i < COUNT(vectors); i++) {
		t_case(vectors[i].first);
		T_INT(run(&vectors[i], "pencil", vectors[i].final, &out),
		    SCRAM_WELL);
		T_STR(buf_span(&out), vectors[i].verdict);
		T_INT(run(&vectors[i], "pencils", vectors[i].final, &out),
		    SCRAM_WRONG);
		T_INT(out.n, 0);
	}
	buf_fini(&out);
}

#define NONCE	"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
#define PROOF	",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="

static const struct { const char *message; enum scram_result want; }
    finals[] = {
	/* shortened and other nonces, RFC 5802 5.1 r */
	{ "c=biws,r=fyko+d2lbbFgONRv9qkxdawL" PROOF, SCRAM_WRONG },
	{ "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7" PROOF,
	    SCRAM_WRONG },
	{ "c=biws," NONCE "x" PROOF, SCRAM_WRONG },
	{ "c=biws,r=" PROOF, SCRAM_WRONG },
	/* "y,," and "p=tls-exporter,," where "n,," was said */
	{ "c=eSws," NONCE PROOF, SCRAM_WRONG },
	{ "c=cD10bHMtZXhwb3J0ZXIsLA==," NONCE PROOF, SCRAM_WRONG },
	{ "c=," NONCE PROOF, SCRAM_WRONG },
	/* an extension changes what was signed */
	{ "c=biws," NONCE ",x=1" PROOF, SCRAM_WRONG },
	/* proofs that are none */
	{ "c=biws," NONCE ",p=", SCRAM_WRONG },
	{ "c=biws," NONCE ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Q==", SCRAM_WRONG },
	{ "c=biws," NONCE ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Tt=", SCRAM_WRONG },
	/* no grammar: order, missing parts, NUL-less rubbish */
	{ NONCE ",c=biws" PROOF, SCRAM_BAD },
	{ "c=biws," NONCE, SCRAM_BAD },
	{ "c=biws" PROOF, SCRAM_BAD },
	{ "c=biws," NONCE ",,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", SCRAM_BAD },
	{ "", SCRAM_BAD }, { ",", SCRAM_BAD }, { "p=", SCRAM_BAD },
	{ "c=biws,\xff" NONCE PROOF, SCRAM_BAD },
};

static void
wrong_finals(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, SCRAM_MESSAGE_MAX);
	for (size_t i = 0; i < COUNT(finals); i++) {
		t_case(finals[i].message);
		T_INT(run(&vectors[0], "pencil", finals[i].message, &out),
		    finals[i].want);
		T_INT(out.n, 0);
	}
	buf_fini(&out);
}

/* plus: the -PLUS form was chosen; offered: it is in our list */
static const struct {
	const char *message;
	bool plus, offered;
	enum scram_result want;
	const char *user;
} firsts[] = {
	{ "n,,n=user,r=x", false, false, SCRAM_GO_ON, "user" },
	{ "n,,n=user,r=x", false, true, SCRAM_GO_ON, "user" },
	{ "n,a=user,n=user,r=x", false, false, SCRAM_GO_ON, "user" },
	{ "n,a=other,n=user,r=x", false, false, SCRAM_WRONG, NULL },
	{ "n,,n=a=2Cb=3Dc,r=x", false, false, SCRAM_GO_ON, "a,b=c" },
	{ "n,,n=user,r=x,z=1,q=", false, false, SCRAM_BAD, NULL },
	{ "n,,n=user,r=x,z=1,q=2", false, false, SCRAM_GO_ON, "user" },
	{ "n,,n=I\xc2\xadX,r=x", false, false, SCRAM_GO_ON, "IX" },
	/* RFC 5802 6: the flags */
	{ "y,,n=user,r=x", false, false, SCRAM_GO_ON, "user" },
	{ "y,,n=user,r=x", false, true, SCRAM_WRONG, NULL },
	{ "y,,n=user,r=x", true, true, SCRAM_BAD, NULL },
	{ "n,,n=user,r=x", true, true, SCRAM_BAD, NULL },
	{ "p=tls-exporter,,n=user,r=x", true, true, SCRAM_GO_ON, "user" },
	{ "p=tls-exporter,,n=user,r=x", false, true, SCRAM_BAD, NULL },
	{ "p=tls-server-end-point,,n=user,r=x", true, true, SCRAM_WRONG,
	    NULL },			/* known, and not on this connection */
	{ "p=tls-unique,,n=user,r=x", true, true, SCRAM_WRONG, NULL },
	{ "p=,,n=user,r=x", true, true, SCRAM_WRONG, NULL },
	/* 5.1: mandatory extensions, "=" in names */
	{ "n,,m=1,n=user,r=x", false, false, SCRAM_BAD, NULL },
	{ "n,,n=us=er,r=x", false, false, SCRAM_BAD, NULL },
	{ "n,,n=user=2c,r=x", false, false, SCRAM_BAD, NULL },
	{ "n,,n=user=2,r=x", false, false, SCRAM_BAD, NULL },
	/* 7: grammar */
	{ "n,,n=,r=x", false, false, SCRAM_BAD, NULL },
	{ "n,,n=user,r=", false, false, SCRAM_BAD, NULL },
	{ "n,,n=user,r=a b", false, false, SCRAM_BAD, NULL },
	{ "n,,r=x,n=user", false, false, SCRAM_BAD, NULL },
	{ "n,n=user,r=x", false, false, SCRAM_BAD, NULL },
	{ "N,,n=user,r=x", false, false, SCRAM_BAD, NULL },
	{ "f,n,,n=user,r=x", false, false, SCRAM_BAD, NULL },
	{ "", false, false, SCRAM_BAD, NULL },
	{ ",,", false, false, SCRAM_BAD, NULL },
	{ "n,,n=us\xc0\x80,r=x", false, false, SCRAM_BAD, NULL },
	{ "n,,n=\x07,r=x", false, false, SCRAM_BAD, NULL },
};

static void
first_messages(void **state)
{
	struct scram x;

	(void)state;
	for (size_t i = 0; i < COUNT(firsts); i++) {
		struct scram_offer offer = { .hash = SCRAM_SHA_256,
			.plus = firsts[i].plus,
			.plus_offered = firsts[i].offered,
			.bindings = { { "tls-exporter", SPAN_LIT("12345678") },
			    { "tls-server-end-point", SPAN_NONE } } };

		t_case(firsts[i].message);
		scram_init(&x);
		T_INT(scram_first(&x, &offer,
		    t_exact(span_str(firsts[i].message))), firsts[i].want);
		if (firsts[i].user != NULL)
			T_STR(span_str(x.user), firsts[i].user);
		T_INT(scram_first(&x, &offer, span_str(firsts[i].message)),
		    SCRAM_BAD);
		scram_fini(&x);
	}
}

/* Nonces and names that are too long are refused, not cut. */
static void
bounds(void **state)
{
	struct scram_offer offer = { .hash = SCRAM_SHA_1 };
	char text[1024];

	(void)state;
	for (int n = SCRAM_NONCE_MAX; n <= SCRAM_NONCE_MAX + 1; n++) {
		struct scram x;
		int at = snprintf(text, sizeof(text), "n,,n=u,r=%0*d", n, 0);

		scram_init(&x);
		T_INT(scram_first(&x, &offer, span_of(text, (size_t)at)),
		    n == SCRAM_NONCE_MAX ? SCRAM_GO_ON : SCRAM_BAD);
		scram_fini(&x);
		at = snprintf(text, sizeof(text), "n,,n=%0*d,r=x",
		    n - SCRAM_NONCE_MAX + SCRAM_USER_MAX, 0);
		scram_init(&x);
		T_INT(scram_first(&x, &offer, span_of(text, (size_t)at)),
		    n == SCRAM_NONCE_MAX ? SCRAM_GO_ON : SCRAM_BAD);
		scram_fini(&x);
	}
}

/* The binding's octets stand behind the header in c=: RFC 5802 5.1. */
static void
channel_binding(void **state)
{
	static const char *const last[] = {
		"c=cD10bHMtZXhwb3J0ZXIsLDEyMzQ1Njc4,",	/* 12345678 */
		"c=cD10bHMtZXhwb3J0ZXIsLDEyMzQ1Njc5,",	/* 12345679 */
		"c=cD10bHMtZXhwb3J0ZXIsLA==,",		/* none */
	};
	struct buf out;

	(void)state;
	buf_init(&out, SCRAM_MESSAGE_MAX);
	for (size_t i = 0; i < COUNT(last); i++) {
		struct scram_offer offer = { .hash = SCRAM_SHA_1, .plus = true,
			.plus_offered = true,
			.bindings = { { "tls-exporter",
			    SPAN_LIT("12345678") } } };
		struct scram_key key;
		struct scram x;

		t_case(last[i]);
		make_key(&vectors[0], "pencil", &key);
		scram_init(&x);
		T_INT(scram_first(&x, &offer, SPAN_LIT("p=tls-exporter,,"
		    "n=user,r=fyko+d2lbbFgONRv9qkxdawL")), SCRAM_GO_ON);
		T_INT(scram_challenge(&x, &key, span_str(vectors[0].nonce),
		    &out), 0);
		buf_clear(&out);
		(void)buf_addf(&out, "%s%s%s", last[i], NONCE, PROOF);
		T_INT(scram_final(&x, buf_span(&out), &out), SCRAM_WRONG);
		/* What it must hold is the first one. */
		T_SPAN(span_of(x.bound.p, x.bound.n),
		    SPAN_LIT("p=tls-exporter,,12345678"));
		scram_fini(&x);
		buf_clear(&out);
	}
	buf_fini(&out);
}

static void
keys_as_text(void **state)
{
	static const char *const bad[] = {
		"", "{SCRAM-SHA-256}", "{SCRAM-SHA-512}4096,YWFhYQ==,YQ==,YQ==",
		"{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=",
		"{SCRAM-SHA-1}1,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,"
		    "D+CSWLOshSulAsxiupA+qs2/fTE=",
		"{SCRAM-SHA-1}4096,,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,"
		    "D+CSWLOshSulAsxiupA+qs2/fTE=",
		"{SCRAM-SHA-256}4096,QSXCR+Q6sek8bf92,"
		    "6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=",
		"{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,"
		    "6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=,",
	};
	struct scram_key key, again;
	struct buf out;

	(void)state;
	buf_init(&out, SCRAM_TEXT_MAX);
	for (size_t i = 0; i < COUNT(vectors); i++) {
		t_case(vectors[i].salt);
		make_key(&vectors[i], "pencil", &key);
		buf_clear(&out);
		T_INT(scram_key_write(&key, &out), 0);
		T_INT(scram_key_read(&again, t_exact(buf_span(&out))), 0);
		T_TRUE(memcmp(&key, &again, sizeof(key)) == 0);
		T_TRUE(scram_key_fits(&again, SPAN_LIT("pencil")));
		T_TRUE(scram_key_fits(&again, SPAN_LIT("pen\xc2\xad""cil")));
		T_TRUE(!scram_key_fits(&again, SPAN_LIT("Pencil")));
		T_TRUE(!scram_key_fits(&again, SPAN_LIT("")));
		T_TRUE(!scram_key_fits(&again, SPAN_LIT("pencil\x07")));
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		t_case(bad[i]);
		T_INT(scram_key_read(&key, span_str(bad[i])), -1);
	}
	/* "pencil" with the salt of RFC 5802 5, as other servers store it */
	T_INT(scram_key_read(&key, SPAN_LIT("{scram-sha-1}4096,"
	    "QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,"
	    "D+CSWLOshSulAsxiupA+qs2/fTE=")), 0);
	T_TRUE(scram_key_fits(&key, SPAN_LIT("pencil")));
	T_INT(scram_key_make(&key, SCRAM_SHA_1, SPAN_LIT("p"), SPAN_LIT("abc"),
	    4096), -1);
	T_INT(scram_key_make(&key, SCRAM_SHA_1, SPAN_LIT("p"),
	    SPAN_LIT("abcd"), 4095), -1);
	buf_fini(&out);
}

static const struct { const char *in, *out; } preps[] = {
	/* RFC 4013 3 */
	{ "I\xc2\xadX", "IX" }, { "user", "user" }, { "USER", "USER" },
	{ "\xc2\xaa", "a" }, { "\xe2\x85\xa8", "IX" }, { "\x07", NULL },
	{ "\xd8\xa7""1", NULL },
	/* RFC 5802 3: code points whose NFC and NFKC differ */
	{ "\xc2\xbd", "1\xe2\x81\x84""2" }, { "\xc2\xb4", " \xcc\x81" },
	/* 2.1: spaces become U+0020; 2.4: one direction throughout */
	{ "a\xc2\xa0""b", "a b" }, { "\xe3\x80\x80x", " x" },
	{ "\xd8\xa7""1\xd8\xa8", "\xd8\xa7""1\xd8\xa8" },
	{ "\xd8\xa7""a\xd8\xa8", NULL },
	/* 2.3 */
	{ "a\x7f", NULL }, { "\xc2\x85", NULL }, { "\xee\x80\x80", NULL },
	{ "\xef\xb7\x90", NULL }, { "\xef\xbf\xbd", NULL },
	{ "\xe2\xbf\xb0", NULL }, { "\xe2\x80\x8e", NULL },
	{ "\xf3\xa0\x80\x81", NULL }, { "\xf4\x8f\xbf\xbf", NULL },
	{ "", NULL }, { "\xc2\xad", NULL }, { "\xff", NULL },
	{ "\xed\xa0\x80", NULL },
};

static void
prepared(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4 * SASLPREP_MAX);
	for (size_t i = 0; i < COUNT(preps); i++) {
		t_case(preps[i].in);
		buf_clear(&out);
		T_INT(saslprep(t_exact(span_str(preps[i].in)), &out),
		    preps[i].out != NULL ? 0 : -1);
		T_STR(buf_span(&out), preps[i].out);
	}
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchanges), cmocka_unit_test(wrong_finals),
		cmocka_unit_test(first_messages), cmocka_unit_test(bounds),
		cmocka_unit_test(channel_binding),
		cmocka_unit_test(keys_as_text), cmocka_unit_test(prepared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
