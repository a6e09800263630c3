/*
 * Any octets as JSON, as a JWK set, as a token for a key that signed none, and
 * as the messages that carry tokens: nothing passes, and what was found ok is
 * read without a step past its end.
 */
#include <stdint.h>
#include <stdlib.h>

#include "trust/jsonread.h"
#include "trust/jwt.h"
#include "trust/sasl.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char set[] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static void
token(struct span in)
{
	const struct jwt_rules rules = { .issuer = SPAN_LIT("i"),
		.audience = SPAN_LIT("a"), .user_claim = "email",
		.now_s = 1000 };
	static struct jwt_keys *keys;
	char user[JWT_USER_MAX + 1];
	const char *word;
	struct why why;

	if (keys == NULL)
		keys = jwt_keys_parse(span_str(set), &why);
	if (keys == NULL || jwt_holds(keys, in, &rules, user, &word))
		abort();
}

static void
json(struct span in)
{
	struct span v, one;
	struct buf out;
	int64_t n;

	if (!jsonread_ok(in))
		return;
	buf_init(&out, 256);
	if (jsonread_member(in, "a", &v)) {
		if (v.p < in.p || v.p + v.n > in.p + in.n)
			abort();
		(void)!jsonread_string(v, &out);
		if (jsonread_number(v, &n) == 0 && n < 0)
			abort();
		while (jsonread_is_array(v) && jsonread_element(&v, &one)) {
			if (one.p < in.p || one.p + one.n > in.p + in.n)
				abort();
			if (v.p == one.p)
				abort();
		}
	}
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size), user, text;
	struct jwt_keys *keys;
	struct why why;

	json(in);
	keys = jwt_keys_parse(in, &why);
	jwt_keys_free(&keys);
	token(in);
	for (int i = 0; i < 2; i++)
		if (sasl_bearer(i == 0 ? SASL_OAUTHBEARER : SASL_XOAUTH2, in,
		    &user, &text) == 0 && text.n == 0)
			abort();
	return 0;
}
