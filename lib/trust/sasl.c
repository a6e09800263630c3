/*
 * One table of mechanisms; which of them a client is offered follows from the
 * flags in it.
 *
 * A response is decoded into a buffer of fixed size that is wiped on every
 * way out; the secret copies of user and password are the only ones left.
 * LOGIN has no standard: the two prompts are what clients wait for.
 */
#include "trust/sasl.h"

#include "base/b64.h"
#include "base/buf.h"
#include "base/utf8.h"

/* base64 of "Username:" and "Password:" */
static const char ask_user[] = "VXNlcm5hbWU6";
static const char ask_password[] = "UGFzc3dvcmQ6";

enum need {
	CLEAR = 1 << 0,		/* what is sent is the secret itself */
	SCRAM = 1 << 1,
	BOUND = 1 << 2,
	CERTIFIED = 1 << 3
};

/* In the order of enum sasl_mech. */
static const struct {
	const char *name;
	unsigned needs;
} mechs[SASL_MECHS] = {
	[SASL_PLAIN] = { "PLAIN", CLEAR },
	[SASL_LOGIN] = { "LOGIN", CLEAR },
	[SASL_SCRAM_SHA_1] = { "SCRAM-SHA-1", SCRAM },
	[SASL_SCRAM_SHA_256] = { "SCRAM-SHA-256", SCRAM },
	[SASL_SCRAM_SHA_1_PLUS] = { "SCRAM-SHA-1-PLUS", SCRAM | BOUND },
	[SASL_SCRAM_SHA_256_PLUS] = { "SCRAM-SHA-256-PLUS", SCRAM | BOUND },
	[SASL_EXTERNAL] = { "EXTERNAL", CERTIFIED },
	[SASL_OAUTHBEARER] = { "OAUTHBEARER", CLEAR },
	[SASL_XOAUTH2] = { "XOAUTH2", CLEAR },
};

int
sasl_mech_parse(struct span name, enum sasl_mech *out)
{
	for (size_t i = 0; i < COUNT(mechs); i++)
		if (span_ieq_str(name, mechs[i].name)) {
			*out = (enum sasl_mech)i;
			return 0;
		}
	return -1;
}

const char *
sasl_mech_name(enum sasl_mech mech)
{
	return mechs[mech].name;
}

unsigned
sasl_configured(struct span names)
{
	unsigned bits = 0;
	struct span word;
	enum sasl_mech m;

	while ((word = span_word(&names)).n > 0) {
		if (sasl_mech_parse(word, &m) != 0)
			continue;
		bits |= SASL_BIT(m);
		if (m == SASL_SCRAM_SHA_1)
			bits |= SASL_BIT(SASL_SCRAM_SHA_1_PLUS);
		if (m == SASL_SCRAM_SHA_256)
			bits |= SASL_BIT(SASL_SCRAM_SHA_256_PLUS);
	}
	return bits;
}

unsigned
sasl_offered(const struct sasl_place *place)
{
	unsigned bits = 0;

	for (size_t i = 0; i < COUNT(mechs); i++)
		if (((mechs[i].needs & CLEAR) == 0 || place->clear) &&
		    ((mechs[i].needs & SCRAM) == 0 || place->scram) &&
		    ((mechs[i].needs & BOUND) == 0 || place->bound) &&
		    ((mechs[i].needs & CERTIFIED) == 0 || place->certified))
			bits |= SASL_BIT(i);
	return bits & place->configured;
}

void
sasl_list(struct buf *out, unsigned bits, const char *before)
{
	for (size_t i = 0; i < COUNT(mechs); i++)
		if ((bits & SASL_BIT(i)) != 0)
			buf_addf(out, "%s%s", before, mechs[i].name);
}

bool
sasl_is_password(enum sasl_mech mech)
{
	return mech == SASL_PLAIN || mech == SASL_LOGIN;
}

