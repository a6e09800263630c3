/*
 * tls_priv - what the files of tls share; nobody else includes this.
 */
#ifndef NET_TLS_PRIV_H
#define NET_TLS_PRIV_H

#include <openssl/ssl.h>

#include "net/tls.h"

struct tls {
	SSL *ssl;
	struct tls_server *server;	/* NULL: a client's */
	int  fd;
	bool up;		/* the handshake is over */
	bool broken;		/* no goodbye */
	char failure[96];
};

/* The library's context with our provider in it. */
OSSL_LIB_CTX *tls_library(void);
/* A context with everything that servers and clients have in common. */
SSL_CTX	*tls_context(const SSL_METHOD *method);
/* A session over fd; NULL: no memory. */
struct tls *tls_session(SSL_CTX *ctx, int fd);
/* For a new session, which holds the server from now on. */
SSL_CTX	*tls_server_hold(struct tls_server *s);

/* tls_facts.c: of that certificate, RFC 5929 4.1 */
int	tls_end_point(const X509 *x, uint8_t out[TLS_BINDING_MAX], size_t *n)
	    must_use;

/* tls_provider.c: into both; must come before any key is read. */
int	tls_provider_load(OSSL_LIB_CTX *lib) must_use;
/* A key whose private half is elsewhere, for the public one of cert. */
EVP_PKEY *tls_provider_key(OSSL_LIB_CTX *lib, X509 *cert, const char *host);

#endif
