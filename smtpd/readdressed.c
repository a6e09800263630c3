/*
 * readdressed.c - asks lookupd about each address once, LIMIT_READDRESSES at
 * most; which octets change is lib/mail/readdress's to say.  Who wrote the
 * message has been judged by the header as it came (authors.h).
 */
#include "smtpd/readdressed.h"

#include "base/log.h"
#include "mail/readdress.h"
#include "os/rand.h"
#include "smtpd/ask_lookup.h"

static const enum rewrite_use uses[READDRESS_SIDES] = {
	[READDRESS_SENDER] = USE_HEADER_SENDER,
	[READDRESS_RECIPIENT] = USE_HEADER_RECIPIENT,
};

static int
ask(void *ctx, enum readdress_side side, const struct addr *from,
    struct addr *to, struct why *why)
{
	struct rewrite_facts facts;

	if (ask_rewrite(ctx, uses[side], from, &facts, why) != 0)
		return -1;
	*to = facts.as;
	return 0;
}

static bool
is_asked(const struct session *s, enum readdress_side side)
{
	return (s->env.asks & USE_BIT(uses[side])) != 0 &&
	    policy_readdresses(&s->facts, s->set->readdress_all);
}

int
readdressed(struct session *s, const char *id, struct span header,
    struct buf *out, struct why *why)
{
	uint8_t seed[16];
	struct readdress r = { .ask = ask, .ctx = s, .seed = seed,
		.questions_max = LIMIT_READDRESSES,
		.sides = { is_asked(s, READDRESS_SENDER),
		    is_asked(s, READDRESS_RECIPIENT) } };
	struct readdress_count n;
	struct buf text;
	int rc;

	if (!r.sides[0] && !r.sides[1])
		return buf_add_span(out, header);
	rand_octets(seed, sizeof(seed));
	buf_init(&text, LIMIT_HEADER_OCTETS);
	rc = readdress_header(&r, header, &text, &n, why);
	if (rc == 0)
		(void)!buf_add_span(out, buf_span(&text));	/* as many */
	if (rc == 0 && (n.passed > 0 || n.too_long > 0))
		log_warn(LF_STR("event", "addresses-passed-over"),
		    LF_STR("id", id), LF_NUM("count", n.passed),
		    LF_NUM("fields", n.too_long));
	buf_fini(&text);
	return rc;
}
