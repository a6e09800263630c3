/*
 * request.c - who may ask what.  A session asks whether somebody takes the
 * mail, what stands for an address, and whether its user may send as somebody; qmgr
 * asks where it goes; a worker of smtp-out what stands for an address elsewhere.
 * Trouble with a map is a refusal for now, never "no such user": the mail
 * waits.
 */
#include "helpers/lookupd/request.h"

#include "ipc/chan.h"
#include "ipc/msg_chan.h"
#include "ipc/msg_lookup.h"
#include "ipc/msg_refusal.h"
#include "base/log.h"
#include "helpers/lookupd/canonical.h"
#include "mail/addr.h"

static enum verdict
refuse(struct ipc_peer *peer, const struct ipc_msg *msg, const char *address,
    const struct why *why)
{
	log_warn(LF_STR("event", "lookup-failed"), LF_STR("rcpt", address),
	    LF_STR("why", why->text));
	return ipc_refuse(peer, msg->request, why);
}

/* One of our domains, or what stands for an address that we take mail for. */
static int
judge_taken(const struct tables *t, const struct addr *a, enum rcpt_kind *out,
    struct why *why)
{
	*out = RCPT_RELAY_OK;
	if (tables_domain(t, addr_domain(a)) != DOMAIN_LOCAL)
		return 0;
	switch (recipient_exists(tables_recipient(t), addr_text(a), why)) {
	case MAP_FOUND:
		*out = RCPT_LOCAL;
		return 0;
	case MAP_ABSENT:
		*out = RCPT_UNKNOWN;
		return 0;
	case MAP_FAILED:
		break;
	}
	return -1;
}

int
request_judge(const struct tables *t, struct span address, struct span to,
    enum rcpt_kind *out, struct why *why)
{
	struct addr a;

	why_clear(why);
	*out = RCPT_FOREIGN;
	if (span_ieq_str(address, "postmaster")) {
		*out = RCPT_LOCAL;
		return 0;
	}
	if (addr_parse(address, &a, NULL) != 0) {
		*out = RCPT_UNKNOWN;
		return 0;
	}
	if (tables_domain(t, addr_domain(&a)) == DOMAIN_FOREIGN)
		return 0;
	if (to.n > 0 && addr_parse(to, &a, why) != 0)
		return -1;
	return judge_taken(t, &a, out, why);
}

/* What a map gave goes to out; -1: it cannot be read. */
static int
put_found(enum map_got got, const struct addr *a,
    char out[LOOKUP_ADDRESS_MAX + 1])
{
	if (got == MAP_FOUND)
		span_copy_cut(addr_text(a), out, LOOKUP_ADDRESS_MAX + 1);
	return got == MAP_FAILED ? -1 : 0;
}

int
request_rewrite(const struct tables *t, enum rewrite_use use,
    struct span address, char out[LOOKUP_ADDRESS_MAX + 1], struct why *why)
{
	struct canonical to;
	struct addr a;
	enum map_got got;

	out[0] = '\0';
	if (!tables_uses(t, use) || addr_parse(address, &a, NULL) != 0)
		return 0;
	got = canonical_address(tables_rewrite(t), use, &a, &to, why);
	if (got == MAP_FOUND && addr_eq(&a, &to.address))
		return 0;
	return put_found(got, &to.address, out);
}

int
request_copy(const struct tables *t, enum rewrite_map map,
    struct span address, char out[LOOKUP_ADDRESS_MAX + 1], struct why *why)
{
	struct addr a, copy;

	out[0] = '\0';
	if (!tables_has(t, map) || addr_parse(address, &a, NULL) != 0)
		return 0;
	return put_found(rewrite_copy(tables_rewrite(t), map, &a, &copy, why),
	    &copy, out);
}

/* Questions of a session that are not in vain. */
static unsigned
asks(const struct tables *t)
{
	static const enum rewrite_use uses[] = { USE_ENVELOPE_SENDER,
		USE_HEADER_SENDER, USE_HEADER_RECIPIENT };
	unsigned bits = 0;

	for (size_t i = 0; i < COUNT(uses); i++)
		if (tables_uses(t, uses[i]))
			bits |= USE_BIT(uses[i]);
	if (tables_has(t, REWRITE_SENDER_BCC))
		bits |= USE_BIT(USE_ENVELOPE_SENDER);
	return bits;
}

/* What stands for the address by now. */
static struct span
now(const char *to, const char *address)
{
	return span_str(to[0] != '\0' ? to : address);
}

