/*
 * jwt: tokens that hold, and each way not to; jsonread: RFC 8259 2 to 7.
 */
#include "t.h"

#include "trust/jsonread.h"
#include "trust/jwt.h"

static const struct { const char *text; bool ok; } texts[] = {
	{ "{}", true }, { " { } ", true }, { "{\"a\":1}", true },
	{ "{\"a\":[1,-2.5e+3,\"\\u00e4\\ud83d\\ude00\",true,null]}", true },
	{ "{\"a\":{\"b\":{\"c\":[[[[[1]]]]]}}}", true },
	{ "{\"a\":{\"b\":{\"c\":[[[[[[1]]]]]]}}}", false },	/* depth */
	{ "", false }, { "[]", false }, { "1", false }, { "{} {}", false },
	{ "{\"a\"}", false }, { "{\"a\":}", false }, { "{a:1}", false },
	{ "{\"a\":1,}", false }, { "{\"a\":[1,]}", false },
	{ "{\"a\":01}", false }, { "{\"a\":+1}", false },
	{ "{\"a\":1.}", false }, { "{\"a\":.5}", false },
	{ "{\"a\":NaN}", false }, { "{\"a\":\"\n\"}", false },
	{ "{\"a\":\"\\x\"}", false }, { "{\"a\":\"\\u12\"}", false },
	{ "{\"a\":\"\\u0000\"}", false },
	{ "{\"a\":\"\\ud83d\"}", false },
	{ "{\"a\":\"\\ude00\"}", false },
	{ "{\"a\":\"\xff\"}", false }, { "{\"a\":\"b", false },
	{ "{\"a\":1", false }, { "{\"a\":[1", false },
};

static void
objects(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		t_case(texts[i].text);
		T_TRUE(jsonread_ok(t_exact(span_str(texts[i].text))) ==
		    texts[i].ok);
	}
}

static void
members(void **state)
{
	struct span o = SPAN_LIT("{\"a\":\"x\\u0041\\n\",\"b\":[\"1\", 2 ,{}],"
	    "\"c\":12.9,\"d\":false,\"e\":1,\"\\u0065\":2,\"f\":-1,"
	    "\"g\":9007199254740993}");
	struct span v, rest, one;
	struct buf out;
	int64_t n;

	(void)state;
	buf_init(&out, 16);
	T_TRUE(jsonread_ok(o));
	T_TRUE(jsonread_member(o, "a", &v));
	T_INT(jsonread_string(v, &out), 0);
	T_STR(buf_span(&out), "xA\n");
	T_INT(jsonread_number(v, &n), -1);
	T_TRUE(jsonread_member(o, "b", &rest) && jsonread_is_array(rest));
	T_TRUE(jsonread_element(&rest, &one));
	T_STR(one, "\"1\"");
	T_TRUE(jsonread_element(&rest, &one));
	T_STR(one, "2");
	T_TRUE(jsonread_element(&rest, &one) && one.p[0] == '{');
	T_TRUE(!jsonread_element(&rest, &one));
	T_TRUE(jsonread_member(o, "c", &v) && jsonread_number(v, &n) == 0);
	T_INT(n, 12);
	T_TRUE(jsonread_member(o, "d", &v) && !jsonread_is_true(v));
	T_TRUE(jsonread_is_true(SPAN_LIT("true")));
	T_TRUE(jsonread_is_true(SPAN_LIT("\"true\"")));
	T_TRUE(!jsonread_is_true(SPAN_LIT("\"false\"")));
	T_TRUE(!jsonread_is_true(SPAN_LIT("null")));
	T_TRUE(!jsonread_is_true(SPAN_LIT("1")));
	T_TRUE(!jsonread_member(o, "e", &v));	/* twice, once escaped */
	T_TRUE(!jsonread_member(o, "h", &v));
	T_TRUE(jsonread_member(o, "f", &v) && jsonread_number(v, &n) != 0);
	T_TRUE(jsonread_member(o, "g", &v) && jsonread_number(v, &n) != 0);
	buf_fini(&out);
}

