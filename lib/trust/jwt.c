/*
 * jwt.c - a token: header.claims.signature, each in base64url.  The signature
 * is judged first, over the text as it came; only then are the claims looked
 * at.  The header chooses among our keys and nothing more: a key is good for
 * one algorithm, which must be the one that the header names.
 */
#include "trust/jwt.h"

#include <openssl/ecdsa.h>

#include "trust/jsonread.h"
#include "trust/jwt_priv.h"

#define SIGNATURE_MAX	1024	/* octets */
#define CLAIM_MAX	1024

/* ES256 signs as two numbers of 32 octets; libcrypto wants DER. */
static unsigned char *
to_der(struct span raw, size_t *n)
{
	const unsigned char *p = (const unsigned char *)raw.p;
	ECDSA_SIG *sig = raw.n == 64 ? ECDSA_SIG_new() : NULL;
	unsigned char *der = NULL;
	BIGNUM *r, *s;
	int len = 0;

	if (sig == NULL)
		return NULL;
	r = BN_bin2bn(p, 32, NULL);
	s = BN_bin2bn(p + 32, 32, NULL);
	if (r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
		len = i2d_ECDSA_SIG(sig, &der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	*n = len > 0 ? (size_t)len : 0;
	return len > 0 ? der : NULL;
}

static bool
verifies(const struct jwt_key *k, struct span text, struct span signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	bool ok = ctx != NULL;

	if (k->alg == JWT_ES256) {
		der = to_der(signature, &signature.n);
		signature.p = (const char *)der;
		ok = ok && der != NULL;
	}
	ok = ok && EVP_DigestVerifyInit(ctx, NULL, k->alg == JWT_EDDSA ?
	    NULL : EVP_sha256(), NULL, k->key) == 1 &&
	    EVP_DigestVerify(ctx, (const unsigned char *)signature.p,
	    signature.n, (const unsigned char *)text.p, text.n) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* alg and kid of the header; JWT_NO_ALG: refuse. */
static enum jwt_alg
read_header(struct span header, struct buf *kid)
{
	enum jwt_alg alg = JWT_NO_ALG;
	struct span ignored;
	struct buf name;

	buf_init(&name, 16);
	/* "crit" names what we would have to know, and do not. */
	if (jsonread_ok(header) && !jsonread_member(header, "crit", &ignored) &&
	    jwt_text(header, "alg", &name) == 0)
		alg = jwt_alg(buf_span(&name));
	if (alg != JWT_NO_ALG && jsonread_member(header, "kid", &ignored) &&
	    jsonread_string(ignored, kid) != 0)
		alg = JWT_NO_ALG;
	buf_fini(&name);
	return alg;
}

/* text: header.claims as they came */
static bool
is_signed(const struct jwt_keys *keys, struct span text, struct span header,
    struct span signature)
{
	struct buf json, kid, octets;
	enum jwt_alg alg = JWT_NO_ALG;
	bool ok = false;

	buf_init(&json, JWT_TOKEN_MAX);
	buf_init(&kid, sizeof(keys->v[0].kid) - 1);
	buf_init(&octets, SIGNATURE_MAX);
	if (jwt_base64url(&json, header) == 0 &&
	    jwt_base64url(&octets, signature) == 0)
		alg = read_header(buf_span(&json), &kid);
	for (size_t i = 0; i < keys->n && alg != JWT_NO_ALG && !ok; i++) {
		const struct jwt_key *k = &keys->v[i];

		if (k->alg == alg && (kid.n == 0 ||
		    span_eq_str(buf_span(&kid), k->kid)))
			ok = verifies(k, text, buf_span(&octets));
	}
	buf_fini(&json);
	buf_fini(&kid);
	buf_fini(&octets);
	return ok;
}

/* Is a string member, or a string in an array of them, this? */
static bool
holds_text(struct span value, struct span want)
{
	struct span one = value;
	struct buf text;
	bool same = false;

	buf_init(&text, CLAIM_MAX);
	if (!jsonread_is_array(value)) {
		same = jsonread_string(value, &text) == 0 &&
		    span_eq(buf_span(&text), want);
	} else {
		while (!same && jsonread_element(&value, &one)) {
			buf_clear(&text);
			same = jsonread_string(one, &text) == 0 &&
			    span_eq(buf_span(&text), want);
		}
	}
	buf_fini(&text);
	return same;
}

/* Its time has come and is not over; without an end it would hold for ever. */
static const char *
check_times(struct span claims, int64_t now_s)
{
	struct span value;
	int64_t t;

	if (!jsonread_member(claims, "exp", &value) ||
	    jsonread_number(value, &t) != 0)
		return "no end";
	if (now_s >= t + JWT_SKEW_S)
		return "expired";
	if (jsonread_member(claims, "nbf", &value) &&
	    (jsonread_number(value, &t) != 0 || now_s < t - JWT_SKEW_S))
		return "not yet good";
	return NULL;
}

static const char *
take_user(struct span claims, const char *claim, char *user)
{
	struct span value;
	struct buf text;
	const char *why = "no user";

	buf_init(&text, JWT_USER_MAX);
	if (jwt_text(claims, claim, &text) == 0 && text.n > 0 &&
	    span_copy(buf_span(&text), user, JWT_USER_MAX + 1) == 0)
		why = NULL;
	for (size_t i = 0; i < text.n; i++)
		if (ascii_iscntrl(text.p[i]))
			why = "no user";
	buf_fini(&text);
	/* Who issues it says himself that nobody has looked. */
	if (why == NULL && span_eq_str(span_str(claim), "email") &&
	    jsonread_member(claims, "email_verified", &value) &&
	    !jsonread_is_true(value))
		why = "address not verified";
	return why;
}

static const char *
check_claims(struct span claims, const struct jwt_rules *rules, char *user)
{
	struct span value;
	const char *why;

	if (!jsonread_ok(claims))
		return "no claims";
	if (!jsonread_member(claims, "iss", &value) ||
	    jsonread_is_array(value) || !holds_text(value, rules->issuer))
		return "other issuer";
	if (!jsonread_member(claims, "aud", &value) ||
	    !holds_text(value, rules->audience))
		return "other audience";
	why = check_times(claims, rules->now_s);
	return why != NULL ? why : take_user(claims, rules->user_claim, user);
}

bool
jwt_holds(const struct jwt_keys *keys, struct span token,
    const struct jwt_rules *rules, char user[JWT_USER_MAX + 1],
    const char **why)
{
	struct span rest = token, header, claims, text;
	struct buf json;

	user[0] = '\0';
	*why = "no token";
	header = span_cut(&rest, '.');
	claims = span_cut(&rest, '.');
	if (token.n > JWT_TOKEN_MAX || rest.p == NULL || span_has(rest, '.'))
		return false;
	text = span_head(token, header.n + 1 + claims.n);
	*why = "bad signature";
	if (!is_signed(keys, text, header, rest))
		return false;
	buf_init(&json, JWT_TOKEN_MAX);
	*why = jwt_base64url(&json, claims) != 0 ? "no claims" :
	    check_claims(buf_span(&json), rules, user);
	buf_fini(&json);
	if (*why != NULL)
		user[0] = '\0';
	return *why == NULL;
}
