/*
 * request - see request.h.
 * Who asks for something that no TLS server signs has been taken over, or is
 * not what it should be: it loses its channel.  A key that is not (or no
 * more) there and too many handshakes at once can happen to anybody, and are
 * refused without that.
 */
#include "helpers/keyd/request.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/log.h"
#include "helpers/keyd/sign.h"
#include "helpers/keyd/tbs.h"
#include "ipc/chan.h"
#include "ipc/msg_chan.h"
#include "os/clock.h"

#define TOKEN	1000

/* Bursts of twice the rate of a second. */
static bool
within(struct request_rate *r, unsigned per_second)
{
	uint64_t most = (uint64_t)per_second * 2 * TOKEN;
	int64_t now = clock_mono_ms();

	/* One millisecond brings per_second thousandths. */
	r->tokens = r->last_ms == 0 ? most :
	    r->tokens + (uint64_t)(now - r->last_ms) * per_second;
	r->last_ms = now;
	if (r->tokens > most)
		r->tokens = most;
	if (r->tokens < TOKEN)
		return false;
	r->tokens -= TOKEN;
	return true;
}

static bool
within_rates(struct request_state *s, struct ipc_peer *peer)
{
	struct request_rate *r = ipc_peer_get(peer);

	if (r == NULL) {
		r = xcalloc(1, sizeof(*r));
		ipc_peer_set(peer, r);
	}
	return within(r, s->per_channel) && within(&s->all, s->in_all);
}

void
request_peer_closed(struct ipc_peer *peer, void *ctx)
{
	(void)ctx;
	free(ipc_peer_get(peer));
	ipc_peer_set(peer, NULL);
}

static void
log_refused(struct ipc_peer *peer, const struct sign_req *req,
    const char *reason)
{
	log_warn(LF_STR("event", "sign-refused"),
	    LF_STR("daemon", role_name(ipc_peer_role(peer))),
	    LF_STR("name", req->host), LF_NUM("scheme", req->scheme),
	    LF_STR("why", reason));
}

static enum verdict
on_sign(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct sign_req *req = msg->body;
	struct request_state *s = ctx;
	enum tbs kind = tbs_kind(span_of(req->tbs, req->tbs_len));
	struct sign_rep rep = { .sig_len = 0 };
	const struct key *key;
	const char *reason;
	struct why why;

	if (!tbs_scheme_fits(kind, req->scheme)) {
		log_refused(peer, req, "not a handshake of a TLS server");
		return VERDICT_CLOSE;
	}
	key = keys_find(s->keys, ipc_peer_role(peer), req);
	if (!within_rates(s, peer))
		reason = "too many signatures";
	else if (key == NULL)
		reason = "no key for this name";
	else if (key_sign(key, req, &rep) != 0)
		reason = "the key cannot sign by this scheme";
	else
		return ipc_answer(peer, msg, &sign_rep_type, &rep, -1);
	log_refused(peer, req, reason);
	why_set(&why, WHY_TEMP, "4.7.0", "%s", reason);
	return ipc_refuse(peer, msg->request, &why);
}

/* The settings hold the rates: here no message counts as too many. */
const struct ipc_rule request_rules[] = {
	CHAN_RULE(ROLE_BIT(ROLE_SMTPD)),
	{ ROLE_BIT(ROLE_SMTPD_SESSION) | ROLE_BIT(ROLE_POP3_FRONT) |
	    ROLE_BIT(ROLE_IMAP_FRONT), &sign_req_type, 0, on_sign },
};
const size_t request_rules_n = COUNT(request_rules);
