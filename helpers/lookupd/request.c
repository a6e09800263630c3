/*
 * request.c - who may ask what.  A session asks whether somebody takes the
 * mail, what stands for an address, and whether its user may send as somebody; qmgr
 * asks where it goes; a worker of smtp-out what stands for an address elsewhere.
 * Trouble with a map is a refusal for now, never "no such user": the mail
 * waits.
 */
#include "helpers/lookupd/request.h"

#include <string.h>

#include "base/hash.h"
#include "base/secret.h"
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

/*
 * What a channel of a worker is for, as said by its first question: a log-in, or
 * none.  Kept in the place of a pointer; a hash with a key of ours, so nobody
 * can make two of the same.
 */
static void *
mark(const struct request_state *s, struct span key)
{
	uint64_t hash = siphash(s->seed, key.p, key.n);

	return (void *)((uintptr_t)hash | 1);
}

static void
pin(struct ipc_peer *peer, const struct request_state *s, struct span key)
{
	ipc_peer_set(peer, mark(s, key));
}

static enum verdict
on_leaving(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct rewrite *q = msg->body;
	struct request_state *s = ctx;

	if (q->use != USE_LEAVING)
		return VERDICT_CLOSE;	/* nor does it take mail in */
	if (ipc_peer_get(peer) == NULL)
		pin(peer, s, SPAN_NONE);
	tables_refresh(s->tables);
	return rewrite(peer, msg, s->tables);
}

/* A log-in for the worker, which must be the first that its channel is for. */
static enum verdict
on_relay_ask(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct relay_auth *t;
	const struct relay_ask *q = msg->body;
	struct request_state *s = ctx;
	struct relay_secret answer = { .password_len = 0 };
	struct relay_login login;
	struct buf room;
	struct why why;
	enum verdict verdict;

	if (ipc_peer_get(peer) == NULL)
		pin(peer, s, span_str(q->key));
	why_set(&why, WHY_TEMP, "4.3.5", "this channel is for another log-in");
	if (ipc_peer_get(peer) != mark(s, span_str(q->key)))
		return refuse(peer, msg, q->key, &why);
	tables_refresh(s->tables);
	why_set(&why, WHY_TEMP, "4.3.5", "there is no map relay_auth");
	buf_init(&room, MAP_VALUE_MAX);
	t = tables_relay_auth(s->tables);
	if (t != NULL && relay_auth_get(t, span_str(q->key), &room, &login,
	    &why) == 0) {
		span_copy_cut(login.user, answer.user, sizeof(answer.user));
		memcpy(answer.password, login.password.p, login.password.n);
		answer.password_len = login.password.n;
		verdict = ipc_answer(peer, msg, &relay_secret_type, &answer,
		    -1);
	} else
		verdict = refuse(peer, msg, q->key, &why);
	if (room.p != NULL)
		wipe(room.p, room.n);
	buf_fini(&room);
	wipe(&answer, sizeof(answer));
	return verdict;
}

struct giving {
	struct ipc_peer *peer;
	uint32_t request;
	const struct tables *tables;
	struct span sender;
	struct why *why;
};

int
request_way(const struct tables *t, struct span sender, struct target *target,
    struct why *why)
{
	const struct relay_auth *auth = tables_relay_auth(t);

	if (target->kind != TARGET_REMOTE ||
	    target->transport != TRANSPORT_SMTP)
		return 0;
	target->generic = tables_uses(t, USE_LEAVING);
	return auth == NULL || relay_auth_find(auth, target,
	    target->owner[0] != '\0' ? span_str(target->owner) : sender,
	    target->auth, why) != MAP_FAILED ? 0 : -1;
}

static int
give_target(void *ctx, const struct target *target)
{
	const struct giving *g = ctx;
	struct target as = *target;

	return request_way(g->tables, g->sender, &as, g->why) == 0 ?
	    ipc_send(g->peer, &target_type, g->request, &as, -1) : -1;
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
	struct why why;
	struct giving g = { .peer = peer, .request = msg->request,
		.tables = s->tables, .sender = asked.sender, .why = &why };
	struct resolved answer = { 0 };

	why_set(&why, WHY_TEMP, "4.3.0", "cannot resolve now");
	tables_refresh(s->tables);
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
	/* One for each job. */
	{ ROLE_BIT(ROLE_SMTP_OUT_WORKER), &relay_ask_type, 1000,
	    on_relay_ask },
	{ ROLE_BIT(ROLE_QMGR), &resolve_type, 0, on_resolve },
};
const size_t request_rules_n = COUNT(request_rules);
