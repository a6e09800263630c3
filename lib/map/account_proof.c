/*
 * account_proof.c - by what an account's owner proves to be its owner: the
 * fields and words of a line that hold hashes and keys.  Words are found in
 * one pass, each kind's count is bounded before anything is kept, and a line
 * with a bad or repeated one is refused as a whole: half a list of passwords
 * would be a surprise.
 */
#include "map/account.h"

#include <string.h>

#include "base/date.h"
#include "base/num.h"

static const struct span app_word = SPAN_LIT("app=");
static const struct span scram_word = SPAN_LIT("scram-");

static bool
scheme_is(struct span field, const char *scheme)
{
	struct span s = span_str(scheme);

	return field.n >= s.n + 2 && field.p[0] == '{' &&
	    field.p[s.n + 1] == '}' &&
	    span_ieq(span_head(span_from(field, 1), s.n), s);
}

enum hash_scheme
account_hash(struct span field, struct span *hash)
{
	static const struct { const char *name; enum hash_scheme scheme; }
	    known[] = {
		{ "PLAIN", HASH_PLAIN }, { "CLEAR", HASH_PLAIN },
		{ "CLEARTEXT", HASH_PLAIN }, { "CRYPT", HASH_CRYPT },
		{ "DES-CRYPT", HASH_CRYPT }, { "MD5-CRYPT", HASH_CRYPT },
		{ "BLF-CRYPT", HASH_CRYPT }, { "SHA256-CRYPT", HASH_CRYPT },
		{ "SHA512-CRYPT", HASH_CRYPT }, { "ARGON2I", HASH_CRYPT },
		{ "ARGON2ID", HASH_CRYPT }, { "SCRAM-SHA-1", HASH_SCRAM },
		{ "SCRAM-SHA-256", HASH_SCRAM },
	};

	*hash = field;
	if (field.n == 0 || field.p[0] == '!' || field.p[0] == '*')
		return HASH_NONE;
	if (field.p[0] != '{')
		return HASH_CRYPT;	/* crypt(3) tells by itself */
	for (size_t i = 0; i < COUNT(known); i++)
		if (scheme_is(field, known[i].name)) {
			*hash = span_from(field, strlen(known[i].name) + 2);
			return hash->n > 0 || known[i].scheme == HASH_PLAIN ?
			    known[i].scheme : HASH_NONE;
		}
	return HASH_NONE;
}

bool
account_locked(const struct account *a)
{
	return a->hash.n > 0 && (a->hash.p[0] == '!' || a->hash.p[0] == '*');
}

struct span
account_scram(const struct account *a, const char *which)
{
	struct span rest = a->extra, word, name = span_str(which), scheme,
	    hash;
	size_t end = span_chr(a->hash, '}');

	if (account_locked(a))
		return SPAN_NONE;
	scheme = span_head(a->hash, end);
	if (account_hash(a->hash, &hash) == HASH_SCRAM &&
	    span_iends(scheme, name) && scheme.n == 1 + 6 + name.n)
		return hash;
	while ((word = span_word(&rest)).n > 0) {
		struct span key;

		if (!span_starts(word, scram_word))
			continue;
		word = span_from(word, scram_word.n);
		key = span_cut(&word, '=');
		if (span_eq(key, name) && word.n > 0)
			return word;
	}
	return SPAN_NONE;
}

/* ---------------------------------------------- passwords of applications */

unsigned
account_services(struct span text)
{
	static const struct { const char *name; unsigned bits; } known[] = {
		{ "all", ACCOUNT_SERVICES_ALL }, { "smtp", ACCOUNT_SMTP },
		{ "pop3", ACCOUNT_POP3 }, { "imap", ACCOUNT_IMAP },
	};
	unsigned all = 0;

	while (text.p != NULL) {
		struct span word = span_cut(&text, '+');
		unsigned bits = 0;

		for (size_t i = 0; i < COUNT(known); i++)
			if (span_eq_str(word, known[i].name))
				bits = known[i].bits;
		if (bits == 0)
			return 0;
		all |= bits;
	}
	return all;
}

