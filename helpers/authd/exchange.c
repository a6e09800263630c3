/*
 * exchange.c - a table of mechanisms, each one function that is called with
 * every response and keeps its place in x->step.
 *
 * SCRAM: who has no stored keys is asked all the same, with a salt that is
 * always the same for that name and keys that nothing fits, and fails where a
 * wrong password does.  A success is told as one more challenge, because none
 * of our protocols carries data with it; the client's empty response ends it.
 *
 * EXTERNAL (RFC 4422 appendix A): the front has verified a certificate, and
 * tells the address in it.
 *
 * OAUTHBEARER and XOAUTH2: the token is judged by keys of a local file; nobody
 * is asked.
 */
#include "helpers/authd/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "base/bug.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/secret.h"
#include "map/fold.h"
#include "os/clock.h"
#include "os/rand.h"
#include "trust/sasl.h"
#include "trust/scram.h"

#define NONCE_OCTETS	18	/* 24 in base64, without padding */

_Static_assert(SASL_MECHS - 1 == AUTH_MECH_LAST, "mechanisms");
_Static_assert(SCRAM_USER_MAX <= AUTH_USER_MAX, "names");

struct exchange {
	const struct exchange_world *world;
	struct sasl_begin facts;
	unsigned step;
	char user[AUTH_USER_MAX + 1];
	bool known;			/* account is there */
	struct account account;
	struct scram scram;
};

struct exchange *
exchange_new(const struct exchange_world *world,
    const struct sasl_begin *begin)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->world = world;
	x->facts = *begin;
	wipe(x->facts.response, sizeof(x->facts.response));
	x->facts.response_len = 0;
	scram_init(&x->scram);
	return x;
}

void
exchange_free(struct exchange **x)
{
	if (*x == NULL)
		return;
	scram_fini(&(*x)->scram);
	wipe(*x, sizeof(**x));
	free(*x);
	*x = NULL;
}

const struct account *
exchange_account(const struct exchange *x)
{
	return &x->account;
}

const char *
exchange_user(const struct exchange *x)
{
	return x->user;
}

bool
exchange_known(const struct exchange *x)
{
	return x->known;
}

const struct sasl_begin *
exchange_facts(const struct exchange *x)
{
	return &x->facts;
}

/* The account of x->user; its proofs are valid until the next look-up. */
static enum map_got
look_up(struct exchange *x)
{
	struct why why;
	enum map_got got = users_find(x->world->users, span_str(x->user),
	    &x->account, &why);

	if (got == MAP_FAILED)
		log_error(LF_STR("event", "login-impossible"),
		    LF_STR("user", x->user), LF_STR("why", why.text));
	/* Locked: whatever is shown, nobody comes in (users(5)). */
	if (got == MAP_FOUND && account_locked(&x->account))
		got = MAP_ABSENT;
	x->known = got == MAP_FOUND;
	return got;
}

/* What that says where no password is to be judged. */
static enum auth_result
has_account(struct exchange *x)
{
	switch (look_up(x)) {
	case MAP_FOUND:
		return AUTH_OK;
	case MAP_ABSENT:
		return AUTH_WRONG;
	case MAP_FAILED:
		break;
	}
	return AUTH_TEMPORARY;
}

/* ------------------------------------------------------------------- SCRAM */

static enum scram_hash
hash_of(const struct exchange *x)
{
	return x->facts.mech == SASL_SCRAM_SHA_1 ||
	    x->facts.mech == SASL_SCRAM_SHA_1_PLUS ? SCRAM_SHA_1 :
	    SCRAM_SHA_256;
}

/* RFC 5802 5.1 s: a name that nobody has looks like one that somebody has. */
static void
make_up_key(const struct exchange *x, struct scram_key *key)
{
	char name[AUTH_USER_MAX + 1];
	size_t n = 0;

	name[n++] = (char)hash_of(x);
	n += fold_claimed(span_str(x->user), name + 1, sizeof(name) - 1);
	memset(key, 0, sizeof(*key));
	key->hash = hash_of(x);
	key->iterations = SCRAM_ITERATIONS;
	key->salt_len = SCRAM_SALT_OCTETS;
	for (size_t i = 0; i < 2; i++) {
		uint64_t half = siphash(x->world->secret + 16 * i, name, n);

		memcpy(key->salt + 8 * i, &half, sizeof(half));
	}
	rand_octets(key->stored, sizeof(key->stored));
	rand_octets(key->server, sizeof(key->server));
}

static enum auth_result
scram_ask(struct exchange *x, struct buf *challenge)
{
	struct scram_key key;
	uint8_t octets[NONCE_OCTETS];
	enum map_got got = look_up(x);
	struct buf nonce;
	int rc;

	if (got == MAP_FAILED)
		return AUTH_TEMPORARY;
	if (!x->known || scram_key_parse(&key, hash_of(x), account_scram(
	    &x->account, hash_of(x) == SCRAM_SHA_1 ? "sha-1" :
	    "sha-256")) != 0) {
		x->known = false;
		make_up_key(x, &key);
	}
	rand_octets(octets, sizeof(octets));
	buf_init(&nonce, SCRAM_OUR_NONCE_MAX);
	(void)b64_encode(&nonce, span_of(octets, sizeof(octets))); /* fits */
	rc = scram_challenge(&x->scram, &key, buf_span(&nonce), challenge);
	buf_fini(&nonce);
	wipe(&key, sizeof(key));
	return rc == 0 ? AUTH_CHALLENGE : AUTH_BAD;
}

