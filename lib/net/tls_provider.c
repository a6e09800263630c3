/*
 * tls_provider - an OpenSSL 3 provider whose keys have no private half here:
 * each holds the public key and a name, and "signing" is to ask the hook.
 *
 * The provider offers only the one-shot DigestSign, which is given the whole
 * text; there is no function that signs a digest.  Export refuses the private
 * selection, which also makes the library come back to us for signatures
 * instead of moving the key to its own provider.  Public work is done by the
 * default provider in a library context that does not know this one.
 */
#include "net/tls_priv.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "net/cert.h"

#define NAME		"paquebot"
#define PARAM_HOST	"paquebot-host"
#define PARAM_ID	"paquebot-id"
#define PROPERTIES	"provider=" NAME

enum kind { KIND_RSA, KIND_EC, KIND_ED25519 };
static const char *const kind_names[] = { "RSA", "EC", "ED25519" };

struct remote_key {
	enum kind kind;
	EVP_PKEY *public;	/* of the plain context */
	char	  host[CERT_NAME_SIZE];
	uint8_t	  id[CERT_ID];
};

struct remote_sign {
	struct remote_key *key;
	unsigned hash;		/* 256, 384, 512; 0: the key's own */
	bool	 pss;
};

static struct {
	OSSL_LIB_CTX *plain;	/* the default provider alone */
} provider;

#define F(id, fn)	{ (id), (void (*)(void))(fn) }
#define F_END		{ 0, NULL }

/* ------------------------------------------------------------ keys */

static void *
key_new(enum kind kind)
{
	struct remote_key *k = xcalloc(1, sizeof(*k));

	k->kind = kind;
	return k;
}

static void *
key_new_rsa(void *ctx)
{
	(void)ctx;
	return key_new(KIND_RSA);
}

static void *
key_new_ec(void *ctx)
{
	(void)ctx;
	return key_new(KIND_EC);
}

static void *
key_new_ed25519(void *ctx)
{
	(void)ctx;
	return key_new(KIND_ED25519);
}

static void
key_free(void *arg)
{
	struct remote_key *k = arg;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->public);
	free(k);
}

/* The private half too: it is there, only not here. */
static int
key_has(const void *arg, int selection)
{
	(void)arg;
	(void)selection;
	return 1;
}

static int
key_import(void *arg, int selection, const OSSL_PARAM params[])
{
	struct remote_key *k = arg;
	const OSSL_PARAM *host, *id;
	EVP_PKEY_CTX *ctx;
	char *to = k->host;
	void *id_to = k->id;
	size_t n;
	int ok;

	(void)selection;
	host = OSSL_PARAM_locate_const(params, PARAM_HOST);
	id = OSSL_PARAM_locate_const(params, PARAM_ID);
	/* The library may bring public keys of others here: without these. */
	if ((host != NULL && OSSL_PARAM_get_utf8_string(host, &to,
	    sizeof(k->host)) != 1) || (id != NULL &&
	    OSSL_PARAM_get_octet_string(id, &id_to, sizeof(k->id), &n) != 1))
		return 0;
	ctx = EVP_PKEY_CTX_new_from_name(provider.plain,
	    kind_names[k->kind], NULL);
	ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &k->public, EVP_PKEY_PUBLIC_KEY,
	    (OSSL_PARAM *)(uintptr_t)params) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static int
key_export(void *arg, int selection, OSSL_CALLBACK *callback, void *ctx)
{
	const struct remote_key *k = arg;
	OSSL_PARAM *params = NULL;
	int ok;

	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
		return 0;
	ok = EVP_PKEY_todata(k->public, EVP_PKEY_PUBLIC_KEY, &params) == 1 &&
	    callback(params, ctx);
	OSSL_PARAM_free(params);
	return ok;
}

static const OSSL_PARAM *
key_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_utf8_string(PARAM_HOST, NULL, 0),
		OSSL_PARAM_octet_string(PARAM_ID, NULL, 0),
		OSSL_PARAM_END
	};

	return selection == OSSL_KEYMGMT_SELECT_PRIVATE_KEY ? NULL : types;
}

static int
key_match(const void *a, const void *b, int selection)
{
	const struct remote_key *x = a, *y = b;

	(void)selection;
	return EVP_PKEY_eq(x->public, y->public) == 1;
}

