/*
 * tls_client - see tls_client.h.  The library does all judging: chains, names
 * and TLSA records are given to it before the handshake, which then fails if
 * they do not hold.  So nothing can be said to a server before it has proven
 * what it must.
 */
#include "net/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdlib.h>

#include "base/bug.h"
#include "net/tls_priv.h"
#include "os/sock.h"

struct tls_client {
	SSL_CTX *ctx;
};

struct tls_client *
tls_client_new(void)
{
	struct tls_client *c = xcalloc(1, sizeof(*c));

	c->ctx = tls_context(TLS_client_method());
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_NONE, NULL);
	if (SSL_CTX_dane_enable(c->ctx) != 1)
		die(EXIT_OSERR, "the TLS library lacks DANE");
	/* RFC 7672: a key that the record names needs no name beside it. */
	(void)SSL_CTX_dane_set_flags(c->ctx, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	return c;
}

void
tls_client_free(struct tls_client **c)
{
	if (*c == NULL)
		return;
	SSL_CTX_free((*c)->ctx);
	free(*c);
	*c = NULL;
}

/* An encrypted block is none of ours; nobody is asked for its password. */
static int
no_password(char *p, int n, int writing, void *ctx)
{
	(void)p;
	(void)n;
	(void)writing;
	(void)ctx;
	return -1;
}

static size_t
read_authorities(BIO *in, X509_STORE *store)
{
	size_t n = 0;
	X509 *cert;

	while (n < TLS_CA_MAX && (cert = X509_new_ex(tls_library(),
	    NULL)) != NULL && PEM_read_bio_X509(in, &cert,
	    no_password, NULL) != NULL) {
		if (X509_STORE_add_cert(store, cert) == 1)
			n++;
		X509_free(cert);
	}
	X509_free(cert);		/* that of the last try, or NULL */
	ERR_clear_error();
	return n;
}

size_t
tls_client_trust(struct tls_client *c, struct span pem)
{
	X509_STORE *store = X509_STORE_new();
	BIO *in = pem.n > TLS_CA_FILE_MAX ? NULL :
	    BIO_new_mem_buf(pem.p, (int)pem.n);
	size_t n = 0;

	if (store != NULL && in != NULL)
		n = read_authorities(in, store);
	if (n > 0 && SSL_CTX_set1_verify_cert_store(c->ctx, store) != 1)
		n = 0;
	X509_STORE_free(store);
	BIO_free(in);
	return n;
}

/* ------------------------------------------------------------- one session */

/* RFC 6066 3: a literal address is no host name. */
static bool
is_name(const char *host)
{
	struct sock_addr a;

	return host != NULL && *host != '\0' &&
	    sock_parse_ip(span_str(host), &a) != 0;
}

static int
want_names(SSL *ssl, const struct tls_want *want)
{
	/* "mail*.b.example" is not what anybody means by a wildcard. */
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (size_t i = 0; i < want->nnames; i++)
		if (SSL_add1_host(ssl, want->names[i]) != 1)
			return -1;
	return 0;
}

/* -1: no memory.  Without a usable record there is nothing to be proven. */
static int
want_dane(SSL *ssl, const struct tls_want *want)
{
	bool usable = false;

	if (SSL_dane_enable(ssl, want->host) != 1)
		return -1;
	for (size_t i = 0; i < want->ntlsa; i++) {
		const struct tls_tlsa *r = &want->tlsa[i];
		int rc = SSL_dane_tlsa_add(ssl, r->usage, r->selector,
		    r->matching, (const unsigned char *)r->data.p, r->data.n);

		if (rc < 0)
			return -1;
		usable = usable || rc > 0;
	}
	if (usable)
		SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return want_names(ssl, want);
}

static int
set_up(SSL *ssl, const struct tls_want *want)
{
	SSL_set_connect_state(ssl);
	if (want->proof == TLS_PROOF_DANE)
		return is_name(want->host) ? want_dane(ssl, want) : -1;
	if (is_name(want->host) &&
	    SSL_set_tlsext_host_name(ssl, want->host) != 1)
		return -1;
	if (want->proof == TLS_PROOF_NONE)
		return 0;
	/* Without a name every certificate of an authority would do. */
	if (want->nnames == 0)
		return -1;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return want_names(ssl, want);
}

struct tls *
tls_connect(const struct tls_client *c, int fd, const struct tls_want *want)
{
	struct tls *t = tls_session(c->ctx, fd);

	if (t != NULL && set_up(t->ssl, want) != 0)
		tls_free(&t);
	ERR_clear_error();
	return t;
}

enum tls_proof
tls_proven(const struct tls *t)
{
	SSL *ssl = t->ssl;

	if (SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE ||
	    SSL_get0_peer_certificate(ssl) == NULL ||
	    SSL_get_verify_result(ssl) != X509_V_OK)
		return TLS_PROOF_NONE;
	return SSL_get0_dane_authority(ssl, NULL, NULL) >= 0 ?
	    TLS_PROOF_DANE : TLS_PROOF_CA;
}
