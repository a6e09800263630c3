/*
 * scram_key - the part of scram about stored keys: made from a password, read
 * and written as text.  The hashes are libcrypto's; what is computed on the
 * way to a key is worth as much as the password, and is wiped.
 */
#include "trust/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits.h>
#include <string.h>

#include "base/b64.h"
#include "base/num.h"
#include "base/secret.h"
#include "trust/saslprep.h"
#include "trust/scram_priv.h"

static const struct {
	const char *word;
	size_t octets;
	const EVP_MD *(*md)(void);
} hashes[] = {
	[SCRAM_SHA_1] = { "{SCRAM-SHA-1}", 20, EVP_sha1 },
	[SCRAM_SHA_256] = { "{SCRAM-SHA-256}", 32, EVP_sha256 },
};

size_t
scram_size(enum scram_hash hash)
{
	return hashes[hash].octets;
}

int
scram_hmac(enum scram_hash hash, const uint8_t *key, struct span text,
    uint8_t out[SCRAM_HASH_MAX])
{
	return HMAC(hashes[hash].md(), key, (int)hashes[hash].octets,
	    (const unsigned char *)text.p, text.n, out, NULL) != NULL ? 0 : -1;
}

int
scram_h(enum scram_hash hash, const uint8_t *in, uint8_t out[SCRAM_HASH_MAX])
{
	return EVP_Digest(in, hashes[hash].octets, out, NULL,
	    hashes[hash].md(), NULL) == 1 ? 0 : -1;
}

/* RFC 5802 3, from SaltedPassword on. */
static int
derive(struct scram_key *key, const uint8_t *salted)
{
	uint8_t client[SCRAM_HASH_MAX];
	int rc = 0;

	if (scram_hmac(key->hash, salted, SPAN_LIT("Client Key"),
	    client) != 0 || scram_h(key->hash, client, key->stored) != 0 ||
	    scram_hmac(key->hash, salted, SPAN_LIT("Server Key"),
	    key->server) != 0)
		rc = -1;
	wipe(client, sizeof(client));
	return rc;
}

int
scram_key_make(struct scram_key *key, enum scram_hash hash,
    struct span password, struct span salt, uint32_t iterations)
{
	uint8_t salted[SCRAM_HASH_MAX];
	struct buf typed;
	int rc = -1;

	memset(key, 0, sizeof(*key));
	if (salt.n < SCRAM_SALT_MIN || salt.n > SCRAM_SALT_MAX ||
	    iterations < SCRAM_ITERATIONS_MIN ||
	    iterations > SCRAM_ITERATIONS_MAX)
		return -1;
	key->hash = hash;
	key->iterations = iterations;
	key->salt_len = salt.n;
	memcpy(key->salt, salt.p, salt.n);
	buf_init(&typed, 4 * SASLPREP_MAX);
	if (buf_room(&typed, 4 * SASLPREP_MAX) != NULL &&
	    saslprep(password, &typed) == 0 &&
	    PKCS5_PBKDF2_HMAC(typed.p, (int)typed.n, key->salt,
	    (int)key->salt_len, (int)iterations, hashes[hash].md(),
	    (int)hashes[hash].octets, salted) == 1)
		rc = derive(key, salted);
	wipe(salted, sizeof(salted));
	if (typed.p != NULL)
		wipe(typed.p, typed.size);
	buf_fini(&typed);
	return rc;
}

bool
scram_key_fits(const struct scram_key *key, struct span password)
{
	struct scram_key made;
	bool fits = scram_key_make(&made, key->hash, password,
	    span_of(key->salt, key->salt_len), key->iterations) == 0 &&
	    secret_eq(span_of(made.stored, scram_size(key->hash)),
	    span_of(key->stored, scram_size(key->hash)));

	wipe(&made, sizeof(made));
	return fits;
}

/* Base64 of min to max octets. */
static bool
take(struct span text, uint8_t *out, size_t min, size_t max, size_t *n)
{
	struct buf b;
	bool ok;

	buf_init(&b, max);
	ok = b64_decode(&b, text) == 0 && b.n >= min;
	if (ok) {
		memcpy(out, b.p, b.n);
		*n = b.n;
	}
	if (b.p != NULL)
		wipe(b.p, b.size);
	buf_fini(&b);
	return ok;
}

int
scram_key_parse(struct scram_key *key, enum scram_hash hash, struct span text)
{
	size_t size = hashes[hash].octets, n;
	struct span rest = text;
	uint64_t iterations = 0;

	memset(key, 0, sizeof(*key));
	key->hash = hash;
	if (text.n <= SCRAM_TEXT_MAX &&
	    num_parse(span_cut(&rest, ','), SCRAM_ITERATIONS_MIN,
	    SCRAM_ITERATIONS_MAX, &iterations) == 0 &&
	    take(span_cut(&rest, ','), key->salt, SCRAM_SALT_MIN,
	    SCRAM_SALT_MAX, &key->salt_len) &&
	    take(span_cut(&rest, ','), key->stored, size, size, &n) &&
	    take(rest, key->server, size, size, &n)) {
		key->iterations = (uint32_t)iterations;
		return 0;
	}
	memset(key, 0, sizeof(*key));
	return -1;
}

int
scram_key_read(struct scram_key *key, struct span text)
{
	for (size_t i = 0; i < COUNT(hashes); i++) {
		struct span word = span_str(hashes[i].word);

		if (span_istarts(text, word))
			return scram_key_parse(key, (enum scram_hash)i,
			    span_from(text, word.n));
	}
	memset(key, 0, sizeof(*key));
	return -1;
}

int
scram_key_write(const struct scram_key *key, struct buf *out)
{
	size_t size = hashes[key->hash].octets, begin = out->n;

	(void)buf_add_str(out, hashes[key->hash].word);
	(void)buf_add_u64(out, key->iterations);
	(void)buf_add_char(out, ',');
	(void)b64_encode(out, span_of(key->salt, key->salt_len));
	(void)buf_add_char(out, ',');
	(void)b64_encode(out, span_of(key->stored, size));
	(void)buf_add_char(out, ',');
	(void)b64_encode(out, span_of(key->server, size));
	if (!out->full)
		return 0;
	buf_cut(out, begin);
	return -1;
}
