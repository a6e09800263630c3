/*
 * sign - see sign.h.
 * One row per SignatureScheme (RFC 8446 4.2.3): kind of key, hash, padding.
 * What the text is has been judged before (tbs.c).
 */
#include "helpers/keyd/sign.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

static const struct scheme {
	unsigned    scheme;
	int	    kind;
	const char *hash;	/* NULL: the algorithm's own */
	bool	    pss;
} schemes[] = {
	{ SIGN_PKCS1_SHA256, EVP_PKEY_RSA, "SHA256", false },
	{ SIGN_PKCS1_SHA384, EVP_PKEY_RSA, "SHA384", false },
	{ SIGN_PKCS1_SHA512, EVP_PKEY_RSA, "SHA512", false },
	{ SIGN_PSS_SHA256, EVP_PKEY_RSA, "SHA256", true },
	{ SIGN_PSS_SHA384, EVP_PKEY_RSA, "SHA384", true },
	{ SIGN_PSS_SHA512, EVP_PKEY_RSA, "SHA512", true },
	{ SIGN_ECDSA_SHA256, EVP_PKEY_EC, "SHA256", false },
	{ SIGN_ECDSA_SHA384, EVP_PKEY_EC, "SHA384", false },
	{ SIGN_ECDSA_SHA512, EVP_PKEY_EC, "SHA512", false },
	{ SIGN_ED25519, EVP_PKEY_ED25519, NULL, false },
};

static const struct scheme *
find(const struct key *key, unsigned scheme)
{
	for (size_t i = 0; i < COUNT(schemes); i++)
		if (schemes[i].scheme == scheme &&
		    schemes[i].kind == EVP_PKEY_get_base_id(key->pkey))
			return &schemes[i];
	return NULL;
}

int
key_sign(const struct key *key, const struct sign_req *req,
    struct sign_rep *rep)
{
	const struct scheme *s = find(key, req->scheme);
	EVP_MD_CTX *md = s != NULL ? EVP_MD_CTX_new() : NULL;
	EVP_PKEY_CTX *how;
	size_t n = sizeof(rep->sig);
	int rc = -1;

	if (md == NULL)
		return -1;
	if (EVP_DigestSignInit_ex(md, &how, s->hash, NULL, NULL, key->pkey,
	    NULL) == 1 &&
	    (!s->pss || (EVP_PKEY_CTX_set_rsa_padding(how,
	    RSA_PKCS1_PSS_PADDING) > 0 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(how,
	    RSA_PSS_SALTLEN_DIGEST) > 0)) &&
	    EVP_DigestSign(md, rep->sig, &n, req->tbs, req->tbs_len) == 1) {
		rep->sig_len = n;
		rc = 0;
	}
	EVP_MD_CTX_free(md);
	ERR_clear_error();
	return rc;
}
