/* sasl: PLAIN (RFC 4616 2 and 4) and LOGIN, step by step. */
#include "t.h"

#include <string.h>

#include "base/b64.h"
#include "trust/sasl.h"

static struct span
coded(struct buf *b, struct span plain)
{
	buf_clear(b);
	T_INT(b64_encode(b, plain), 0);
	return buf_span(b);
}

static struct span
secret(const struct secret *s)
{
	return span_of(s->p, s->n);
}

static const struct { struct span message; const char *user, *password; }
    plain[] = {
	{ SPAN_LIT("\0tim\0tanstaaftanstaaf"), "tim", "tanstaaftanstaaf" },
	{ SPAN_LIT("tim\0tim\0x"), "tim", "x" },
	{ SPAN_LIT("\0j\xc3\xbcrgen\0p w"), "j\xc3\xbcrgen", "p w" },
	{ SPAN_LIT("Ursel\0Kurt\0xipj3plmq"), NULL, NULL },	/* 4 */
	{ SPAN_LIT(""), NULL, NULL }, { SPAN_LIT("tim"), NULL, NULL },
	{ SPAN_LIT("\0tim"), NULL, NULL }, { SPAN_LIT("\0\0"), NULL, NULL },
	{ SPAN_LIT("\0tim\0"), NULL, NULL }, { SPAN_LIT("\0\0x"), NULL, NULL },
	{ SPAN_LIT("\0tim\0x\0y"), NULL, NULL },
	{ SPAN_LIT("\0tim\0x\0"), NULL, NULL },
	{ SPAN_LIT("\0t\xc0\x80\0x"), NULL, NULL },
	{ SPAN_LIT("\0tim\0\xf0\x9f"), NULL, NULL },
};

static void
plain_messages(void **state)
{
	const char *challenge;
	struct sasl s;
	struct buf b;

	(void)state;
	buf_init(&b, 2000);
	for (size_t i = 0; i < COUNT(plain); i++) {
		struct span r = coded(&b, plain[i].message);
		bool ok = plain[i].user != NULL;

		t_case(plain[i].message.p + 1);
		if (r.n == 0)
			r = SPAN_LIT("=");
		for (int initial = 0; initial < 2; initial++) {
			sasl_begin(&s, SASL_PLAIN);
			if (!initial) {
				T_INT(sasl_step(&s, SPAN_NONE, &challenge),
				    SASL_MORE);
				T_STR(span_str(challenge), "");
			}
			T_INT(sasl_step(&s, r, &challenge),
			    ok ? SASL_DONE : SASL_BAD);
			T_STR(secret(&s.user), ok ? plain[i].user : "");
			T_STR(secret(&s.password),
			    ok ? plain[i].password : "");
			/* it is over: nothing can be changed any more */
			T_INT(sasl_step(&s, r, &challenge), SASL_BAD);
			sasl_fini(&s);
		}
	}
	buf_fini(&b);
}

static void
login(void **state)
{
	const char *challenge;
	struct sasl s;

	(void)state;
	sasl_begin(&s, SASL_LOGIN);
	T_INT(sasl_step(&s, SPAN_NONE, &challenge), SASL_MORE);
	T_STR(span_str(challenge), "VXNlcm5hbWU6");
	T_INT(sasl_step(&s, SPAN_LIT("dGlt"), &challenge), SASL_MORE);
	T_STR(span_str(challenge), "UGFzc3dvcmQ6");
	T_INT(sasl_step(&s, SPAN_LIT("eA=="), &challenge), SASL_DONE);
	T_STR(secret(&s.user), "tim");
	T_STR(secret(&s.password), "x");
	sasl_fini(&s);
	T_INT(s.user.n + s.password.n, 0);
	/* the user as initial response */
	sasl_begin(&s, SASL_LOGIN);
	T_INT(sasl_step(&s, SPAN_LIT("dGlt"), &challenge), SASL_MORE);
	T_STR(span_str(challenge), "UGFzc3dvcmQ6");
	T_INT(sasl_step(&s, SPAN_LIT("*"), &challenge), SASL_CANCELLED);
	T_INT(s.user.n, 0);
	/* empty, bad, too long, missing */
	sasl_begin(&s, SASL_LOGIN);
	T_INT(sasl_step(&s, SPAN_LIT("="), &challenge), SASL_BAD);
	sasl_begin(&s, SASL_LOGIN);
	T_INT(sasl_step(&s, SPAN_LIT("dGlt"), &challenge), SASL_MORE);
	T_INT(sasl_step(&s, SPAN_LIT(""), &challenge), SASL_BAD);
	sasl_begin(&s, SASL_LOGIN);
	T_INT(sasl_step(&s, SPAN_LIT("dGlt"), &challenge), SASL_MORE);
	T_INT(sasl_step(&s, SPAN_NONE, &challenge), SASL_BAD);
	sasl_fini(&s);
}

static void
refused(void **state)
{
	static char huge[SASL_LINE_MAX + 4];
	static const char *const bad[] = { "!", "AHRpbQB4=", "AHRpb", "====",
		"AHRpbQB4\r", "AHRp bQB4" };
	struct buf b;
	const char *challenge;
	struct sasl s;
	char text[600];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		t_case(bad[i]);
		sasl_begin(&s, SASL_PLAIN);
		T_INT(sasl_step(&s, span_str(bad[i]), &challenge), SASL_BAD);
		T_INT(s.user.n + s.password.n, 0);
	}
	memset(huge, 'A', sizeof(huge));
	sasl_begin(&s, SASL_PLAIN);
	T_INT(sasl_step(&s, span_of(huge, sizeof(huge)), &challenge),
	    SASL_BAD);
	/* RFC 4616 2: 255 octets each must do, 256 need not */
	buf_init(&b, 2000);
	for (size_t n = 255; n <= 256; n++) {
		memset(text, 'u', sizeof(text));
		text[0] = text[1 + n] = '\0';
		sasl_begin(&s, SASL_PLAIN);
		T_INT(sasl_step(&s, coded(&b, span_of(text, 2 + n + 255)),
		    &challenge), n == 255 ? SASL_DONE : SASL_BAD);
		sasl_fini(&s);
	}
	buf_fini(&b);
}

static void
mechs(void **state)
{
	enum sasl_mech m;

	(void)state;
	T_TRUE(sasl_mech_parse(SPAN_LIT("plain"), &m) == 0 &&
	    m == SASL_PLAIN);
	T_TRUE(sasl_mech_parse(SPAN_LIT("LOGIN"), &m) == 0 &&
	    m == SASL_LOGIN);
	T_INT(sasl_mech_parse(SPAN_LIT("PLAINX"), &m), -1);
	T_INT(sasl_mech_parse(SPAN_LIT(""), &m), -1);
	T_STR(span_str(sasl_mech_name(SASL_PLAIN)), "PLAIN");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_messages), cmocka_unit_test(login),
		cmocka_unit_test(refused), cmocka_unit_test(mechs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
