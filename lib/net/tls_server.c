/*
 * tls_server - see tls.h; this part is what lives longer than a session.
 * Certificates of one first name but different kinds of key share a context,
 * from which the library takes what the client can verify.  A context is
 * chosen by the name that the client asks for.
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

struct site {
	SSL_CTX	*ctx;
	struct cert_names names;
	const char *kinds[KINDS];	/* of keys: "RSA", ... */
	size_t	 nkinds;
};

struct tls_server {
	struct site *sites;
	size_t	     n;
	char	     alpn[ALPN_MAX];
};

/* ---------------------------------------------------- questions of clients */

static int
on_host(SSL *ssl, int *alert, void *arg)
{
	const struct tls_server *s = arg;
	const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	for (size_t i = 0; host != NULL && i < s->n; i++)
		if (cert_names_have(&s->sites[i].names, span_str(host))) {
			if (SSL_get_SSL_CTX(ssl) != s->sites[i].ctx)
				(void)SSL_set_SSL_CTX(ssl, s->sites[i].ctx);
			return SSL_TLSEXT_ERR_OK;
		}
	/* RFC 6066 3: better the wrong certificate than none. */
	return SSL_TLSEXT_ERR_NOACK;
}

/* RFC 7301 3.2: a client that speaks something else must hear so. */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned in_n, void *arg)
{
	const struct tls_server *s = arg;
	size_t n = strlen(s->alpn);

	(void)ssl;
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

	span_copy_cut(span_str(alpn), s->alpn, sizeof(s->alpn));
	return s;
}

void
tls_server_free(struct tls_server **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; i < (*s)->n; i++) {
		/* A handshake that is under way must not come back to us. */
		SSL_CTX_set_tlsext_servername_callback(
		    (*s)->sites[i].ctx, NULL);
		SSL_CTX_set_alpn_select_cb((*s)->sites[i].ctx, NULL, NULL);
		SSL_CTX_free((*s)->sites[i].ctx);
		cert_names_free(&(*s)->sites[i].names);
	}
	free((*s)->sites);
	free(*s);
	*s = NULL;
}

size_t
tls_server_count(const struct tls_server *s)
{
	return s->n;
}

SSL_CTX *
tls_server_default(const struct tls_server *s)
{
	if (s->n == 0)
		bug("a TLS server without a certificate");
	return s->sites[0].ctx;
}

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
	for (size_t i = 0; i < site->nkinds; i++)
		if (site->kinds[i] == kind)
			return true;
	return false;
}

static SSL_CTX *
server_context(struct tls_server *s)
{
	SSL_CTX *ctx = tls_context(TLS_server_method());

	if (SSL_CTX_set_num_tickets(ctx, 0) != 1)
		die(EXIT_OSERR, "the TLS library insists on tickets");
	SSL_CTX_set_tlsext_servername_callback(ctx, on_host);
	SSL_CTX_set_tlsext_servername_arg(ctx, s);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, s);
	return ctx;
}

/* The site for a certificate: one of the same name, or a new one. */
static struct site *
site_for(struct tls_server *s, const struct cert_names *names,
    const char *kind)
{
	struct site *site;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->sites[i].names.v[0], names->v[0]) == 0 &&
		    s->sites[i].names.n == names->n &&
		    !has_kind(&s->sites[i], kind))
			return &s->sites[i];
	s->sites = xreallocarray(s->sites, s->n + 1, sizeof(s->sites[0]));
	site = &s->sites[s->n++];
	*site = (struct site){ .ctx = server_context(s) };
	return site;
}

static int
install(struct site *site, X509 **chain, size_t n, const char *host)
{
	EVP_PKEY *key = tls_provider_key(tls_library(), chain[0], host);
	int ok;

	ok = key != NULL &&
	    SSL_CTX_use_certificate(site->ctx, chain[0]) == 1 &&
	    SSL_CTX_use_PrivateKey(site->ctx, key) == 1;
	for (size_t i = 1; ok && i < n; i++)
		ok = SSL_CTX_add1_chain_cert(site->ctx, chain[i]) == 1;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok ? 0 : -1;
}

static void
drop_last(struct tls_server *s)
{
	struct site *site = &s->sites[s->n - 1];

	if (site->nkinds > 0)
		return;		/* it serves another certificate */
	SSL_CTX_free(site->ctx);
	cert_names_free(&site->names);
	s->n--;
}

int
tls_server_add(struct tls_server *s, struct span pem, struct why *why)
{
	struct x509_st *chain[CERT_CHAIN_MAX];
	struct cert_names names = { NULL, 0 };
	const char *kind = NULL;
	struct site *site;
	size_t n;
	int rc = -1;

	if (cert_parse(pem, tls_library(), chain, &n, why) != 0)
		return -1;
	kind = kind_of(chain[0]);
	if (kind == NULL || cert_names(chain[0], &names) != 0) {
		why_set(why, WHY_PERM, "5.3.5",
		    "no name, or a key that is not RSA, EC or Ed25519");
		goto out;
	}
	site = site_for(s, &names, kind);
	if (site->names.n == 0) {
		site->names = names;
		names = (struct cert_names){ NULL, 0 };
	}
	if (install(site, chain, n, site->names.v[0]) != 0) {
		why_set(why, WHY_PERM, "5.3.5",
		    "the TLS library refuses the certificate");
		drop_last(s);
		goto out;
	}
	site->kinds[site->nkinds++] = kind;
	rc = 0;
out:
	cert_names_free(&names);
	cert_free(chain, n);
	return rc;
}