static int
key_get(void *arg, OSSL_PARAM params[])
{
	const struct remote_key *k = arg;

	return EVP_PKEY_get_params(k->public, params);
}

static const OSSL_PARAM *
key_gettable(void *ctx)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL,
		    0),
		OSSL_PARAM_END
	};

	(void)ctx;
	return types;
}

static const char *
ec_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

#define KEY_FUNCTIONS(new) \
	F(OSSL_FUNC_KEYMGMT_NEW, new), \
	F(OSSL_FUNC_KEYMGMT_FREE, key_free), \
	F(OSSL_FUNC_KEYMGMT_HAS, key_has), \
	F(OSSL_FUNC_KEYMGMT_IMPORT, key_import), \
	F(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_types), \
	F(OSSL_FUNC_KEYMGMT_EXPORT, key_export), \
	F(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_types), \
	F(OSSL_FUNC_KEYMGMT_MATCH, key_match), \
	F(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get), \
	F(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable)

static const OSSL_DISPATCH rsa_keys[] = {
	KEY_FUNCTIONS(key_new_rsa), F_END
};
static const OSSL_DISPATCH ec_keys[] = {
	KEY_FUNCTIONS(key_new_ec),
	F(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, ec_operation), F_END
};
static const OSSL_DISPATCH ed25519_keys[] = {
	KEY_FUNCTIONS(key_new_ed25519), F_END
};

/* ------------------------------------------------------------ signatures */

static void *
sign_new(void *ctx, const char *properties)
{
	(void)ctx;
	(void)properties;
	return xcalloc(1, sizeof(struct remote_sign));
}

static void
sign_free(void *arg)
{
	free(arg);
}

static void *
sign_dup(void *arg)
{
	struct remote_sign *copy = xmalloc(sizeof(*copy));

	memcpy(copy, arg, sizeof(*copy));
	return copy;
}

/* The padding comes as a word or as a number. */
static bool
wants_pss(const OSSL_PARAM *p)
{
	const char *word = NULL;
	int number = 0;

	if (p->data_type == OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_get_utf8_string_ptr(p, &word) == 1 &&
		    strcmp(word, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	return OSSL_PARAM_get_int(p, &number) == 1 &&
	    number == RSA_PKCS1_PSS_PADDING;
}

/* The salt is always as long as the hash: TLS knows no other. */
static int
sign_set(void *arg, const OSSL_PARAM params[])
{
	struct remote_sign *s = arg;
	const OSSL_PARAM *p = params == NULL ? NULL :
	    OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);

	if (p != NULL)
		s->pss = wants_pss(p);
	return 1;
}

static const OSSL_PARAM *
sign_settable(void *arg, void *ctx)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_END
	};

	(void)arg;
	(void)ctx;
	return types;
}

static const struct {
	const char *name;
	unsigned    hash;
} hashes[] = {
	{ "SHA256", 256 }, { "SHA2-256", 256 }, { "SHA384", 384 },
	{ "SHA2-384", 384 }, { "SHA512", 512 }, { "SHA2-512", 512 },
};

static int
sign_init(void *arg, const char *hash, void *key, const OSSL_PARAM params[])
{
	struct remote_sign *s = arg;

	*s = (struct remote_sign){ .key = key };
	if (hash == NULL || *hash == '\0')
		return sign_set(s, params);
	for (size_t i = 0; i < COUNT(hashes); i++)
		if (OPENSSL_strcasecmp(hashes[i].name, hash) == 0)
			s->hash = hashes[i].hash;
	return s->hash != 0 && sign_set(s, params);
}

/* SignatureScheme, RFC 8446 4.2.3; 0: TLS has none. */
static unsigned
scheme_of(const struct remote_sign *s)
{
	unsigned step = s->hash == 256 ? 0 : s->hash == 384 ? 1 : 2;

	switch (s->key->kind) {
	case KIND_RSA:
		return s->hash == 0 ? 0 : s->pss ? 0x0804 + step :
		    0x0401 + (step << 8);
	case KIND_EC:
		return s->hash == 0 ? 0 : 0x0403 + (step << 8);
	case KIND_ED25519:
		return 0x0807;
	}
	return 0;
}