static enum verdict
on_rcpt_check(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct request_state *s = ctx;
	const struct rcpt_check *q = msg->body;
	struct rcpt_verdict answer = { 0 };
	enum rcpt_kind kind;
	struct why why;

	tables_refresh(s->tables);
	if (request_rewrite(s->tables, USE_ENVELOPE_RECIPIENT,
	    span_str(q->address), answer.address, &why) != 0 ||
	    request_judge(s->tables, span_str(q->address),
	    span_str(answer.address), &kind, &why) != 0 ||
	    request_copy(s->tables, REWRITE_RECIPIENT_BCC,
	    now(answer.address, q->address), answer.copy, &why) != 0)
		return refuse(peer, msg, q->address, &why);
	answer.kind = (uint8_t)kind;
	answer.asks = (uint8_t)asks(s->tables);
	return ipc_answer(peer, msg, &rcpt_verdict_type, &answer, -1);
}

static enum verdict
on_sender_check(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct request_state *s = ctx;
	const struct sender_check *q = msg->body;
	struct sender_verdict answer = { .own = 0 };
	struct why why;

	why_set(&why, WHY_TEMP, "4.3.0", "cannot tell now");
	tables_refresh(s->tables);
	switch (tables_sender(s->tables, span_str(q->account),
	    span_str(q->address), &why)) {
	case MAP_FOUND:
		answer.own = 1;
		break;
	case MAP_ABSENT:
		break;
	case MAP_FAILED:
		return refuse(peer, msg, q->address, &why);
	}
	return ipc_answer(peer, msg, &sender_verdict_type, &answer, -1);
}

static enum verdict
rewrite(struct ipc_peer *peer, const struct ipc_msg *msg,
    const struct tables *t)
{
	const struct rewrite *q = msg->body;
	struct rewritten answer = { .copy = "" };
	enum rewrite_use use = (enum rewrite_use)q->use;
	struct why why;

	if (request_rewrite(t, use, span_str(q->address), answer.address,
	    &why) != 0 || (use == USE_ENVELOPE_SENDER &&
	    request_copy(t, REWRITE_SENDER_BCC,
	    now(answer.address, q->address), answer.copy, &why) != 0))
		return refuse(peer, msg, q->address, &why);
	return ipc_answer(peer, msg, &rewritten_type, &answer, -1);
}

static enum verdict
on_rewrite(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct rewrite *q = msg->body;
	struct request_state *s = ctx;

	if (q->use == USE_LEAVING)
		return VERDICT_CLOSE;	/* no session sends mail out */
	tables_refresh(s->tables);
	return rewrite(peer, msg, s->tables);
}

static enum verdict
on_leaving(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct rewrite *q = msg->body;
	struct request_state *s = ctx;

	if (q->use != USE_LEAVING)
		return VERDICT_CLOSE;	/* nor does it take mail in */
	tables_refresh(s->tables);
	return rewrite(peer, msg, s->tables);
}

struct giving {
	struct ipc_peer *peer;
	uint32_t request;
	bool	 generic;	/* there is such a map */
};

static int
give_target(void *ctx, const struct target *target)
{
	const struct giving *g = ctx;
	struct target as;

	if (!g->generic || target->kind != TARGET_REMOTE ||
	    target->transport != TRANSPORT_SMTP)
		return ipc_send(g->peer, &target_type, g->request, target, -1);
	as = *target;
	as.generic = 1;
	return ipc_send(g->peer, &target_type, g->request, &as, -1);
}

static enum verdict
on_resolve(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct request_state *s = ctx;
	const struct resolve *q = msg->body;
	const struct recipient_asked asked = {
		.address = span_str(q->address),
		.sender = span_str(q->sender),
	};
	struct giving g = { .peer = peer, .request = msg->request };
	struct resolved answer = { 0 };
	struct why why;

	why_set(&why, WHY_TEMP, "4.3.0", "cannot resolve now");
	tables_refresh(s->tables);
	g.generic = tables_uses(s->tables, USE_LEAVING);
	if (recipient_resolve(tables_recipient(s->tables), &asked, give_target,
	    &g, &answer.count, &why) != 0)
		return refuse(peer, msg, q->address, &why);
	return ipc_answer(peer, msg, &resolved_type, &answer, -1);
}

const struct ipc_rule request_rules[] = {
	CHAN_RULE(ROLE_BIT(ROLE_SMTPD) | ROLE_BIT(ROLE_SMTP_OUT)),
	{ ROLE_BIT(ROLE_SMTPD_SESSION), &rcpt_check_type, 5000,
	    on_rcpt_check },
	/* One for MAIL, a few for the header; each may be a walk. */
	{ ROLE_BIT(ROLE_SMTPD_SESSION), &sender_check_type, 500,
	    on_sender_check },
	/* One for the sender, one for each address of the header. */
	{ ROLE_BIT(ROLE_SMTPD_SESSION), &rewrite_type, 20000, on_rewrite },
	/* For each address of a message and its envelope. */
	{ ROLE_BIT(ROLE_SMTP_OUT_WORKER), &rewrite_type, 20000, on_leaving },
	{ ROLE_BIT(ROLE_QMGR), &resolve_type, 0, on_resolve },
};
const size_t request_rules_n = COUNT(request_rules);
