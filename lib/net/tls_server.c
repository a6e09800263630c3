/*
 * tls_server - see tls.h; this part is what lives longer than a session.
 * There is one context for all certificates: the library asks for those of a
 * session when it knows which name the client wants, and then chooses by
 * the kinds of key that the client can verify.
 */
#include "net/tls_priv.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

#define ALPN_MAX	16
#define CLIENT_DEPTH	5		/* certificates above a client's */
#define CLIENT_OCTETS	(32 * KIB)	/* of all that it sends */

struct tls_server {
	unsigned	  held;		/* by its owner and by sessions */
	SSL_CTX		 *ctx;
	struct tls_sites *sites;
	char		  alpn[ALPN_MAX];
};

/* ---------------------------------------------------- questions of clients */

static int
use_site(SSL *ssl, const struct tls_site *site)
{
	for (size_t i = 0; i < site->n; i++)
		if (SSL_use_cert_and_key(ssl, site->v[i].leaf,
		    site->v[i].key, site->v[i].chain, 1) != 1)
			return 0;
	return 1;
}

/* What the client calls us, lower case; false: nothing that we look up. */
static bool
asked_host(SSL *ssl, char host[CERT_NAME_SIZE])
{
	struct span name = span_str(SSL_get_servername(ssl,
	    TLSEXT_NAMETYPE_host_name));

	if (name.n == 0 || name.n >= CERT_NAME_SIZE)
		return false;
	for (size_t i = 0; i < name.n; i++)
		host[i] = ascii_lower(name.p[i]);
	host[name.n] = '\0';
	return true;
}

/* SSL_CTX_set_cert_cb(3): -1 stops the handshake here; it is called again. */
static int
on_certificate(SSL *ssl, void *arg)
{
	struct tls *t = SSL_get_app_data(ssl);
	struct tls_sites *sites = t->server->sites;
	const struct tls_site *site = NULL;
	char host[CERT_NAME_SIZE];
	bool ask;

	(void)arg;
	if (asked_host(ssl, host)) {
		site = tls_sites_find(sites, host, &ask);
		if (ask)
			switch (tls_ask_chain(t, host)) {
			case TLS_FOUND:
				site = tls_sites_find(sites, host, &ask);
				break;
			case TLS_FOUND_LATER:
				return -1;
			case TLS_FOUND_NONE:
				break;
			}
	}
	/* RFC 6066 3: better the wrong certificate than none. */
	return use_site(ssl, site != NULL ? site : tls_sites_first(sites));
}

/* RFC 6066 3: a server that uses the name says so. */
static int
on_host(SSL *ssl, int *alert, void *arg)
{
	char host[CERT_NAME_SIZE];

	(void)alert;
	(void)arg;
	return asked_host(ssl, host) ? SSL_TLSEXT_ERR_OK :
	    SSL_TLSEXT_ERR_NOACK;
}

/* RFC 7301 3.2: a client that speaks something else must hear so. */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned in_n, void *arg)
{
	const struct tls *t = SSL_get_app_data(ssl);
	const char *alpn = t->server->alpn;
	size_t n = strlen(alpn);

	(void)arg;
	for (unsigned i = 0; i < in_n && i + 1u + in[i] <= in_n;
	    i += 1u + in[i])
		if (in[i] == n && memcmp(in + i + 1, alpn, n) == 0) {
			*out = in + i + 1;
			*out_n = in[i];
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* ------------------------------------------------------------------ server */

struct tls_server *
tls_server_new(const char *alpn)
{
	struct tls_server *s = xcalloc(1, sizeof(*s));

	s->held = 1;
	s->sites = tls_sites_new();
	span_copy_cut(span_str(alpn), s->alpn, sizeof(s->alpn));
	s->ctx = tls_context(TLS_server_method());
	if (SSL_CTX_set_num_tickets(s->ctx, 0) != 1)
		die(EXIT_OSERR, "the TLS library insists on tickets");
	SSL_CTX_set_cert_cb(s->ctx, on_certificate, NULL);
	SSL_CTX_set_tlsext_servername_callback(s->ctx, on_host);
	SSL_CTX_set_alpn_select_cb(s->ctx, on_alpn, NULL);
	return s;
}

void
tls_server_free(struct tls_server **sp)
{
	struct tls_server *s = *sp;

	*sp = NULL;
	if (s == NULL || --s->held > 0)
		return;
	tls_sites_free(&s->sites);
	SSL_CTX_free(s->ctx);
	free(s);
}

void
tls_server_tickets(struct tls_server *s, uint32_t lifetime_s)
{
	if (lifetime_s > 0)
		tls_tickets_use(s->ctx, s->alpn, lifetime_s);
}

size_t
tls_server_count(const struct tls_server *s)
{
	return tls_sites_count(s->sites);
}

SSL_CTX *
tls_server_hold(struct tls_server *s)
{
	if (tls_server_count(s) == 0)
		bug("a TLS server without a certificate");
	s->held++;
	return s->ctx;
}

/* Too weak a key, for one, the library would not serve. */
static bool
try_out(const struct tls_credential *c, void *ctx)
{
	const struct tls_server *s = ctx;
	SSL *ssl = SSL_new(s->ctx);
	bool ok;

	ok = ssl != NULL && SSL_use_cert_and_key(ssl, c->leaf, c->key,
	    c->chain, 1) == 1;
	SSL_free(ssl);
	ERR_clear_error();
	return ok;
}

int
tls_server_add(struct tls_server *s, struct span pem, struct why *why)
{
	return tls_sites_add(s->sites, pem, try_out, s, why);
}

void
tls_server_learn(const struct tls *t, struct span der)
{
	char host[CERT_NAME_SIZE];

	if (asked_host(t->ssl, host))
		tls_sites_learn(t->server->sites, host, der);
}

void
tls_server_unlearn(const struct tls *t)
{
	char host[CERT_NAME_SIZE];

	if (t->server != NULL && asked_host(t->ssl, host))
		tls_sites_forget(t->server->sites, host);
}

/* -------------------------------------------------- certificates of clients */

/* What is wrong with it stays in the session's verify result. */
static int
on_verify(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

int
tls_server_ask_client(struct tls_server *s, struct span pem, struct why *why)
{
	struct x509_st *cas[CERT_CHAIN_MAX];
	X509_STORE *store = SSL_CTX_get_cert_store(s->ctx);
	bool ok = true;
	size_t n;

	if (cert_parse(pem, tls_library(), cas, &n, why) != 0)
		return -1;
	for (size_t i = 0; ok && i < n; i++)
		ok = X509_STORE_add_cert(store, cas[i]) == 1 &&
		    SSL_CTX_add_client_CA(s->ctx, cas[i]) == 1;
	cert_free(cas, n);
	ERR_clear_error();
	if (!ok) {
		why_set(why, WHY_PERM, "5.3.5", "no memory for the CAs");
		return -1;
	}
	SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER, on_verify);
	SSL_CTX_set_verify_depth(s->ctx, CLIENT_DEPTH);
	SSL_CTX_set_max_cert_list(s->ctx, CLIENT_OCTETS);
	return 0;
}
