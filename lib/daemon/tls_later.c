/*
 * tls_later - see tls_later.h.
 * Each question has a number and is kept until its answer comes, also when the
 * session that asked is gone: so a keyd that hangs is asked at most OPEN_MAX
 * things, and what it says when it wakes finds its question.  No channel is
 * closed for being late.
 */
#include "daemon/tls_later.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "conf/value.h"
#include "daemon/service.h"
#include "daemon/tls_chain.h"
#include "ipc/msg_refusal.h"
#include "ipc/msg_sign.h"
#include "net/cert.h"
#include "net/tls_ask.h"
#include "os/rand.h"

#define OPEN_MAX	2000	/* of the 4096 packets that a peer may leave */

_Static_assert(SIGN_KEY_ID == CERT_ID, "one kind of key id");
_Static_assert(SIGN_SIG_MAX == TLS_SIG_MAX, "one size of signature");
_Static_assert(CERT_TOTAL_MAX == TLS_CHAIN_MAX, "one size of chain");

struct question {
	LIST_ENTRY(question) next;
	uint32_t	 request;
	struct ipc_peer *peer;
	struct tls	*session;	/* NULL: gone */
	bool		 signature;	/* else a chain */
	char		 host[CERT_NAME_SIZE];
	struct tls_chain chain;		/* what came of it */
};

static struct {
	struct ipc_server *srv;
	struct hash	  *open;	/* by number */
	LIST_HEAD(, question) all;
	uint32_t	   request;
} later;

static struct span
key(const uint32_t *request)
{
	return span_of(request, sizeof(*request));
}

static void
question_free(struct question *q)
{
	if (q->session != NULL)
		tls_set_asked(q->session, NULL);
	(void)hash_del(later.open, key(&q->request));
	LIST_REMOVE(q, next);
	tls_chain_fini(&q->chain);
	free(q);
}

static struct question *
question_new(struct tls *t, const char *host, bool signature)
{
	struct ipc_peer *keyd = ipc_server_peer(later.srv, ROLE_KEYD);
	struct question *q;

	if (keyd == NULL)
		return NULL;
	q = xcalloc(1, sizeof(*q));
	q->request = ++later.request;
	if (hash_put(later.open, key(&q->request), q) != 0) {
		free(q);
		return NULL;
	}
	LIST_INSERT_HEAD(&later.all, q, next);
	q->peer = keyd;
	q->session = t;
	q->signature = signature;
	span_copy_cut(span_str(host), q->host, sizeof(q->host));
	tls_chain_init(&q->chain);
	tls_set_asked(t, q);
	return q;
}

/* ------------------------------------------------------------------ to ask */

static size_t
ask_signature(const struct tls_text *text, uint8_t *sig, size_t sig_max)
{
	struct sign_req req = { .scheme = (uint16_t)text->scheme,
		.key_id_len = SIGN_KEY_ID, .tbs_len = text->text.n };
	struct question *q;

	(void)sig;
	(void)sig_max;
	if (text->text.n > sizeof(req.tbs) || !tls_may_wait(text->session))
		return 0;
	span_copy_cut(span_str(text->host), req.host, sizeof(req.host));
	memcpy(req.key_id, text->key_id, sizeof(req.key_id));
	memcpy(req.tbs, text->text.p, text->text.n);
	q = question_new(text->session, text->host, true);
	if (q == NULL)
		return 0;
	if (ipc_send(q->peer, &sign_req_type, q->request, &req, -1) == 0)
		return TLS_LATER;
	question_free(q);
	return 0;
}

static int
send_chain_question(const struct question *q)
{
	struct cert_req req;

	tls_chain_ask(&q->chain, q->host, &req);
	return ipc_send(q->peer, &cert_req_type, q->request, &req, -1);
}

static enum tls_found
ask_chain(struct tls *t, const char *host, struct buf *chain)
{
	struct question *q;

	(void)chain;
	if (*conf_str(service_conf(), "certificate_dir") == '\0' ||
	    !conf_is_domain(host) || !tls_may_wait(t))
		return TLS_FOUND_NONE;
	q = question_new(t, host, false);
	if (q == NULL)
		return TLS_FOUND_NONE;
	if (send_chain_question(q) == 0)
		return TLS_FOUND_LATER;
	question_free(q);
	return TLS_FOUND_NONE;
}

