/*
 * jwt_keys - the part of jwt about keys: a JWK set to public keys of
 * libcrypto.  The file is the operator's, yet read as if it were a stranger's.
 */
#include "trust/jwt.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <stdlib.h>

#include "base/b64.h"
#include "base/bug.h"
#include "trust/jsonread.h"
#include "trust/jwt_priv.h"

#define PART_MAX	1100	/* octets of a number of a key: RSA of 8192 bits */
#define RSA_BITS_MIN	2048

enum jwt_alg
jwt_alg(struct span name)
{
	return span_eq_str(name, "RS256") ? JWT_RS256 :
	    span_eq_str(name, "ES256") ? JWT_ES256 :
	    span_eq_str(name, "EdDSA") ? JWT_EDDSA : JWT_NO_ALG;
}

int
jwt_base64url(struct buf *out, struct span in)
{
	struct buf usual;
	int rc = -1;

	buf_init(&usual, in.n + 3);
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '+' || c == '/' || c == '=')
			goto out;
		buf_add_char(&usual, c == '-' ? '+' : c == '_' ? '/' : c);
	}
	while (usual.n % 4 != 0 && !usual.full)
		buf_add_char(&usual, '=');
	if (!usual.full)
		rc = b64_decode(out, buf_span(&usual));
out:
	buf_fini(&usual);
	return rc;
}

int
jwt_text(struct span object, const char *key, struct buf *out)
{
	struct span value;

	return jsonread_member(object, key, &value) ?
	    jsonread_string(value, out) : -1;
}

static bool
text_is(struct span object, const char *key, const char *want)
{
	struct buf b;
	bool same;

	buf_init(&b, 128);
	same = jwt_text(object, key, &b) == 0 &&
	    span_eq_str(buf_span(&b), want);
	buf_fini(&b);
	return same;
}

/* A member in base64url, appended. */
static bool
part(struct span jwk, const char *key, struct buf *out)
{
	struct buf text;
	bool ok;

	buf_init(&text, 2 * PART_MAX);
	ok = jwt_text(jwk, key, &text) == 0 &&
	    jwt_base64url(out, buf_span(&text)) == 0 && out->n > 0;
	buf_fini(&text);
	return ok;
}

static EVP_PKEY *
from_params(const char *type, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || params == NULL ||
	    EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key,
	    EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
rsa_key(struct span jwk)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *n = NULL, *e = NULL;
	EVP_PKEY *key = NULL;
	struct buf nb, eb;

	buf_init(&nb, PART_MAX);
	buf_init(&eb, 8);
	if (bld != NULL && part(jwk, "n", &nb) && part(jwk, "e", &eb)) {
		n = BN_bin2bn((unsigned char *)nb.p, (int)nb.n, NULL);
		e = BN_bin2bn((unsigned char *)eb.p, (int)eb.n, NULL);
	}
	if (n != NULL && e != NULL && BN_num_bits(n) >= RSA_BITS_MIN &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		key = from_params("RSA", bld);
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(bld);
	buf_fini(&nb);
	buf_fini(&eb);
	return key;
}

static EVP_PKEY *
ec_key(struct span jwk)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;
	struct buf point;

	buf_init(&point, 65);
	buf_add_char(&point, 4);	/* uncompressed */
	if (bld != NULL && text_is(jwk, "crv", "P-256") &&
	    part(jwk, "x", &point) && point.n == 33 &&
	    part(jwk, "y", &point) && point.n == 65 &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	    "prime256v1", 0) == 1 && OSSL_PARAM_BLD_push_octet_string(bld,
	    OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) == 1)
		key = from_params("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	buf_fini(&point);
	return key;
}

static EVP_PKEY *
ed_key(struct span jwk)
{
	EVP_PKEY *key = NULL;
	struct buf x;

	buf_init(&x, 32);
	if (text_is(jwk, "crv", "Ed25519") && part(jwk, "x", &x) && x.n == 32)
		key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
		    (unsigned char *)x.p, x.n);
	buf_fini(&x);
	return key;
}

static const struct {
	const char *kty;
	enum jwt_alg alg;
	const char *name;
	EVP_PKEY *(*make)(struct span jwk);
} kinds[] = {
	{ "RSA", JWT_RS256, "RS256", rsa_key },
	{ "EC", JWT_ES256, "ES256", ec_key },
	{ "OKP", JWT_EDDSA, "EdDSA", ed_key },
};

/* Is it meant for signatures of that kind? */
static bool
is_meant(struct span jwk, const char *alg)
{
	struct span ignored;

	return (!jsonread_member(jwk, "use", &ignored) ||
	    text_is(jwk, "use", "sig")) &&
	    (!jsonread_member(jwk, "alg", &ignored) ||
	    text_is(jwk, "alg", alg));
}

/* -1: a key of a known kind that is none */
static int
add(struct jwt_keys *k, struct span jwk)
{
	struct jwt_key *to = &k->v[k->n];
	struct buf kid;
	size_t i = 0;

	while (i < COUNT(kinds) && !text_is(jwk, "kty", kinds[i].kty))
		i++;
	if (i == COUNT(kinds) || !is_meant(jwk, kinds[i].name))
		return 0;
	to->key = kinds[i].make(jwk);
	if (to->key == NULL)
		return -1;
	to->alg = kinds[i].alg;
	buf_init(&kid, sizeof(to->kid) - 1);
	if (jwt_text(jwk, "kid", &kid) == 0)
		span_copy_cut(buf_span(&kid), to->kid, sizeof(to->kid));
	buf_fini(&kid);
	k->n++;
	return 0;
}

struct jwt_keys *
jwt_keys_parse(struct span text, struct why *why)
{
	struct jwt_keys *k = xcalloc(1, sizeof(*k));
	struct span rest, jwk;

	if (text.n > JWT_FILE_MAX || !jsonread_ok(text) ||
	    !jsonread_member(text, "keys", &rest)) {
		why_set(why, WHY_PERM, "5.3.5", "no JWK set");
		goto bad;
	}
	while (jsonread_element(&rest, &jwk)) {
		if (k->n == JWT_KEYS_MAX || add(k, jwk) != 0) {
			why_set(why, WHY_PERM, "5.3.5", "key %zu is no key, "
			    "or one too many", k->n + 1);
			goto bad;
		}
	}
	if (k->n > 0)
		return k;
	why_set(why, WHY_PERM, "5.3.5", "no key for RS256, ES256 or EdDSA");
bad:
	jwt_keys_free(&k);
	return NULL;
}

void
jwt_keys_free(struct jwt_keys **k)
{
	if (*k == NULL)
		return;
	for (size_t i = 0; i < (*k)->n; i++)
		EVP_PKEY_free((*k)->v[i].key);
	free(*k);
	*k = NULL;
}

size_t
jwt_keys_count(const struct jwt_keys *k)
{
	return k->n;
}
