/*
 * tls_signer - see tls_signer.h.
 * One question and one answer per handshake, for programs that serve one
 * client: they have nothing to do meanwhile.  A refusal fails that handshake
 * only; a channel that broke fails all until there is another.
 */
#include "daemon/tls_signer.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "conf/value.h"
#include "daemon/service.h"
#include "daemon/tls_chain.h"
#include "daemon/tls_later.h"
#include "ipc/client.h"
#include "ipc/msg_sign.h"
#include "net/cert.h"
#include "net/tls_ask.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"

#define LOOP_MS	5000	/* a loop that cannot but wait: for all its clients */

_Static_assert(SIGN_KEY_ID == CERT_ID, "one kind of key id");

static struct {
	struct ipc_client keyd;
	int64_t wait_ms;
	struct sock_addr client;
} signer = { .keyd = { .fd = -1 } };

/* Master hears once of a channel that broke. */
static int
call_keyd(const struct ipc_question *q, void *answer, struct why *why)
{
	bool had = signer.keyd.fd >= 0;
	int rc = ipc_call(&signer.keyd, q, answer, NULL, why);

	if (had && signer.keyd.fd < 0)
		service_peer_ended(ROLE_KEYD);
	return rc;
}

static size_t
ask_keyd(const struct tls_text *text, uint8_t *sig, size_t sig_max)
{
	struct sign_req req = { .scheme = (uint16_t)text->scheme,
		.key_id_len = SIGN_KEY_ID, .tbs_len = text->text.n };
	struct ipc_question q = { .type = &sign_req_type, .msg = &req,
		.fd = -1, .answer = &sign_rep_type,
		.deadline_ms = clock_deadline(signer.wait_ms) };
	struct sign_rep rep;
	struct why why;

	if (text->text.n > sizeof(req.tbs))
		return 0;
	span_copy_cut(span_str(text->host), req.host, sizeof(req.host));
	memcpy(req.key_id, text->key_id, sizeof(req.key_id));
	memcpy(req.tbs, text->text.p, text->text.n);
	req.client_len = signer.client.family == 4 ? 4 :
	    signer.client.family == 6 ? 16 : 0;
	memcpy(req.client, signer.client.ip, req.client_len);
	if (call_keyd(&q, &rep, &why) != 0) {
		/* A refusal has been logged by keyd, all of a second by one
		   line; here it would be one for each client. */
		if (signer.keyd.fd < 0)
			log_warn(LF_STR("event", "not-signed"),
		    LF_STR("name", text->host), LF_STR("why", why.text));
		return 0;
	}
	if (rep.sig_len > sig_max)
		return 0;
	memcpy(sig, rep.sig, rep.sig_len);
	return rep.sig_len;
}

/* WRONG: nothing more comes, and why says whether there is nothing at all. */
static enum tls_chain_state
ask_part(const char *host, struct tls_chain *chain, struct why *why)
{
	struct cert_req req;
	struct ipc_question q = { .type = &cert_req_type, .msg = &req,
		.fd = -1, .answer = &cert_rep_type,
		.deadline_ms = clock_deadline(signer.wait_ms) };
	struct cert_rep rep;

	tls_chain_ask(chain, host, &req);
	why_set(why, WHY_TEMP, "4.7.0", "another part");
	if (call_keyd(&q, &rep, why) != 0)
		return TLS_CHAIN_WRONG;
	return tls_chain_take(chain, &rep);
}

static enum tls_found
find(struct tls *t, const char *host, struct buf *chain)
{
	enum tls_chain_state state = TLS_CHAIN_MORE;
	enum tls_found found = TLS_FOUND;
	struct tls_chain parts;
	struct why why;

	(void)t;
	if (*conf_str(service_conf(), "certificate_dir") == '\0' ||
	    !conf_is_domain(host))
		return TLS_FOUND_NONE;
	tls_chain_init(&parts);
	while (state == TLS_CHAIN_MORE)
		state = ask_part(host, &parts, &why);
	if (state == TLS_CHAIN_WHOLE)
		(void)buf_add_span(chain, buf_span(&parts.octets)); /* fits */
	else if (why.kind != WHY_PERM)
		found = TLS_FOUND_NONE;
	tls_chain_fini(&parts);
	return found;
}

static void
forget(struct tls *t)
{
	(void)t;		/* nobody waits here */
}

static const struct tls_asks asks = { .sign = ask_keyd, .find = find,
	.forget = forget };

void
tls_signer_use(int fd, int64_t wait_ms)
{
	ipc_client_fini(&signer.keyd);
	ipc_client_init(&signer.keyd, fd, "keyd");
	signer.wait_ms = wait_ms;
	tls_on(&asks);
}

void
tls_signer_client(const struct sock_addr *client)
{
	signer.client = *client;
}

static void
take_keyd(int fd)
{
	tls_signer_use(fd, LOOP_MS);
}

void
tls_signer_serve(struct ipc_server *srv)
{
	if (tls_can_wait())
		tls_later_use(srv);
	else
		service_divert(ROLE_KEYD, take_keyd);
}

bool
tls_signer_ready(void)
{
	return (signer.keyd.fd >= 0 && !fd_at_end(signer.keyd.fd)) ||
	    tls_later_ready();
}

/* A file that master opened into pem; false: not there, and master said why. */
static bool
slurp(const char *name, const char *item, struct buf *pem)
{
	int fd = service_take_file(name), rc = -1;
	bool key;

	if (fd < 0)
		return false;
	/* All the room at once: no copy is left behind by growing. */
	if (buf_room(pem, CERT_FILE_MAX) != NULL)
		rc = fs_slurp_fd(fd, pem);
	fd_close(&fd);
	key = cert_pem_has_key(buf_span(pem));
	if (rc == 0 && !key)
		return true;
	log_error(LF_STR("event", "certificate-refused"),
	    LF_STR("value", item), LF_STR("why", key ?
	    "its file holds a private key" : "cannot be read"));
	return false;
}

static void
load(struct tls_server *s, const char *name, const char *item,
    int (*use)(struct tls_server *s, struct span pem, struct why *why))
{
	struct buf pem;
	struct why why;

	buf_init(&pem, CERT_FILE_MAX);
	if (slurp(name, item, &pem) && use(s, buf_span(&pem), &why) != 0)
		log_error(LF_STR("event", "certificate-refused"),
		    LF_STR("value", item), LF_STR("why", why.text));
	if (pem.p != NULL)
		wipe(pem.p, pem.size);
	buf_fini(&pem);
}

struct tls_server *
tls_signer_load(const char *alpn)
{
	const struct conf_view *conf = service_conf();
	struct tls_server *s = tls_server_new(alpn);
	char name[32];

	for (size_t i = 0; i < conf_count(conf, "certificates"); i++) {
		(void)snprintf(name, sizeof(name), "cert/%zu", i);
		load(s, name, conf_item(conf, "certificates", i),
		    tls_server_add);
	}
	load(s, "client-ca", conf_str(conf, "client_certificates"),
	    tls_server_ask_client);
	if (tls_server_count(s) == 0)
		tls_server_free(&s);
	return s;
}

void
tls_signer_reload(struct tls_server **s, const char *alpn)
{
	struct tls_server *fresh = tls_signer_load(alpn);

	if (fresh == NULL && conf_count(service_conf(), "certificates") > 0 &&
	    *s != NULL) {
		log_error(LF_STR("event", "old-certificates"));
		return;
	}
	tls_server_free(s);
	*s = fresh;
}
