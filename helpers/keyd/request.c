/*
 * request - see request.h.
 * Who asks for something that no TLS server signs has been taken over, or is
 * not what it should be: it loses its channel.  A key that is not (or no
 * more) there and too many handshakes at once can happen to anybody, and are
 * refused without that.
 *
 * A question about a pair that master has yet to open waits, with a copy of
 * itself, until the files are there; a bounded number does.
 */
#include "helpers/keyd/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/num.h"
#include "helpers/keyd/sign.h"
#include "helpers/keyd/tbs.h"
#include "ipc/chan.h"
#include "ipc/msg_chan.h"
#include "os/clock.h"

#define WAITING_MAX	1000	/* questions */
#define PER_SESSION	10	/* signatures a second for one of smtpd's */
#define SAY_MS		1000	/* a line for refusals, of all together */

struct waiting {
	TAILQ_ENTRY(waiting) next;
	struct ipc_peer *peer;
	struct ipc_msg	 msg;	/* its body is one of these */
	union {
		struct sign_req sign;
		struct cert_req cert;
	} body;
};

void
request_init(struct request_state *s)
{
	TAILQ_INIT(&s->waiting);
}

/*
 * A session of smtpd needs one signature per connection, and sessions come and
 * go with clients: what is counted there is the client's network, as the
 * session says it.  One that lies has the few of its own channel.
 */
static bool
network_may(struct request_state *s, const struct sign_req *req)
{
	struct sock_addr from = { .family = req->client_len == 4 ? 4 :
	    req->client_len == 16 ? 6 : 0 };
	bool say;

	memcpy(from.ip, req->client, from.family == 0 ? 0 : req->client_len);
	return s->networks == NULL || pace_allow(s->networks, &from, &say);
}

/* NULL, or why not. */
static const char *
over_rates(struct request_state *s, struct ipc_peer *peer,
    const struct sign_req *req)
{
	static const char many[] = "too many signatures";
	struct rate *r = ipc_peer_get(peer);

	if (r == NULL) {
		r = xcalloc(1, sizeof(*r));
		ipc_peer_set(peer, r);
	}
	if (ipc_peer_role(peer) != ROLE_SMTPD_SESSION)
		return rate_take(r, s->per_channel) &&
		    rate_take(&s->all, s->in_all) ? NULL : many;
	if (!rate_take(r, PER_SESSION))
		return many;
	if (!network_may(s, req))
		return "too many signatures for this network";
	return rate_take(&s->sessions, s->per_channel) &&
	    rate_take(&s->all, s->in_all) ? NULL : many;
}

/* ---------------------------------------------------------------- waiting */

static void
waiting_free(struct request_state *s, struct waiting *w)
{
	TAILQ_REMOVE(&s->waiting, w, next);
	s->waiting_n--;
	free(w);
}

static int
wait_for_files(struct request_state *s, struct ipc_peer *peer,
    const struct ipc_msg *msg)
{
	static int no_fd = -1;
	struct waiting *w;

	if (s->waiting_n == WAITING_MAX)
		return -1;
	w = xcalloc(1, sizeof(*w));
	w->peer = peer;
	w->msg = *msg;
	w->msg.fd = &no_fd;
	w->msg.body = &w->body;
	memcpy(&w->body, msg->body, msg->type->size);
	TAILQ_INSERT_TAIL(&s->waiting, w, next);
	s->waiting_n++;
	return 0;
}

void
request_peer_closed(struct ipc_peer *peer, void *ctx)
{
	struct request_state *s = ctx;
	struct waiting *w, *after;

	for (w = TAILQ_FIRST(&s->waiting); w != NULL; w = after) {
		after = TAILQ_NEXT(w, next);
		if (w->peer == peer)
			waiting_free(s, w);
	}
	free(ipc_peer_get(peer));
	ipc_peer_set(peer, NULL);
}

/* ------------------------------------------------------------- the answers */

static enum verdict
refuse(struct ipc_peer *peer, const struct ipc_msg *msg, enum why_kind kind,
    const char *reason)
{
	struct why why;

	why_set(&why, kind, kind == WHY_PERM ? "5.7.0" : "4.7.0", "%s",
	    reason);
	return ipc_refuse(peer, msg->request, &why);
}

/* In a flood one line a second stands for all, so that others are seen. */
static void
log_refused(struct request_state *s, struct ipc_peer *peer,
    const struct sign_req *req, const char *reason)
{
	int64_t now = clock_mono_ms();

	if (s->said_ms != 0 && now - s->said_ms < SAY_MS) {
		s->unsaid++;
		return;
	}
	s->said_ms = now;
	log_warn(LF_STR("event", "sign-refused"),
	    LF_STR("daemon", role_name(ipc_peer_role(peer))),
	    LF_STR("name", req->host), LF_NUM("scheme", req->scheme),
	    LF_STR("why", reason), LF_NUM("lines", s->unsaid));
	s->unsaid = 0;
}