static void
forget(struct tls *t)
{
	struct question *q = tls_asked(t);

	if (q != NULL)
		q->session = NULL;
}

/* ------------------------------------------------------------- the answers */

/* NULL: no open question of that kind; the answerer is confused. */
static struct question *
question_of(const struct ipc_peer *peer, const struct ipc_msg *msg)
{
	struct question *q = hash_get(later.open, key(&msg->request));

	return q != NULL && q->peer == peer ? q : NULL;
}

/* The session may be gone afterwards. */
static void
refuse(struct question *q, bool nobody)
{
	struct tls *t = q->session;
	bool signature = q->signature;

	question_free(q);
	if (t == NULL)
		return;
	if (signature)
		tls_signed(t, NULL, 0);
	else
		tls_found(t, nobody ? TLS_FOUND : TLS_FOUND_NONE, SPAN_NONE);
}

enum verdict
tls_later_on_signature(struct ipc_peer *peer, const struct ipc_msg *msg,
    void *ctx)
{
	const struct sign_rep *rep = msg->body;
	struct question *q = question_of(peer, msg);
	struct tls *t;

	(void)ctx;
	if (q == NULL || !q->signature)
		return VERDICT_CLOSE;
	t = q->session;
	question_free(q);
	if (t != NULL)
		tls_signed(t, rep->sig, rep->sig_len);
	return VERDICT_OK;
}

enum verdict
tls_later_on_chain(struct ipc_peer *peer, const struct ipc_msg *msg,
    void *ctx)
{
	const struct cert_rep *rep = msg->body;
	struct question *q = question_of(peer, msg);
	enum tls_chain_state state;
	struct tls_chain chain;
	struct tls *t;

	(void)ctx;
	if (q == NULL || q->signature ||
	    (state = tls_chain_take(&q->chain, rep)) == TLS_CHAIN_WRONG)
		return VERDICT_CLOSE;
	if (q->session != NULL && state == TLS_CHAIN_MORE) {
		if (send_chain_question(q) != 0)
			refuse(q, false);
		return VERDICT_OK;
	}
	t = q->session;
	chain = q->chain;
	tls_chain_init(&q->chain);
	question_free(q);
	if (t != NULL)
		tls_found(t, TLS_FOUND, buf_span(&chain.octets));
	tls_chain_fini(&chain);
	return VERDICT_OK;
}

enum verdict
tls_later_on_refusal(struct ipc_peer *peer, const struct ipc_msg *msg,
    void *ctx)
{
	const struct refusal *no = msg->body;
	struct question *q = question_of(peer, msg);

	(void)ctx;
	if (q == NULL)
		return VERDICT_CLOSE;
	/* keyd has logged it, with a bound; here it may be a flood. */
	refuse(q, no->permanent != 0);
	return VERDICT_OK;
}

/* ---------------------------------------------------------- for the daemon */

void
tls_later_use(struct ipc_server *srv)
{
	static const struct tls_asks asks = { .sign = ask_signature,
		.find = ask_chain, .forget = forget };
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	later.srv = srv;
	later.open = hash_new(OPEN_MAX, seed);
	LIST_INIT(&later.all);
	tls_on(&asks);
}

void
tls_later_end(void)
{
	if (later.srv == NULL)
		return;
	while (!LIST_EMPTY(&later.all))
		question_free(LIST_FIRST(&later.all));
	hash_free(&later.open, NULL);
	later.srv = NULL;
}

bool
tls_later_ready(void)
{
	return later.srv != NULL && hash_count(later.open) < OPEN_MAX &&
	    ipc_server_peer(later.srv, ROLE_KEYD) != NULL;
}

void
tls_later_closed(struct ipc_peer *peer)
{
	struct question *q = LIST_FIRST(&later.all);

	if (later.srv == NULL || ipc_peer_role(peer) != ROLE_KEYD)
		return;
	while (q != NULL)
		if (q->peer == peer) {
			refuse(q, false);
			/* Others may have ended or asked meanwhile. */
			q = LIST_FIRST(&later.all);
		} else {
			q = LIST_NEXT(q, next);
		}
}
