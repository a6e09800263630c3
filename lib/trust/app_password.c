/*
 * app_password.c - base32 by hand, as it is eight lines; the digest is
 * libcrypto's.  What is typed is brought to one form before it is hashed, so
 * that a client that drops the '-' or a telephone that begins with a capital
 * letter does no harm.
 */
#include "trust/app_password.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/b64.h"
#include "base/bug.h"
#include "base/secret.h"

#define DIGEST	32	/* octets of SHA-256 */

/* RFC 4648 6, table 3, in lower case. */
static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

void
app_password_make(const uint8_t octets[APP_PASSWORD_RANDOM],
    char out[APP_PASSWORD_TEXT])
{
	size_t at = 0;

	for (size_t i = 0; i < APP_PASSWORD_CHARS; i++) {
		size_t bit = 5 * i;
		unsigned two = (unsigned)octets[bit / 8] << 8;

		if (bit / 8 + 1 < APP_PASSWORD_RANDOM)
			two |= octets[bit / 8 + 1];
		if (i > 0 && i % 4 == 0)
			out[at++] = '-';
		out[at++] = alphabet[(two >> (11 - bit % 8)) & 31];
	}
	out[at] = '\0';
}

bool
app_password_plain(struct span typed, char out[APP_PASSWORD_CHARS + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < typed.n; i++) {
		char c = ascii_lower(typed.p[i]);

		if (c == '-' || c == ' ')
			continue;
		if (c == '\0' || strchr(alphabet, c) == NULL ||
		    n == APP_PASSWORD_CHARS)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n == APP_PASSWORD_CHARS;
}

static void
digest(const char *plain, const void *salt, size_t salt_n,
    uint8_t out[DIGEST])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, plain, strlen(plain)) != 1 ||
	    EVP_DigestUpdate(ctx, salt, salt_n) != 1 ||
	    EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		die(EXIT_OSERR, "SHA-256 does not work");
	EVP_MD_CTX_free(ctx);
}

int
app_password_hash(const char *plain, const uint8_t salt[APP_PASSWORD_SALT],
    struct buf *out)
{
	uint8_t both[DIGEST + APP_PASSWORD_SALT];

	digest(plain, salt, APP_PASSWORD_SALT, both);
	memcpy(both + DIGEST, salt, APP_PASSWORD_SALT);
	return b64_encode(out, span_of(both, sizeof(both)));
}

bool
app_password_fits(struct span hash, const char *plain)
{
	uint8_t made[DIGEST];
	struct buf both;
	bool fits = false;

	buf_init(&both, DIGEST + APP_PASSWORD_SALT);
	if (b64_decode(&both, hash) == 0 &&
	    both.n == DIGEST + APP_PASSWORD_SALT) {
		digest(plain, both.p + DIGEST, APP_PASSWORD_SALT, made);
		fits = secret_eq(span_of(both.p, DIGEST),
		    span_of(made, DIGEST));
	}
	buf_fini(&both);
	return fits;
}
