/*
 * tls_server - see tls.h; this part is what lives longer than a session.
 * There is one context for all certificates: the library asks for those of a
 * session when it knows which name the client wants, and then chooses by
 * the kinds of key that the client can verify.  Certificates of one first name
 * but different kinds are one site.
 */
#include "net/tls_priv.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "net/cert.h"

#define ALPN_MAX	16
#define KINDS		3
#define CLIENT_DEPTH	5		/* certificates above a client's */
#define CLIENT_OCTETS	(32 * KIB)	/* of all that it sends */

struct credential {
	const char *kind;	/* of its key: "RSA", ... */
	X509	   *leaf;
	STACK_OF(X509) *chain;
	EVP_PKEY   *key;	/* the private half is elsewhere */
};

struct site {
	struct cert_names names;
	struct credential v[KINDS];
	size_t		  n;
};

struct tls_server {
	unsigned     held;	/* by its owner and by sessions */
	SSL_CTX	    *ctx;
	struct site *sites;
	size_t	     n;
	char	     alpn[ALPN_MAX];
};

static struct tls_server *
server_of(SSL *ssl)
{
	const struct tls *t = SSL_get_app_data(ssl);

	return t->server;
}

/* ---------------------------------------------------- questions of clients */

static const struct site *
site_of(const struct tls_server *s, const char *host)
{
	for (size_t i = 0; host != NULL && i < s->n; i++)
		if (cert_names_have(&s->sites[i].names, span_str(host)))
			return &s->sites[i];
	return NULL;
}

static int
use_site(SSL *ssl, const struct site *site)
{
	for (size_t i = 0; i < site->n; i++)
		if (SSL_use_cert_and_key(ssl, site->v[i].leaf,
		    site->v[i].key, site->v[i].chain, 1) != 1)
			return 0;
	return 1;
}

static int
on_certificate(SSL *ssl, void *arg)
{
	const struct tls_server *s = server_of(ssl);
	const struct site *site = site_of(s, SSL_get_servername(ssl,
	    TLSEXT_NAMETYPE_host_name));

	(void)arg;
	/* RFC 6066 3: better the wrong certificate than none. */
	return use_site(ssl, site != NULL ? site : &s->sites[0]);
}

static int
on_host(SSL *ssl, int *alert, void *arg)
{
	(void)alert;
	(void)arg;
	return site_of(server_of(ssl), SSL_get_servername(ssl,
	    TLSEXT_NAMETYPE_host_name)) != NULL ? SSL_TLSEXT_ERR_OK :
	    SSL_TLSEXT_ERR_NOACK;
}

/* RFC 7301 3.2: a client that speaks something else must hear so. */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned in_n, void *arg)
{
	const struct tls_server *s = server_of(ssl);
	size_t n = strlen(s->alpn);

	(void)arg;
	for (unsigned i = 0; i < in_n && i + 1u + in[i] <= in_n;
	    i += 1u + in[i])
		if (in[i] == n && memcmp(in + i + 1, s->alpn, n) == 0) {
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
	span_copy_cut(span_str(alpn), s->alpn, sizeof(s->alpn));
	s->ctx = tls_context(TLS_server_method());
	if (SSL_CTX_set_num_tickets(s->ctx, 0) != 1)
		die(EXIT_OSERR, "the TLS library insists on tickets");
	SSL_CTX_set_cert_cb(s->ctx, on_certificate, NULL);
	SSL_CTX_set_tlsext_servername_callback(s->ctx, on_host);
	SSL_CTX_set_alpn_select_cb(s->ctx, on_alpn, NULL);
	return s;
}

static void
credential_fini(struct credential *c)
{
	X509_free(c->leaf);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key);
	*c = (struct credential){ NULL, NULL, NULL, NULL };
}

static void
site_fini(struct site *site)
{
	for (size_t i = 0; i < site->n; i++)
		credential_fini(&site->v[i]);
	cert_names_free(&site->names);
}

