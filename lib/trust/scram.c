/*
 * scram.c - the exchange.  Each message is cut at its commas once, in the fixed
 * order of RFC 5802 7.  What the client's last message must say about channel
 * and nonce is known before it comes, so both are compared as a whole and
 * never parsed; then the proof is judged, in constant time.
 */
#include "trust/scram.h"

#include <string.h>

#include "base/b64.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "trust/saslprep.h"
#include "trust/scram_priv.h"

void
scram_init(struct scram *x)
{
	memset(x, 0, sizeof(*x));
	buf_init(&x->bare, SCRAM_MESSAGE_MAX);
	buf_init(&x->bound, SCRAM_MESSAGE_MAX + SCRAM_BINDING_MAX);
	buf_init(&x->first, SCRAM_MESSAGE_MAX);
}

void
scram_fini(struct scram *x)
{
	buf_fini(&x->bare);
	buf_fini(&x->bound);
	buf_fini(&x->first);
	wipe(x, sizeof(*x));
	x->state = SCRAM_OVER;
}

/* "n=" and the like in front: cut off.  false: it is another attribute. */
static bool
attribute(struct span *s, char letter)
{
	if (s->n < 2 || s->p[0] != letter || s->p[1] != '=')
		return false;
	*s = span_from(*s, 2);
	return true;
}

/* extensions: attributes that we need not know (RFC 5802 7). */
static bool
are_extensions(struct span rest)
{
	while (rest.p != NULL) {
		struct span one = span_cut(&rest, ',');

		if (one.n < 3 || !ascii_isalpha(one.p[0]) || one.p[1] != '=')
			return false;
	}
	return true;
}

static bool
is_nonce(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '!' || s.p[i] > '~' || s.p[i] == ',')
			return false;
	return s.n > 0;
}

/* saslname to text: RFC 5802 5.1, "=2C" and "=3D" and no other "=". */
static int
take_name(struct span in, char *out, size_t size)
{
	struct buf typed, prepared;
	int rc = -1;

	buf_init(&typed, SCRAM_USER_MAX);
	buf_init(&prepared, SCRAM_USER_MAX);
	while (in.n > 0) {
		char c = in.p[0];
		size_t used = 1;

		if (c == '=') {
			used = 3;
			if (span_starts(in, SPAN_LIT("=2C")))
				c = ',';
			else if (!span_starts(in, SPAN_LIT("=3D")))
				goto out;
		}
		if (buf_add_char(&typed, c) != 0)
			goto out;
		in = span_from(in, used);
	}
	if (saslprep(buf_span(&typed), &prepared) == 0)
		rc = span_copy(buf_span(&prepared), out, size);
out:
	buf_fini(&typed);
	buf_fini(&prepared);
	return rc;
}

/*
 * gs2-cbind-flag (RFC 5802 6 and 7).  A client that could bind and thinks
 * that we cannot, while we can, has been shown another list than ours.
 * binding  set to the octets that c= must end with
 */
static enum scram_result
take_flag(const struct scram_offer *offer, struct span flag,
    struct span *binding)
{
	*binding = SPAN_NONE;
	if (span_eq_str(flag, "n"))
		return offer->plus ? SCRAM_BAD : SCRAM_GO_ON;
	if (span_eq_str(flag, "y"))
		return offer->plus ? SCRAM_BAD :
		    offer->plus_offered ? SCRAM_WRONG : SCRAM_GO_ON;
	if (!attribute(&flag, 'p') || !offer->plus)
		return SCRAM_BAD;
	for (size_t i = 0; i < SCRAM_BINDINGS; i++)
		if (offer->bindings[i].name != NULL &&
		    offer->bindings[i].data.n > 0 &&
		    span_eq_str(flag, offer->bindings[i].name)) {
			*binding = offer->bindings[i].data;
			return SCRAM_GO_ON;
		}
	return SCRAM_WRONG;
}

/* [authzid]: nobody acts for another here.  An empty one is as good as none,
   which some clients need. */
static bool
authzid_fits(struct span authzid, struct span name)
{
	return authzid.n == 0 || (attribute(&authzid, 'a') &&
	    (authzid.n == 0 || span_eq(authzid, name)));
}

/* client-first-message-bare; name is as it came, still quoted. */
static bool
take_bare(struct scram *x, struct span bare, struct span *name)
{
	struct span rest = bare;
	struct span nonce;

	*name = span_cut(&rest, ',');	/* "m=" comes first, and is refused */
	nonce = span_cut(&rest, ',');
	return attribute(name, 'n') && attribute(&nonce, 'r') &&
	    is_nonce(nonce) && nonce.n <= SCRAM_NONCE_MAX &&
	    are_extensions(rest) &&
	    take_name(*name, x->user, sizeof(x->user)) == 0 &&
	    span_copy(nonce, x->nonce, sizeof(x->nonce)) == 0 &&
	    buf_add_span(&x->bare, bare) == 0;
}

enum scram_result
scram_first(struct scram *x, const struct scram_offer *offer,
    struct span message)
{
	struct span rest = message, flag, authzid, header, binding, name;
	enum scram_result r;