/* Keys and signatures were made by another implementation of them. */
#define KEYS "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"use\":\"si" \
	"g\",\"n\":\"x8sD_86C3DY1GDotAlZw_YOiHavEcms4X7VUs18uGf" \
	"gk_nV6yeD5QNWqI8C8FKUSThPIT-BYh9xSN1DT1b2WIIEtCcD4GUly" \
	"0WBYKJtXezPdsFOVE15OBtvuCaSsXGaZqGoQNkFwXBzN2l-N1wsOd2" \
	"UlilNbR6aLrrOh_gGrGUEk6M-8Y-2Qdx6kZbj0mlk4eoe3UcLUSjxN" \
	"whof5lHLnpSUGBF9PbvOTxfOGEPEGperU33_QmtKPMUJIsX_dcc_HQ" \
	"5vDpl8ymhkKi9je7dNjwSSAIhHs1h9Vj_XYio6LkzWfzmy9SNCwg3D" \
	"yRAimeAHqg3GCOX793mj19WaT8vhjw\",\"e\":\"AQAB\"},{\"kt" \
	"y\":\"EC\",\"kid\":\"e\",\"crv\":\"P-256\",\"x\":\"Znx" \
	"VMVqE_PzD0nzyMokNVvvASwjITpPb1tLMqPgiozM\",\"y\":\"JkT" \
	"jpOfpR6geeqgoLo84IOuvibtQSZESJTN4yiXipZY\"},{\"kty\":" \
	"\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"d\",\"alg\":\"Ed" \
	"DSA\",\"x\":\"XMZmRYq_71MWci3BDFtSLzxqssX814ASKiTTFMGv" \
	"cGM\"},{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}"