enum sasl_result
sasl_response(struct span line, bool initial, struct buf *out)
{
	if (!initial && span_eq_str(line, "*"))
		return SASL_CANCELLED;
	if (initial && span_eq_str(line, "="))
		return SASL_DONE;
	return line.n <= SASL_LINE_MAX && b64_decode(out, line) == 0 ?
	    SASL_DONE : SASL_BAD;
}

void
sasl_begin(struct sasl *s, enum sasl_mech mech)
{
	s->mech = mech;
	s->state = SASL_FIRST;
	secret_init(&s->user);
	secret_init(&s->password);
}

void
sasl_fini(struct sasl *s)
{
	secret_fini(&s->user);
	secret_fini(&s->password);
	s->state = SASL_OVER;
}

static enum sasl_result
fail(struct sasl *s, enum sasl_result r)
{
	sasl_fini(s);
	return r;
}

/* RFC 4616 2: UTF-8 without NUL, 1 to 255 octets each. */
static bool
keep(struct secret *to, struct span s)
{
	return s.n > 0 && s.n <= SASL_USER_MAX && !span_has(s, '\0') &&
	    utf8_valid(s) && secret_set(to, s) == 0;
}

/*
 * RFC 4616 2: [authzid] NUL authcid NUL passwd.  Nobody may act for another
 * here, so an authzid is empty or the same as the authcid.
 */
static enum sasl_result
take_plain(struct sasl *s, struct span text)
{
	struct span authzid = span_cut(&text, '\0');
	struct span authcid, passwd;

	if (text.p == NULL)
		return fail(s, SASL_BAD);
	authcid = span_cut(&text, '\0');
	passwd = text;
	if (passwd.p == NULL || !keep(&s->user, authcid) ||
	    !keep(&s->password, passwd) ||
	    (authzid.n > 0 && !span_eq(authzid, authcid)))
		return fail(s, SASL_BAD);
	s->state = SASL_OVER;
	return SASL_DONE;
}

static enum sasl_result
ask(struct sasl *s, const char *prompt, const char **challenge)
{
	s->state = prompt == ask_password ? SASL_PASSWORD : SASL_USER;
	*challenge = prompt;
	return SASL_MORE;
}

/* A decoded response. */
static enum sasl_result
take(struct sasl *s, struct span text, const char **challenge)
{
	if (s->mech == SASL_PLAIN)
		return take_plain(s, text);
	if (s->state != SASL_PASSWORD) {
		if (!keep(&s->user, text))
			return fail(s, SASL_BAD);
		return ask(s, ask_password, challenge);
	}
	if (!keep(&s->password, text))
		return fail(s, SASL_BAD);
	s->state = SASL_OVER;
	return SASL_DONE;
}

enum sasl_result
sasl_step(struct sasl *s, struct span response, const char **challenge)
{
	struct buf text;
	enum sasl_result r;

	*challenge = "";
	if (s->state == SASL_OVER)
		return fail(s, SASL_BAD);
	if (response.p == NULL) {
		if (s->state != SASL_FIRST)
			return fail(s, SASL_BAD);
		return ask(s, s->mech == SASL_LOGIN ? ask_user : "",
		    challenge);
	}
	if (span_eq_str(response, "*") && s->state != SASL_FIRST)
		return fail(s, SASL_CANCELLED);
	if (response.n > SASL_LINE_MAX)
		return fail(s, SASL_BAD);
	if (span_eq_str(response, "=") && s->state == SASL_FIRST)
		response = SPAN_LIT("");
	buf_init(&text, SASL_LINE_MAX);
	if (buf_room(&text, SASL_LINE_MAX) != NULL &&	/* never moves now */
	    b64_decode(&text, response) == 0)
		r = take(s, buf_span(&text), challenge);
	else
		r = fail(s, SASL_BAD);
	if (text.p != NULL)
		wipe(text.p, text.size);
	buf_fini(&text);
	return r;
}