	if (x->state != SCRAM_AT_FIRST || message.n > SCRAM_MESSAGE_MAX ||
	    span_has(message, '\0') || !utf8_valid(message))
		return SCRAM_BAD;
	x->state = SCRAM_OVER;
	x->hash = offer->hash;
	flag = span_cut(&rest, ',');
	authzid = span_cut(&rest, ',');
	if (rest.p == NULL)
		return SCRAM_BAD;
	header = span_head(message, message.n - rest.n);
	r = take_flag(offer, flag, &binding);
	if (!take_bare(x, rest, &name))
		return SCRAM_BAD;
	if (r != SCRAM_GO_ON)
		return r;
	if (!authzid_fits(authzid, name))
		return SCRAM_WRONG;
	if (buf_add_span(&x->bound, header) != 0 ||
	    buf_add_span(&x->bound, binding) != 0)
		return SCRAM_BAD;
	x->state = SCRAM_AT_KEY;
	return SCRAM_GO_ON;
}

int
scram_challenge(struct scram *x, const struct scram_key *key,
    struct span nonce, struct buf *out)
{
	size_t n = strlen(x->nonce);

	if (x->state != SCRAM_AT_KEY || key->hash != x->hash ||
	    nonce.n < SCRAM_OUR_NONCE_MIN || nonce.n > SCRAM_OUR_NONCE_MAX ||
	    !is_nonce(nonce))
		return -1;
	memcpy(x->nonce + n, nonce.p, nonce.n);
	x->nonce[n + nonce.n] = '\0';
	x->key = *key;
	(void)buf_addf(&x->first, "r=%s,s=", x->nonce);
	(void)b64_encode(&x->first, span_of(key->salt, key->salt_len));
	(void)buf_addf(&x->first, ",i=%u", key->iterations);
	if (x->first.full || buf_add_span(out, buf_span(&x->first)) != 0)
		return -1;
	x->state = SCRAM_AT_FINAL;
	return 0;
}

/* Does the proof show that the client has ClientKey?  RFC 5802 3 */
static bool
proof_holds(const struct scram *x, struct span auth, struct span proof)
{
	size_t size = scram_size(x->hash);
	uint8_t signature[SCRAM_HASH_MAX], client[SCRAM_HASH_MAX];
	uint8_t stored[SCRAM_HASH_MAX];
	struct buf given;
	bool ok;

	buf_init(&given, SCRAM_HASH_MAX);
	ok = b64_decode(&given, proof) == 0 && given.n == size &&
	    scram_hmac(x->hash, x->key.stored, auth, signature) == 0;
	for (size_t i = 0; ok && i < size; i++)
		client[i] = (uint8_t)(signature[i] ^ (uint8_t)given.p[i]);
	ok = ok && scram_h(x->hash, client, stored) == 0 &&
	    secret_eq(span_of(stored, size), span_of(x->key.stored, size));
	wipe(client, sizeof(client));
	buf_fini(&given);
	return ok;
}

static enum scram_result
judge(const struct scram *x, struct span unproven, struct span proof,
    struct buf *out)
{
	uint8_t signature[SCRAM_HASH_MAX];
	enum scram_result r = SCRAM_WRONG;
	struct buf auth;

	buf_init(&auth, 3 * (SCRAM_MESSAGE_MAX + 1));
	if (buf_add_span(&auth, buf_span(&x->bare)) != 0 ||
	    buf_add_char(&auth, ',') != 0 ||
	    buf_add_span(&auth, buf_span(&x->first)) != 0 ||
	    buf_add_char(&auth, ',') != 0 ||
	    buf_add_span(&auth, unproven) != 0)
		goto out;
	if (proof_holds(x, buf_span(&auth), proof) &&
	    scram_hmac(x->hash, x->key.server, buf_span(&auth),
	    signature) == 0 && buf_add_str(out, "v=") == 0 &&
	    b64_encode(out, span_of(signature, scram_size(x->hash))) == 0)
		r = SCRAM_WELL;
out:
	buf_fini(&auth);
	return r;
}

/* The whole of text is base64 of what x->bound holds. */
static bool
is_bound(const struct scram *x, struct span text)
{
	struct buf want;
	bool same;

	buf_init(&want, 2 * (SCRAM_MESSAGE_MAX + SCRAM_BINDING_MAX));
	same = b64_encode(&want, buf_span(&x->bound)) == 0 &&
	    span_eq(buf_span(&want), text);
	buf_fini(&want);
	return same;
}

enum scram_result
scram_final(struct scram *x, struct span message, struct buf *out)
{
	size_t at = span_rchr(message, ',');
	struct span proof = span_from(message, at + 1);
	struct span unproven = span_head(message, at);
	struct span rest = unproven, binding, nonce;

	if (x->state != SCRAM_AT_FINAL)
		return SCRAM_BAD;
	x->state = SCRAM_OVER;
	binding = span_cut(&rest, ',');
	nonce = span_cut(&rest, ',');
	if (message.n > SCRAM_MESSAGE_MAX || span_has(message, '\0') ||
	    !utf8_valid(message) || at == message.n ||
	    !attribute(&binding, 'c') || !attribute(&nonce, 'r') ||
	    !attribute(&proof, 'p') || !are_extensions(rest))
		return SCRAM_BAD;
	/* RFC 5802 5.1 r, 6: both as they must be, to the last octet. */
	if (!is_bound(x, binding) || !span_eq_str(nonce, x->nonce))
		return SCRAM_WRONG;
	return judge(x, unproven, proof, out);
}