/* At 1500, from https://id.example, for mail; why: NULL when it is good. */
static const struct { const char *name, *token, *why; } cases[] = {
	{ "RS256",
	    "eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInIifQ.eyJpc3MiOiAiaHR"
	    "0cHM6Ly9pZC5leGFtcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6I"
	    "DIwMDAsICJuYmYiOiAxMDAwLCAiZW1haWwiOiAiYWxpY2VAZGVtby5"
	    "leGFtcGxlIn0.htzCJOcqetb5EAuu0v-eAsT7VBkNoTD3XwJBHegK2"
	    "e-hmTZtZBZBWHHfYFClbZlRJW5JPNfC-59kSDoOkhy3kxQDvYFfyeC"
	    "Wb4bcE3Wwbw2OI2SnVrSatVAp9P1iOF05oMj4Lscm5wp43BjUwrCvG"
	    "lpdqtai9hwwDumMn9i7NhPxfWsEfxzKzfYf5LzlxRoGEWpLkCx4z9k"
	    "MK9PYIrfd_ydm1ejGVhAC8Qajo-Y2lCd4Ypgva02LUfoCdSNPx_4ES"
	    "_twcsfnVjTAByxp1eBckGqA46veDW3I7XgvWmFhI4bjGTx4vKFtwIT"
	    "rJO0LamnCQ0KFqXmiepEEFu6EoZKutA",
	    NULL },
	{ "ES256, list of audiences",
	    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUifQ.eyJpc3MiOiAiaHR"
	    "0cHM6Ly9pZC5leGFtcGxlIiwgImF1ZCI6IFsieCIsICJtYWlsIl0sI"
	    "CJleHAiOiAyMDAwLCAibmJmIjogMTAwMCwgImVtYWlsIjogImFsaWN"
	    "lQGRlbW8uZXhhbXBsZSJ9.qUzH873PI2sO-SBFT7yzzV6u7pmsMB3Q"
	    "eruDdMZxnkdtGMhUNgxCw8lWLv82nsPPO7VjOKF0puTBt97GcmJkvA",
	    NULL },
	{ "EdDSA without kid",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6IDIwMDAsICJuYmYiO"
	    "iAxMDAwLCAiZW1haWwiOiAiYWxpY2VAZGVtby5leGFtcGxlIn0.Bx-"
	    "MT6troQ8ap45DZUZfDKYOomzpf21hu86nt4asDszEfkljvvn8HFlYw"
	    "UkIX6lPiMyZyvfCRQTdx-x9NJhcAA",
	    NULL },
	{ "no nbf, fraction",
	    "eyJhbGciOiAiRWREU0EiLCAia2lkIjogImQifQ.eyJpc3MiOiAiaHR"
	    "0cHM6Ly9pZC5leGFtcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6I"
	    "DIwMDAuNSwgImVtYWlsIjogImFsaWNlQGRlbW8uZXhhbXBsZSJ9.8B"
	    "zjA7lcD0sr2UPXC-lHSrCrn-KsWIJxywQjSV3RRHmKmJ2g2WoDtkYE"
	    "Wgg5zLd9WsGcrI1u_qtBHsS2pTlqAw",
	    NULL },
	{ "none",
	    "eyJhbGciOiAibm9uZSJ9.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtc"
	    "GxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6IDIwMDAsICJuYmYiOiA"
	    "xMDAwLCAiZW1haWwiOiAiYWxpY2VAZGVtby5leGFtcGxlIn0.",
	    "bad signature" },
	{ "another key's kid",
	    "eyJhbGciOiAiRWREU0EiLCAia2lkIjogInIifQ.eyJpc3MiOiAiaHR"
	    "0cHM6Ly9pZC5leGFtcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6I"
	    "DIwMDAsICJuYmYiOiAxMDAwLCAiZW1haWwiOiAiYWxpY2VAZGVtby5"
	    "leGFtcGxlIn0.3XZgb6PXTqSu0-IKcIlRWe_UIGoPYNdSbNYAKtDl2"
	    "stYt-jPuaJpLR2VBN-LJbeOT332daCfc9tcvtOVd4L0Bg",
	    "bad signature" },
	{ "unknown kid",
	    "eyJhbGciOiAiRWREU0EiLCAia2lkIjogInoifQ.eyJpc3MiOiAiaHR"
	    "0cHM6Ly9pZC5leGFtcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6I"
	    "DIwMDAsICJuYmYiOiAxMDAwLCAiZW1haWwiOiAiYWxpY2VAZGVtby5"
	    "leGFtcGxlIn0.qRbONiPX0xeT3rw4yMvFx8N461Ezla1B8VrMKqJPG"
	    "7GZn4FlJv6jaWv3JNzZbctEy2XFFz5WZ6ile6cyU5GbAA",
	    "bad signature" },
	{ "crit",
	    "eyJhbGciOiAiRWREU0EiLCAiY3JpdCI6IFsiZXhwIl19.eyJpc3MiO"
	    "iAiaHR0cHM6Ly9pZC5leGFtcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV"
	    "4cCI6IDIwMDAsICJuYmYiOiAxMDAwLCAiZW1haWwiOiAiYWxpY2VAZ"
	    "GVtby5leGFtcGxlIn0.bbOmPevU6vJntl2qKhIfeDQKnrvjfwmko8H"
	    "KQ8gEphQasCK5xRAficQRwuZNe6SoNaRo_mtlRM_PDifkIr8qDQ",
	    "bad signature" },
	{ "issuer",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9ldmlsLmV"
	    "4YW1wbGUiLCAiYXVkIjogIm1haWwiLCAiZXhwIjogMjAwMCwgIm5iZ"
	    "iI6IDEwMDAsICJlbWFpbCI6ICJhbGljZUBkZW1vLmV4YW1wbGUifQ."
	    "KfJDdXIbDsULxAItH5VUxgTeVs5X5V1r2W9VtAksxaRbkLuaIsWVQP"
	    "iK33XrzFyfboRqpeiVV7gMy6PnlIK9Ag",
	    "other issuer" },
	{ "issuer in a list",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiBbImh0dHBzOi8vaWQuZXh"
	    "hbXBsZSJdLCAiYXVkIjogIm1haWwiLCAiZXhwIjogMjAwMCwgIm5iZ"
	    "iI6IDEwMDAsICJlbWFpbCI6ICJhbGljZUBkZW1vLmV4YW1wbGUifQ."
	    "pq0BGIhOwPnx46t0phh39rIBzt4WopirV7Dh2mfrzvAWaBvBBOExLY"
	    "HTYUe-_OFxf8dSpynoC_KwAwbE-vf-Cw",
	    "other issuer" },
	{ "audience",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImF1ZCI6IFsieCIsICJtYWlseCJdLCAiZXhwIjogMjAwM"
	    "CwgIm5iZiI6IDEwMDAsICJlbWFpbCI6ICJhbGljZUBkZW1vLmV4YW1"
	    "wbGUifQ.6zNSOZ1aOd223rU0Q1XKpMF5eWkgvTap23Rq9Vrw0zLa7O"
	    "AxiTzY7TUoQ0KBswT4JRhQ4nwOQL71AUg4oO3pAw",
	    "other audience" },
	{ "no audience",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImV4cCI6IDIwMDAsICJuYmYiOiAxMDAwLCAiZW1haWwiO"
	    "iAiYWxpY2VAZGVtby5leGFtcGxlIn0.DS4fmglhJ2fv1joqprJMJkM"
	    "DH4NLjoQCueZXbaNK8ltXeSi2s2f4qanRPf3_SYApeuZ-1nETOUfdG"
	    "tHgiZ7HAg",
	    "other audience" },
	{ "no end",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImF1ZCI6ICJtYWlsIiwgIm5iZiI6IDEwMDAsICJlbWFpb"
	    "CI6ICJhbGljZUBkZW1vLmV4YW1wbGUifQ.ZnkWiLBp8CpyOpRJfnxt"
	    "hCOrSocV0z1G2eEq4Kpz4Z5ml3oa4WZ_kJZnftafqgoijbiUe3GI59"
	    "o7sOwX2qTJCw",
	    "no end" },
	{ "end as text",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6ICIyMDAwIiwgIm5iZ"
	    "iI6IDEwMDAsICJlbWFpbCI6ICJhbGljZUBkZW1vLmV4YW1wbGUifQ."
	    "XvchVTfm-Vsh7MC2oVp3B0UjTs0QFuAmH_5q8xSwvVudoGcBK5QhUj"
	    "lIEkYMylaFfG-0_5ygA2sXOjgywhCIBw",
	    "no end" },
	{ "over",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6IDE0NzAsICJuYmYiO"
	    "iAxMDAwLCAiZW1haWwiOiAiYWxpY2VAZGVtby5leGFtcGxlIn0.1_8"
	    "V34hCLO1L20nZsv1R7W3oVTZkPCedlIdUSiuhn3t0PjTyX5f994F-k"
	    "p5pMTNcjTHxIPN6ymeRpiK8q1VTCw",
	    "expired" },
	{ "not begun",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6IDIwMDAsICJuYmYiO"
	    "iAxNTMxLCAiZW1haWwiOiAiYWxpY2VAZGVtby5leGFtcGxlIn0.7M4"
	    "jpmZFw5zONi3PFqkV9zatqTXnB6ULI55GYN_sQz2WXfsd7EqsHHbAt"
	    "N4nbpteEaWtYBDmKhgr_AeeJmoVCw",
	    "not yet good" },
	{ "no user",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6IDIwMDAsICJuYmYiO"
	    "iAxMDAwfQ.nr00I3aHXsf7hxFLW4zkQP7PP8OVQyXpULYFJIc6DRlz"
	    "nMDXsgtTbIC2Sh5oqiTGG3QXmrCJo2eiqz8obYnMAg",
	    "no user" },
	{ "control in the user",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6IDIwMDAsICJuYmYiO"
	    "iAxMDAwLCAiZW1haWwiOiAiYVxuIn0.MPkocxdBeSlbXtIT0hXrW52"
	    "mSOcA6FK_cgPMxQmXie2q4w2Z0V96xLw11bjzORru7QY_W-OiN5TNQ"
	    "7ZYRhSWCA",
	    "no user" },
	{ "address not verified",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGF"
	    "tcGxlIiwgImF1ZCI6ICJtYWlsIiwgImV4cCI6IDIwMDAsICJuYmYiO"
	    "iAxMDAwLCAiZW1haWwiOiAiYWxpY2VAZGVtby5leGFtcGxlIiwgImV"
	    "tYWlsX3ZlcmlmaWVkIjogZmFsc2V9.iajQ4MxOSTeSm0b5_jIOqttR"
	    "s8Qw5kzBctJcEYMuo9CtUoPvnMiOsZloPoNuKvJwQvzjDzNYDWxCAf"
	    "s_le56DA",
	    "address not verified" },
	{ "issuer twice",
	    "eyJhbGciOiAiRWREU0EifQ.eyJpc3MiOiJodHRwczovL2V2aWwuZXh"
	    "hbXBsZSIsImlzcyI6Imh0dHBzOi8vaWQuZXhhbXBsZSIsImF1ZCI6I"
	    "m1haWwiLCJleHAiOjIwMDAsImVtYWlsIjoiYUBiIn0.Urdb4Q5qlMf"
	    "iKCUhVmzhpQKPEGOu1mp9v_COPAz7XD09DYxOszLfaHHhgJF3e41-l"
	    "GC_wFRjJZepU0h_uqylBg",
	    "other issuer" },
	{ "no JSON",
	    "eyJhbGciOiAiRWREU0EifQ.ew.HsG5Vu5OSGU5_pZSZlh4jYs4rvZT"
	    "QmLb70o0IBNbQqeHG6bpdSLzyKrIqpSOZ5VoOjUo5ycT9zNZNdZnwk"
	    "GyDg",
	    "no claims" },
};

