/*
 * keys - see keys.h.
 * The text of a key file is in one fixed place that is wiped; what the library
 * makes of it lives until the next reload, and a while more (former.c).  A key
 * is only taken with its certificate, from which its names come: who asks for
 * another name is refused.
 */
#include "helpers/keyd/keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/secret.h"
#include "conf/pair.h"
#include "helpers/keyd/former.h"
#include "os/fd.h"
#include "os/fs.h"

#define KEY_FILE_MAX	((size_t)32768)	/* RSA of 8192 bits: 6,400 */
#define NAME_MAX_OCTETS	32		/* of "cert/N" */

struct keys {
	struct key *v;
	size_t	    n;
};

/* A key file that asks for a password is refused, not asked about. */
static int
no_password(char *to, int size, int rwflag, void *ctx)
{
	(void)to;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return 0;
}

/* One key of each kind, made and read, has everything loaded. */
void
keys_setup(void)
{
	static const char *const kinds[] = { "EC", "ED25519", "RSA" };
	BIO *none = BIO_new_mem_buf("-", 1);

	for (size_t i = 0; i < COUNT(kinds); i++)
		EVP_KEYMGMT_free(EVP_KEYMGMT_fetch(NULL, kinds[i], NULL));
	EVP_PKEY_free(PEM_read_bio_PrivateKey(none, NULL, no_password, NULL));
	BIO_free(none);
	ERR_clear_error();
}

