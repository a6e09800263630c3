/* relay_login: an entry of the map relay_auth, its key and its value. */
#include "t.h"

#include <string.h>

#include "map/relay_login.h"

static void
values(void **state)
{
	static const struct { const char *in, *user, *password; } cases[] = {
		{ "me:secret", "me", "secret" },
		{ " me@a.example:with: colons ", "me@a.example",
		    "with: colons" },
		{ "me: secret", "me", " secret" },
		{ "2525: x", "2525", " x" },	/* no second colon */
		{ "me:p\xc3\xa9", "me", "p\xc3\xa9" },
		{ "587: me:secret", NULL, NULL },	/* a key without quotes */
		{ "me", NULL, NULL },
		{ "", NULL, NULL },
		{ ":x", NULL, NULL },
		{ "me:", NULL, NULL },
		{ "me:a\tb", NULL, NULL },
		{ "me:\xff", NULL, NULL },
	};
	char long_[600];
	struct relay_login login;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool good = cases[i].user != NULL;

		t_case(cases[i].in);
		T_INT(relay_login_parse(span_str(cases[i].in), &login, &why),
		    good ? 0 : -1);
		if (good) {
			T_TRUE(span_eq_str(login.user, cases[i].user));
			T_TRUE(span_eq_str(login.password,
			    cases[i].password));
		} else
			T_TRUE(strstr(why.text, "secret") == NULL);
	}
	/* RFC 4616 2: 255 octets must be taken, of either. */
	memset(long_, 'x', sizeof(long_));
	long_[255] = ':';
	T_INT(relay_login_parse(span_of(long_, 511), &login, &why), 0);
	T_INT(relay_login_parse(span_of(long_, 512), &login, &why), -1);
}

static void
hosts(void **state)
{
	static const struct { const char *key; bool is; } cases[] = {
		{ "a.example", true }, { "a.example:587", true },
		{ "[a.example]", true }, { "[a.example]:587", true },
		{ "[192.0.2.1]:25", true }, { "[2001:db8::1]:25", true },
		{ "a.example:", false }, { "a.example:0", false },
		{ "a.example:65536", false }, { "[a.example", false },
		{ "[]", false }, { "[a]x", false }, { "a@b.example", false },
		{ "[a@b]", false }, { "a b", false }, { "", false },
		{ "\xc3\xa9.example", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].key);
		T_TRUE(relay_login_is_host(span_str(cases[i].key)) ==
		    cases[i].is);
	}
}

static void
hop_keys(void **state)
{
	static const char *const want[] = { "[a.example]:587", "[a.example]",
		"a.example:587", "a.example" };
	struct buf out;

	(void)state;
	buf_init(&out, RELAY_KEY_MAX);
	for (size_t i = 0; i < RELAY_HOP_KEYS; i++) {
		T_INT(relay_login_hop_key(SPAN_LIT("[A.example]"), 587, i,
		    &out), 0);
		T_STR(buf_span(&out), want[i]);
	}
	T_INT(relay_login_hop_key(SPAN_LIT("[a.example]"), 587,
	    RELAY_HOP_KEYS, &out), -1);
	T_INT(relay_login_hop_key(SPAN_LIT("a.example"), 0, 0, &out), -1);
	T_INT(relay_login_hop_key(SPAN_LIT("a.example"), 0, 1, &out), 0);
	T_STR(buf_span(&out), "a.example");
	T_INT(relay_login_hop_key(SPAN_LIT("a.example"), 1, 2, &out), -1);
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(hosts),
		cmocka_unit_test(hop_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