/* "never", or the last day: YYYY-MM-DD, good until its end. */
static int
parse_expiry(struct span text, int64_t *expires)
{
	struct span rest = text, year = span_cut(&rest, '-'),
	    month = span_cut(&rest, '-');
	uint64_t y, m, d;
	struct date date = { 0 }, again;

	if (span_eq_str(text, "never")) {
		*expires = INT64_MAX;
		return 0;
	}
	if (year.n != 4 || month.n != 2 || rest.n != 2 ||
	    num_parse(year, 1970, 9999, &y) != 0 ||
	    num_parse(month, 1, 12, &m) != 0 || num_parse(rest, 1, 31, &d) != 0)
		return -1;
	date.year = (int)y;
	date.month = (int)m;
	date.day = (int)d;
	*expires = date_to_time(&date) + 24 * 60 * 60;
	/* February has no 30th: another day would come back. */
	date_from_time(&again, *expires - 1, 0);
	return again.day == date.day ? 0 : -1;
}

static bool
is_app_name(struct span name)
{
	if (name.n == 0 || name.n > ACCOUNT_APP_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_isalnum(name.p[i]) && name.p[i] != '.' &&
		    name.p[i] != '_' && name.p[i] != '-')
			return false;
	return true;
}

int
account_app_parse(struct span word, struct account_app *out)
{
	static const struct span scheme = SPAN_LIT("{SSHA256}");
	struct span services;

	out->name = span_cut(&word, ',');
	services = span_cut(&word, ',');
	out->expiry = span_cut(&word, ',');
	out->services = account_services(services);
	out->hash = span_from(word, scheme.n);
	return is_app_name(out->name) && out->services != 0 &&
	    parse_expiry(out->expiry, &out->expires) == 0 &&
	    span_istarts(word, scheme) && out->hash.n > 0 ? 0 : -1;
}

bool
account_app_next(struct span *rest, struct account_app *out)
{
	struct span word;

	while ((word = span_word(rest)).n > 0)
		if (span_starts(word, app_word) && account_app_parse(
		    span_from(word, app_word.n), out) == 0)
			return true;
	return false;
}

/* ------------------------------------------------------------ whole lines */

struct seen {
	struct span apps[ACCOUNT_APPS_MAX];
	size_t	    napps;
	unsigned    scrams;	/* bits */
};

static const char *
check_app(struct span word, struct seen *seen)
{
	struct account_app app;

	if (account_app_parse(word, &app) != 0)
		return "bad app password";
	if (seen->napps == ACCOUNT_APPS_MAX)
		return "too many app passwords";
	for (size_t i = 0; i < seen->napps; i++)
		if (span_ieq(seen->apps[i], app.name))
			return "two app passwords of one name";
	seen->apps[seen->napps++] = app.name;
	return NULL;
}

static const char *
check_scram(struct span word, struct seen *seen)
{
	struct span key = span_cut(&word, '=');
	unsigned bit = span_eq_str(key, "sha-1") ? 1 :
	    span_eq_str(key, "sha-256") ? 2 : 0;
	unsigned commas = 0;

	for (size_t i = 0; i < word.n; i++)
		commas += word.p[i] == ',';
	if (bit == 0 || commas != 3)
		return "bad SCRAM keys";
	if ((seen->scrams & bit) != 0)
		return "SCRAM keys stand here twice";
	seen->scrams |= bit;
	return NULL;
}

int
account_proofs_check(struct span extra, struct why *why)
{
	struct seen seen = { .napps = 0 };
	const char *bad = NULL;
	struct span word;

	while (bad == NULL && (word = span_word(&extra)).n > 0)
		if (span_starts(word, app_word))
			bad = check_app(span_from(word, app_word.n), &seen);
		else if (span_starts(word, scram_word))
			bad = check_scram(span_from(word, scram_word.n),
			    &seen);
	if (bad == NULL)
		return 0;
	why_set(why, WHY_TEMP, "4.3.5", "%s", bad);
	return -1;
}

int
account_public(struct span value, struct buf *out)
{
	struct span rest = value, word;
	const char *space = "";

	/* hash:uid:gid:gecos:home:shell: - all but the hash as they are. */
	for (int field = 0; field < 6 && rest.p != NULL; field++) {
		word = span_cut(&rest, ':');
		if (field > 0)
			(void)buf_add_span(out, word);
		if (rest.p != NULL)
			(void)buf_add_char(out, ':');
	}
	while ((word = span_word(&rest)).n > 0) {
		if (span_starts(word, app_word) ||
		    span_starts(word, scram_word))
			continue;
		(void)buf_add_str(out, space);
		(void)buf_add_span(out, word);
		space = " ";
	}
	return out->full ? -1 : 0;
}