static void
tokens(void **state)
{
	const struct jwt_rules rules = { .issuer = SPAN_LIT(
	    "https://id.example"), .audience = SPAN_LIT("mail"),
		.user_claim = "email", .now_s = 1500 };
	struct why why;
	struct jwt_keys *keys = jwt_keys_parse(SPAN_LIT(KEYS), &why);
	char user[JWT_USER_MAX + 1], bent[2048];
	const char *word;

	(void)state;
	T_TRUE(keys != NULL);
	T_INT(jwt_keys_count(keys), 3);		/* no shared secret */
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span token = t_exact(span_str(cases[i].token));
		bool good = jwt_holds(keys, token, &rules, user, &word);

		t_case(cases[i].name);
		T_TRUE(good == (cases[i].why == NULL));
		T_STR(span_str(word), cases[i].why);
		T_STR(span_str(user), good ? "alice@demo.example" : "");
		/* Nothing of it can be left out or changed. */
		for (size_t at = 0; good && at < token.n; at += 7) {
			memcpy(bent, token.p, token.n);
			bent[at] = bent[at] == 'A' ? 'B' : 'A';
			T_TRUE(!jwt_holds(keys, span_of(bent, token.n),
			    &rules, user, &word));
			T_TRUE(!jwt_holds(keys, span_head(token, at), &rules,
			    user, &word));
		}
	}
	jwt_keys_free(&keys);
}

static void
key_sets(void **state)
{
	static const char *const bad[] = {
		"", "{}", "[]", "{\"keys\":[]}", "{\"keys\":{}}",
		"{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\"}]}",
	};
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		t_case(bad[i]);
		T_TRUE(jwt_keys_parse(span_str(bad[i]), &why) == NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects), cmocka_unit_test(members),
		cmocka_unit_test(tokens), cmocka_unit_test(key_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
