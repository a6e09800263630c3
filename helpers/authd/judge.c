/*
 * judge.c - crypt(3) of the system, then stored SCRAM keys.  Where an account
 * has only one of them, or does not exist, the other is nobody's: made at
 * start by the same means as `paquebot user` makes them, and then damaged by
 * one bit, so that no password fits.  Only a password that fits at once saves
 * the second piece of work.
 *
 * How long one crypt takes is written in the hash itself.  Where that is of
 * another kind or cost than this system's own, cheaper mostly, a wrong password
 * costs one of our own as well, so that no name is judged faster than one that
 * nobody has.  One that is dearer shows; the delay of wrong answers
 * (throttle.h) covers that.
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
	size_t kind_n;		/* octets of hash that say kind and cost */
	struct scram_key keys;
} nobody;

/* "$y$j9T$": in crypt(5) the cost stands behind the kind, or, where it may be
   left out, nothing does but the salt. */
static size_t
kind_length(const char *hash)
{
	static const char *const with_cost[] = { "$y$", "$gy$", "$7$", "$2b$" };
	struct span s = span_str(hash);
	size_t n = 1 + span_chr(span_from(s, 1), '$') + 1;

	for (size_t i = 0; i < COUNT(with_cost); i++)
		if (span_starts(s, span_str(with_cost[i])))
			n += span_chr(span_from(s, n), '$') + 1;
	return n < s.n ? n : s.n;
}

static bool
is_our_kind(const char *hash)
{
	return span_starts(span_str(hash), span_of(nobody.hash,
	    nobody.kind_n));
}

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
	nobody.kind_n = kind_length(nobody.hash);
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
	*work = (struct judge_work){ .crypts = 0 };
	if (c->hash[0] != '\0') {
		work->crypts++;
		if (crypt_fits(c->password, c->hash))
			return true;
	}
	if (!is_our_kind(c->hash)) {	/* "" is not, either */
		work->crypts++;
		work->ours++;
		(void)crypt_fits(c->password, nobody.hash);
	} else {
		work->ours++;
	}
	real = c->keys[0] != '\0' &&
	    scram_key_read(&keys, span_str(c->keys)) == 0;
	work->derivations = 1;
	return scram_key_fits(real ? &keys : &nobody.keys,
	    span_str(c->password)) && real;
}