static enum auth_result
scram_begin(struct exchange *x, struct span response, struct buf *challenge)
{
	const struct sasl_begin *f = &x->facts;
	struct scram_offer offer = { .hash = hash_of(x),
		.plus = f->mech == SASL_SCRAM_SHA_1_PLUS ||
		    f->mech == SASL_SCRAM_SHA_256_PLUS,
		.plus_offered = f->exporter_len + f->end_point_len > 0,
		.bindings = {
		    { "tls-exporter", span_of(f->exporter, f->exporter_len) },
		    { "tls-server-end-point", span_of(f->end_point,
			f->end_point_len) } } };

	switch (scram_first(&x->scram, &offer, response)) {
	case SCRAM_GO_ON:
		memcpy(x->user, x->scram.user, sizeof(x->scram.user));
		return scram_ask(x, challenge);
	case SCRAM_WRONG:
	case SCRAM_WELL:
		memcpy(x->user, x->scram.user, sizeof(x->scram.user));
		return AUTH_WRONG;
	case SCRAM_BAD:
		break;
	}
	return AUTH_BAD;
}

static enum auth_result
scram_step(struct exchange *x, struct span response, struct buf *challenge)
{
	switch (x->step++) {
	case 0:
		return scram_begin(x, response, challenge);
	case 1:
		switch (scram_final(&x->scram, response, challenge)) {
		case SCRAM_WELL:
			return x->known ? AUTH_CHALLENGE : AUTH_WRONG;
		case SCRAM_WRONG:
			return AUTH_WRONG;
		default:
			return AUTH_BAD;
		}
	default:
		return response.n == 0 ? AUTH_OK : AUTH_BAD;
	}
}

/* ---------------------------------------------------------------- EXTERNAL */

/* An authorization identity is empty, or the one that the certificate has. */
static enum auth_result
external_step(struct exchange *x, struct span response, struct buf *challenge)
{
	struct span certified = span_str(x->facts.certified);

	(void)challenge;
	memcpy(x->user, x->facts.certified, sizeof(x->user));
	if (certified.n == 0 ||
	    (response.n > 0 && !span_ieq(response, certified)))
		return AUTH_WRONG;
	return has_account(x);
}

/* ------------------------------------------------- OAUTHBEARER and XOAUTH2 */

static bool
is_printable(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_iscntrl(s.p[i]))
			return false;
	return true;
}

/* The account that a token is for, or why it is none. */
static enum auth_result
judge_token(struct exchange *x, struct span token, const char **why)
{
	struct jwt_rules rules = x->world->rules;
	char user[JWT_USER_MAX + 1];

	rules.now_s = clock_wall_s();
	*why = "no keys";
	if (x->world->tokens == NULL || !jwt_holds(x->world->tokens, token,
	    &rules, user, why))
		return AUTH_WRONG;
	/* Whom the client names, and whom the token names. */
	*why = "for another user";
	if (x->user[0] != '\0' && !span_ieq(span_str(x->user),
	    span_str(user)))
		return AUTH_WRONG;
	memcpy(x->user, user, sizeof(user));
	*why = "no such account";
	return has_account(x);
}

/*
 * RFC 7628 3.2.2, 3.2.3: a failure is first told as a challenge, and whatever
 * the client answers, that is the end.
 */
static enum auth_result
token_step(struct exchange *x, struct span response, struct buf *challenge)
{
	struct span user, token;
	enum auth_result r;
	const char *why;

	if (x->step++ > 0)
		return AUTH_WRONG;
	if (sasl_bearer((enum sasl_mech)x->facts.mech, response, &user,
	    &token) != 0 || user.n > AUTH_USER_MAX || !is_printable(user))
		return AUTH_BAD;
	span_copy_cut(user, x->user, sizeof(x->user));
	r = judge_token(x, token, &why);
	if (r != AUTH_WRONG)
		return r;
	log_info(LF_STR("event", "token-refused"), LF_STR("user", x->user),
	    LF_STR("session", x->facts.session), LF_STR("why", why));
	(void)buf_add_str(challenge, "{\"status\":\"invalid_token\"}");
	return AUTH_CHALLENGE;
}

/* --------------------------------------------------------------- the table */

static enum auth_result (*const steps[SASL_MECHS])(struct exchange *,
    struct span, struct buf *) = {
	[SASL_SCRAM_SHA_1] = scram_step,
	[SASL_SCRAM_SHA_256] = scram_step,
	[SASL_SCRAM_SHA_1_PLUS] = scram_step,
	[SASL_SCRAM_SHA_256_PLUS] = scram_step,
	[SASL_EXTERNAL] = external_step,
	[SASL_OAUTHBEARER] = token_step,
	[SASL_XOAUTH2] = token_step,
};

enum auth_result
exchange_step(struct exchange *x, struct span response, struct buf *challenge)
{
	enum auth_result r;

	/* PLAIN and LOGIN never come here; what is not configured neither. */
	if (steps[x->facts.mech] == NULL ||
	    (x->world->configured & SASL_BIT(x->facts.mech)) == 0)
		return AUTH_BAD;
	if (response.p == NULL && x->step == 0)	/* all begin with the client */
		return AUTH_CHALLENGE;
	r = steps[x->facts.mech](x, response, challenge);
	x->account.hash = SPAN_NONE;	/* no longer valid */
	x->account.extra = SPAN_NONE;
	return r;
}