static int
sign_text(void *arg, unsigned char *sig, size_t *n, size_t size,
    const unsigned char *text, size_t text_n)
{
	struct remote_sign *s = arg;
	struct tls_text what = { .scheme = scheme_of(s),
		.host = s->key->host, .key_id = s->key->id,
		.text = span_of(text, text_n) };

	if (sig == NULL) {		/* how much room will it take? */
		*n = (size_t)EVP_PKEY_get_size(s->key->public);
		return 1;
	}
	*n = what.scheme == 0 ? 0 : tls_ask_signature(&what, sig, size);
	return *n > 0 && *n <= size;
}

static const OSSL_DISPATCH signatures[] = {
	F(OSSL_FUNC_SIGNATURE_NEWCTX, sign_new),
	F(OSSL_FUNC_SIGNATURE_FREECTX, sign_free),
	F(OSSL_FUNC_SIGNATURE_DUPCTX, sign_dup),
	F(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, sign_init),
	F(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign_text),
	F(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, sign_set),
	F(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, sign_settable), F_END
};

/* ------------------------------------------------------------ the provider */

#define RSA_NAMES	"RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define EC_NAMES	"EC:id-ecPublicKey:1.2.840.10045.2.1"
#define ED25519_NAMES	"ED25519:1.3.101.112"

static const OSSL_ALGORITHM *
query(void *ctx, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM keys[] = {
		{ RSA_NAMES, PROPERTIES, rsa_keys, "" },
		{ EC_NAMES, PROPERTIES, ec_keys, "" },
		{ ED25519_NAMES, PROPERTIES, ed25519_keys, "" },
		{ NULL, NULL, NULL, NULL }
	};
	static const OSSL_ALGORITHM signers[] = {
		{ RSA_NAMES, PROPERTIES, signatures, "" },
		{ "ECDSA", PROPERTIES, signatures, "" },
		{ ED25519_NAMES, PROPERTIES, signatures, "" },
		{ NULL, NULL, NULL, NULL }
	};

	(void)ctx;
	*no_cache = 0;
	return operation == OSSL_OP_KEYMGMT ? keys :
	    operation == OSSL_OP_SIGNATURE ? signers : NULL;
}

static int
start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **ctx)
{
	static const OSSL_DISPATCH functions[] = {
		F(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), F_END
	};

	(void)in;
	*ctx = (void *)(uintptr_t)handle;
	*out = functions;
	return 1;
}

int
tls_provider_load(OSSL_LIB_CTX *lib)
{
	provider.plain = OSSL_LIB_CTX_new();
	/* The default one first: it answers where nobody is asked for. */
	return provider.plain != NULL &&
	    OSSL_PROVIDER_load(provider.plain, "default") != NULL &&
	    OSSL_PROVIDER_load(lib, "default") != NULL &&
	    OSSL_PROVIDER_add_builtin(lib, NAME, start) == 1 &&
	    OSSL_PROVIDER_load(lib, NAME) != NULL ? 0 : -1;
}

static const char *
kind_of(const EVP_PKEY *public)
{
	for (size_t i = 0; i < COUNT(kind_names); i++)
		if (EVP_PKEY_is_a(public, kind_names[i]))
			return kind_names[i];
	return NULL;
}

static EVP_PKEY *
key_from(OSSL_LIB_CTX *lib, const char *kind, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib, kind, PROPERTIES);
	EVP_PKEY *key = NULL;

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *
tls_provider_key(OSSL_LIB_CTX *lib, X509 *cert, const char *host)
{
	EVP_PKEY *public = X509_get0_pubkey(cert), *key = NULL;
	const char *kind = public != NULL ? kind_of(public) : NULL;
	OSSL_PARAM *params = NULL, *all = NULL;
	uint8_t id[CERT_ID];
	OSSL_PARAM ours[] = {
		OSSL_PARAM_construct_utf8_string(PARAM_HOST,
		    (char *)(uintptr_t)host, 0),
		OSSL_PARAM_construct_octet_string(PARAM_ID, id, sizeof(id)),
		OSSL_PARAM_construct_end()
	};

	if (kind != NULL && cert_key_id(cert, id) == 0 && EVP_PKEY_todata(public,
	    EVP_PKEY_PUBLIC_KEY, &params) == 1)
		all = OSSL_PARAM_merge(params, ours);
	if (all != NULL)
		key = key_from(lib, kind, all);
	OSSL_PARAM_free(all);
	OSSL_PARAM_free(params);
	return key;
}
