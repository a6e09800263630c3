/*
 * paquebot_password.c - the hash is made by the method that this system's
 * crypt(3) prefers.  SCRAM cannot use that, so its keys stand beside it, for
 * the mechanisms that the setting scram_keys names.  A password that SASLprep
 * (RFC 4013) refuses gets no keys: it can still be used with PLAIN and LOGIN.
 */
#include "tools/paquebot_password.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/prompt.h"
#include "os/rand.h"
#include "tools/paquebot_accounts.h"
#include "trust/scram.h"

int
password_ask(bool piped, struct secret *out)
{
	struct secret again;
	bool same;

	if (piped || !prompt_person()) {
		if (prompt_piped(out) == 0 && out->n > 0)
			return EXIT_SUCCESS;
		return accounts_complain("password", "none, or too long");
	}
	if (prompt_secret("Password: ", out) != 0 || out->n == 0)
		return accounts_complain("password", "none, or too long");
	same = prompt_secret("Again: ", &again) == 0 &&
	    secret_eq(span_of(out->p, out->n), span_of(again.p, again.n));
	secret_fini(&again);
	return same ? EXIT_SUCCESS : accounts_complain("password",
	    "not the same");
}

static int
make_hash(const struct secret *password, char hash[PASSWORD_HASH_SIZE])
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	int rc = -1;

	if (crypt_gensalt_rn(NULL, 0, NULL, 0, salt, sizeof(salt)) != NULL &&
	    crypt_rn(password->p, salt, data, (int)sizeof(*data)) != NULL &&
	    data->output[0] != '*')
		rc = span_copy(span_str(data->output), hash,
		    PASSWORD_HASH_SIZE);
	wipe(data, sizeof(*data));
	free(data);
	return rc;
}

static int
add_keys(const char *which, const struct secret *password, struct buf *out)
{
	enum scram_hash hash = strcmp(which, "sha-1") == 0 ? SCRAM_SHA_1 :
	    SCRAM_SHA_256;
	uint8_t salt[SCRAM_SALT_OCTETS];
	struct scram_key key;
	struct buf text;
	int rc = -1;

	rand_octets(salt, sizeof(salt));
	buf_init(&text, SCRAM_TEXT_MAX);
	if (scram_key_make(&key, hash, span_of(password->p, password->n),
	    span_of(salt, sizeof(salt)), SCRAM_ITERATIONS) == 0 &&
	    scram_key_write(&key, &text) == 0) {
		struct span bare = span_from(buf_span(&text),
		    span_chr(buf_span(&text), '}') + 1);

		rc = buf_addf(out, " scram-%s=%.*s", which, SPAN_ARG(bare));
	}
	wipe(&key, sizeof(key));
	buf_fini(&text);
	return rc;
}

int
password_store(const struct conf_view *conf, const struct secret *password,
    struct password_stored *out)
{
	out->hash[0] = '\0';
	buf_init(&out->keys, (SCRAM_TEXT_MAX + 20) * 2);
	if (make_hash(password, out->hash) != 0)
		return accounts_complain("crypt", "no method, or a bad "
		    "password");
	for (size_t i = 0; i < conf_count(conf, "scram_keys"); i++)
		if (strcmp(conf_item(conf, "scram_keys", i), "none") != 0 &&
		    add_keys(conf_item(conf, "scram_keys", i), password,
		    &out->keys) != 0) {
			(void)fprintf(stderr, "paquebot: no SCRAM keys can "
			    "be made of this password; PLAIN and LOGIN "
			    "work\n");
			break;
		}
	return EXIT_SUCCESS;
}

void
password_wipe(struct password_stored *s)
{
	wipe(s->hash, sizeof(s->hash));
	if (s->keys.p != NULL)
		wipe(s->keys.p, s->keys.n);
	buf_fini(&s->keys);
}