static EVP_PKEY *
read_key(int fd)
{
	static char text[KEY_FILE_MAX];
	EVP_PKEY *pkey = NULL;
	BIO *in = NULL;
	size_t n = 0;
	ssize_t got = 1;

	while (n < sizeof(text) && got > 0) {
		got = fd_read(fd, text + n, sizeof(text) - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (got == 0)
		in = BIO_new_mem_buf(text, (int)n);
	if (in != NULL)
		pkey = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
	BIO_free(in);
	wipe(text, sizeof(text));
	ERR_clear_error();
	return pkey;
}

static bool
kind_is_known(const EVP_PKEY *pkey)
{
	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_RSA:
		return EVP_PKEY_get_bits(pkey) >= 2048 &&
		    EVP_PKEY_get_size(pkey) <= SIGN_SIG_MAX;
	case EVP_PKEY_EC:
	case EVP_PKEY_ED25519:
		return true;
	}
	return false;
}

static int
add_chain(struct key *k, struct x509_st **chain, size_t n)
{
	unsigned char *der = NULL;
	struct sum64 sum;
	int len, rc = 0;

	buf_init(&k->chain, CERT_TOTAL_MAX);
	for (size_t i = 0; i < n && rc == 0; i++) {
		len = i2d_X509(chain[i], &der);
		rc = len <= 0 ? -1 : buf_add(&k->chain, der, (size_t)len);
		OPENSSL_free(der);
		der = NULL;
	}
	sum64_init(&sum);
	sum64_add(&sum, k->chain.p, k->chain.n);
	k->sum = sum64_end(&sum);
	return rc;
}

/* What a key is, by its certificate; the reason if they do not fit. */
static const char *
join(struct key *k, int cert_fd, bool shared)
{
	struct x509_st *chain[CERT_CHAIN_MAX];
	const char *wrong = NULL;
	struct buf pem;
	struct why why;
	size_t n = 0;

	buf_init(&pem, CERT_FILE_MAX);
	(void)buf_room(&pem, CERT_FILE_MAX);	/* no copies by growing */
	if (fs_slurp_fd(cert_fd, &pem) != 0 ||
	    cert_parse(buf_span(&pem), NULL, chain, &n, &why) != 0)
		wrong = "no certificate can be read";
	else if (shared && cert_pem_has_key(buf_span(&pem)))
		wrong = "the certificate's file holds a private key";
	else if (!kind_is_known(k->pkey))
		wrong = "not an RSA (2048 to 8192), EC or Ed25519 key";
	else if (X509_check_private_key(chain[0], k->pkey) != 1)
		wrong = "key and certificate do not belong together";
	else if (cert_key_id(chain[0], k->id) != 0 ||
	    cert_names(chain[0], &k->names) != 0)
		wrong = "the certificate has no name";
	else if (add_chain(k, chain, n) != 0)
		wrong = "the certificates are more than 32 KiB";
	ERR_clear_error();
	cert_free(chain, n);
	if (pem.p != NULL)
		wipe(pem.p, pem.size);
	buf_fini(&pem);
	return wrong;
}

const char *
key_read(struct key *k, int cert_fd, int key_fd, bool shared)
{
	*k = (struct key){ .pkey = read_key(key_fd) };
	return k->pkey == NULL ? "no private key can be read" :
	    join(k, cert_fd, shared);
}

void
key_fini(struct key *k)
{
	EVP_PKEY_free(k->pkey);		/* wipes */
	cert_names_free(&k->names);
	buf_fini(&k->chain);
	free(k->item);
	*k = (struct key){ .pkey = NULL };
}

bool
key_is(const struct key *k, const struct sign_req *req)
{
	return memcmp(k->id, req->key_id, sizeof(k->id)) == 0 &&
	    cert_names_have(&k->names, span_str(req->host));
}

static const char *
read_pair(struct key *k, const char *item, size_t i,
    int (*take)(const char *name))
{
	char cert[NAME_MAX_OCTETS], key[NAME_MAX_OCTETS];
	struct conf_pair pair;
	const char *wrong;
	int cert_fd, key_fd;

	(void)snprintf(cert, sizeof(cert), "cert/%zu", i);
	(void)snprintf(key, sizeof(key), "key/%zu", i);
	cert_fd = take(cert);
	key_fd = take(key);
	if (conf_pair_parse(item, &pair, &wrong) == 0)
		wrong = key_fd < 0 || cert_fd < 0 ? "a file is missing" :
		    key_read(k, cert_fd, key_fd, true);
	fd_close(&cert_fd);
	fd_close(&key_fd);
	k->roles = pair.roles;
	k->item = xstrdup(item);
	return wrong;
}

/* The same key once more, with an owner of its own. */
static void
key_copy(struct key *to, const struct key *from)
{
	const struct cert_names *names = &from->names;

	if (EVP_PKEY_up_ref(from->pkey) != 1)
		bug("a key cannot be held");
	*to = *from;
	to->names.v = xreallocarray(NULL, names->n, sizeof(names->v[0]));
	memcpy(to->names.v, names->v, names->n * sizeof(names->v[0]));
	buf_init(&to->chain, CERT_TOTAL_MAX);
	(void)buf_add_span(&to->chain, buf_span(&from->chain));	/* fits */
	to->item = xstrdup(from->item);
}

static bool
keep(struct key *k, const struct keys *before, const char *item)
{
	for (size_t i = 0; before != NULL && i < before->n; i++)
		if (strcmp(before->v[i].item, item) == 0) {
			key_copy(k, &before->v[i]);
			return true;
		}
	return false;
}

struct keys *
keys_load(const struct conf_view *conf, const struct keys_source *from,
    const struct keys *before)
{
	struct keys *keys = xcalloc(1, sizeof(*keys));
	size_t n = conf_count(conf, "certificates");

	keys->v = xcalloc(n + 1, sizeof(keys->v[0]));
	for (size_t i = 0; i < n; i++) {
		const char *item = conf_item(conf, "certificates", i), *wrong;
		struct key k = { .pkey = NULL };
		bool kept = false;

		wrong = read_pair(&k, item, i, from->take);
		if (wrong != NULL) {
			key_fini(&k);
			kept = keep(&k, before, item);
			log_error(LF_STR("event", "key-refused"),
			    LF_STR("value", item), LF_STR("why", wrong),
			    LF_STR("kept", kept ? "yes" : "no"));
			from->refused(i, kept, wrong);
		}
		if (wrong == NULL || kept)
			keys->v[keys->n++] = k;
	}
	return keys;
}

void
keys_free(struct keys **keys)
{
	if (*keys == NULL)
		return;
	for (size_t i = 0; i < (*keys)->n; i++)
		key_fini(&(*keys)->v[i]);
	free((*keys)->v);
	free(*keys);
	*keys = NULL;
}

void
keys_retire(struct keys **keys, struct former *former)
{
	for (size_t i = 0; *keys != NULL && i < (*keys)->n; i++)
		former_keep(former, &(*keys)->v[i]);
	keys_free(keys);
}

size_t
keys_count(const struct keys *keys)
{
	return keys->n;
}

const struct key *
keys_find(const struct keys *keys, enum role role,
    const struct sign_req *req)
{
	for (size_t i = 0; i < keys->n; i++) {
		const struct key *k = &keys->v[i];

		if ((k->roles & ROLE_BIT(role)) != 0 && key_is(k, req))
			return k;
	}
	return NULL;
}
