/*
 * tls_priv - what the files of tls share; nobody else includes this.
 */
#ifndef NET_TLS_PRIV_H
#define NET_TLS_PRIV_H

#include <openssl/ssl.h>

#include "net/tls.h"

/* The library's context with our provider in it. */
OSSL_LIB_CTX *tls_library(void);
/* A context with everything that servers and clients have in common. */
SSL_CTX	*tls_context(const SSL_METHOD *method);
/* The SSL_CTX of a server for this session's client. */
SSL_CTX	*tls_server_default(const struct tls_server *s);
SSL_CTX	*tls_client_context(const struct tls_client *c);

/* tls_provider.c: into both; must come before any key is read. */
int	tls_provider_load(OSSL_LIB_CTX *lib) must_use;
/* A key whose private half is elsewhere, for the public one of cert. */
EVP_PKEY *tls_provider_key(OSSL_LIB_CTX *lib, X509 *cert, const char *host);

#endif