void
tls_server_free(struct tls_server **sp)
{
	struct tls_server *s = *sp;

	*sp = NULL;
	if (s == NULL || --s->held > 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		site_fini(&s->sites[i]);
	SSL_CTX_free(s->ctx);
	free(s->sites);
	free(s);
}

size_t
tls_server_count(const struct tls_server *s)
{
	return s->n;
}

SSL_CTX *
tls_server_hold(struct tls_server *s)
{
	if (s->n == 0)
		bug("a TLS server without a certificate");
	s->held++;
	return s->ctx;
}

/* ------------------------------------------------------------ certificates */

static const char *
kind_of(X509 *cert)
{
	static const char *const kinds[KINDS] = { "RSA", "EC", "ED25519" };
	const EVP_PKEY *key = X509_get0_pubkey(cert);

	for (size_t i = 0; key != NULL && i < KINDS; i++)
		if (EVP_PKEY_is_a(key, kinds[i]))
			return kinds[i];
	return NULL;
}

static bool
has_kind(const struct site *site, const char *kind)
{
	for (size_t i = 0; i < site->n; i++)
		if (site->v[i].kind == kind)
			return true;
	return false;
}

/* The site for a certificate: one of the same name, or a new one. */
static struct site *
site_for(struct tls_server *s, struct cert_names *names, const char *kind)
{
	struct site *site;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->sites[i].names.v[0], names->v[0]) == 0 &&
		    s->sites[i].names.n == names->n &&
		    !has_kind(&s->sites[i], kind))
			return &s->sites[i];
	s->sites = xreallocarray(s->sites, s->n + 1, sizeof(s->sites[0]));
	site = &s->sites[s->n++];
	*site = (struct site){ .names = *names };
	*names = (struct cert_names){ NULL, 0 };
	return site;
}

/* The certificates' owner is c from now on, in every case. */
static int
fill(struct credential *c, X509 **chain, size_t n, const char *host)
{
	c->leaf = chain[0];
	c->chain = sk_X509_new_null();
	for (size_t i = 1; i < n; i++)
		if (c->chain == NULL || sk_X509_push(c->chain, chain[i]) <= 0)
			X509_free(chain[i]);
	c->key = tls_provider_key(tls_library(), c->leaf, host);
	return c->chain != NULL && c->key != NULL &&
	    (size_t)sk_X509_num(c->chain) == n - 1 ? 0 : -1;
}

/* Would the library serve it?  Too weak a key, for one, it would not. */
static int
try_out(const struct tls_server *s, const struct credential *c)
{
	SSL *ssl = SSL_new(s->ctx);
	int rc;

	rc = ssl != NULL && SSL_use_cert_and_key(ssl, c->leaf, c->key,
	    c->chain, 1) == 1 ? 0 : -1;
	SSL_free(ssl);
	ERR_clear_error();
	return rc;
}

int
tls_server_add(struct tls_server *s, struct span pem, struct why *why)
{
	struct x509_st *chain[CERT_CHAIN_MAX];
	struct cert_names names = { NULL, 0 };
	struct credential c = { .kind = NULL };
	struct site *site;
	size_t n;
	int rc = -1;

	if (cert_parse(pem, tls_library(), chain, &n, why) != 0)
		return -1;
	c.kind = kind_of(chain[0]);
	if (c.kind == NULL || cert_names(chain[0], &names) != 0) {
		why_set(why, WHY_PERM, "5.3.5",
		    "no name, or a key that is not RSA, EC or Ed25519");
		cert_free(chain, n);
	} else if (fill(&c, chain, n, names.v[0]) != 0 ||
	    try_out(s, &c) != 0) {
		why_set(why, WHY_PERM, "5.3.5",
		    "the TLS library refuses the certificate");
		credential_fini(&c);
	} else {
		site = site_for(s, &names, c.kind);
		site->v[site->n++] = c;
		rc = 0;
	}
	cert_names_free(&names);
	return rc;
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
