/*
 * judge.c - crypt(3) of the system, then stored SCRAM keys.  Where an account
 * has only one of them, or does not exist, the other is nobody's: made at
 * start by the same means as `paquebot user` makes them, and then damaged by
 * one bit, so that no password fits.  Only a password that fits at once saves
 * the second piece of work.
 *
 * How long one crypt takes is written in the hash itself; accounts with hashes
 * of another kind or cost than this system's own do answer in another time
 * here.  The delay of wrong answers (throttle.h) covers that.
 */
#include "helpers/authd/judge.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/secret.h"
#include "trust/scram.h"

static struct {
	char hash[CRYPT_OUTPUT_SIZE];
	struct scram_key keys;
} nobody;

static bool
crypt_fits(const char *password, const char *hash)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *made = crypt_r(password, hash, data);
	bool fits = made != NULL && made[0] != '*' &&
	    secret_eq(span_str(made), span_str(hash));

	wipe(data, sizeof(*data));
	free(data);
	return fits;
}

void
judge_prepare(void)
{
	static const char salt[SCRAM_SALT_OCTETS] = "nobody's salt";
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data = xcalloc(1, sizeof(*data));

	if (crypt_gensalt_rn(NULL, 0, NULL, 0, setting,
	    sizeof(setting)) == NULL || span_copy(span_str(crypt_r(
	    "nobody's", setting, data)), nobody.hash,
	    sizeof(nobody.hash)) != 0)
		die(EXIT_OSERR, "crypt does not work");
	free(data);
	if (scram_key_make(&nobody.keys, SCRAM_SHA_256, SPAN_LIT("nobody's"),
	    span_of(salt, sizeof(salt)), SCRAM_ITERATIONS) != 0)
		die(EXIT_OSERR, "SHA-256 does not work");
	nobody.hash[strlen(nobody.hash) - 1] ^= 1;
	nobody.keys.stored[0] ^= 1;
}

bool
judge_fits(const struct judge_case *c, struct judge_work *work)
{
	struct judge_work none;
	struct scram_key keys;
	bool real;

	if (work == NULL)
		work = &none;
	*work = (struct judge_work){ .crypts = 1 };
	if (crypt_fits(c->password, c->hash[0] != '\0' ? c->hash :
	    nobody.hash) && c->hash[0] != '\0')
		return true;
	real = c->keys[0] != '\0' &&
	    scram_key_read(&keys, span_str(c->keys)) == 0;
	work->derivations = 1;
	return scram_key_fits(real ? &keys : &nobody.keys,
	    span_str(c->password)) && real;
}