/* false: the answer waits. */
static bool
find_hosted(struct request_state *s, struct ipc_peer *peer,
    const struct ipc_msg *msg, const char *host, const struct key **key)
{
	*key = NULL;
	return s->hosted == NULL ||
	    hosted_find(s->hosted, host, key) != HOSTED_LATER ||
	    wait_for_files(s, peer, msg) != 0;
}

static enum verdict
answer_sign(struct request_state *s, struct ipc_peer *peer,
    const struct ipc_msg *msg)
{
	const struct sign_req *req = msg->body;
	struct sign_rep rep = { .sig_len = 0 };
	const struct key *key = keys_find(s->keys, ipc_peer_role(peer), req);
	const char *reason;

	if (key == NULL)
		key = former_find(s->former, ipc_peer_role(peer), req);
	if (key == NULL && !find_hosted(s, peer, msg, req->host, &key))
		return VERDICT_OK;
	if (key == NULL || !key_is(key, req))
		reason = "no key for this name";
	else if ((reason = over_rates(s, peer, req)) != NULL)
		;	/* said there */
	else if (key_sign(key, req, &rep) != 0)
		reason = "the key cannot sign by this scheme";
	else
		return ipc_answer(peer, msg, &sign_rep_type, &rep, -1);
	log_refused(s, peer, req, reason);
	return refuse(peer, msg, WHY_TEMP, reason);
}

static enum verdict
on_sign(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct sign_req *req = msg->body;
	struct request_state *s = ctx;
	enum tbs kind = tbs_kind(span_of(req->tbs, req->tbs_len));

	if (!tbs_scheme_fits(kind, req->scheme)) {
		log_refused(s, peer, req, "not a handshake of a TLS server");
		return VERDICT_CLOSE;
	}
	return answer_sign(s, peer, msg);
}

static enum verdict
answer_cert(struct request_state *s, struct ipc_peer *peer,
    const struct ipc_msg *msg)
{
	const struct cert_req *req = msg->body;
	const struct key *key = NULL;
	struct cert_rep rep = { .from = req->from };

	if (s->hosted == NULL)
		return refuse(peer, msg, WHY_PERM, "no certificate_dir");
	switch (hosted_find(s->hosted, req->host, &key)) {
	case HOSTED_FOUND:
		break;
	case HOSTED_NOBODY:
		return refuse(peer, msg, WHY_PERM, "no such name");
	case HOSTED_LATER:
		if (wait_for_files(s, peer, msg) == 0)
			return VERDICT_OK;
		return refuse(peer, msg, WHY_TEMP, "too many names");
	case HOSTED_BUSY:
		return refuse(peer, msg, WHY_TEMP, "too many names");
	}
	/* Renewed between two parts: from the beginning, which the answer says. */
	if (req->sum != key->sum || req->from >= key->chain.n)
		rep.from = 0;
	rep.sum = key->sum;
	rep.total = (uint32_t)key->chain.n;
	rep.part_len = num_min(key->chain.n - rep.from, CERT_PART_MAX);
	memcpy(rep.part, key->chain.p + rep.from, rep.part_len);
	return ipc_answer(peer, msg, &cert_rep_type, &rep, -1);
}

static enum verdict
on_cert(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	return answer_cert(ctx, peer, msg);
}

void
request_again(void *ctx)
{
	struct request_state *s = ctx;
	struct waiting *w, *last = TAILQ_LAST(&s->waiting, waiting_list);
	bool end = last == NULL;

	/* Those that wait again come behind the last. */
	while (!end && (w = TAILQ_FIRST(&s->waiting)) != NULL) {
		struct waiting one = *w;

		end = w == last;
		waiting_free(s, w);
		one.msg.body = &one.body;
		if (one.msg.type == &sign_req_type)
			(void)answer_sign(s, one.peer, &one.msg);
		else
			(void)answer_cert(s, one.peer, &one.msg);
	}
}

/* The settings hold the rates: here no message counts as too many. */
const struct ipc_rule request_rules[] = {
	CHAN_RULE(ROLE_BIT(ROLE_SMTPD)),
	{ ROLE_BIT(ROLE_SMTPD_SESSION) | ROLE_BIT(ROLE_POP3_FRONT) |
	    ROLE_BIT(ROLE_IMAP_FRONT), &sign_req_type, 0, on_sign },
	{ ROLE_BIT(ROLE_SMTPD_SESSION) | ROLE_BIT(ROLE_POP3_FRONT) |
	    ROLE_BIT(ROLE_IMAP_FRONT), &cert_req_type, 0, on_cert },
};
const size_t request_rules_n = COUNT(request_rules);
