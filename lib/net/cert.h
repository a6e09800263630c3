/*
 * cert - what is known of a certificate: its names, and the number of its
 * key.
 */
#ifndef NET_CERT_H
#define NET_CERT_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"

#define CERT_NAMES_MAX	200	/* names of one certificate that count */
#define CERT_NAME_SIZE	254	/* with NUL */
#define CERT_ID		32
#define CERT_CHAIN_MAX	10	/* certificates in one file */
#define CERT_FILE_MAX	(256 * KIB)

struct cert_names {
	char  (*v)[CERT_NAME_SIZE];	/* lower case; "*.b.example" too */
	size_t	n;
};

/* The library's types, without its headers. */
struct x509_st;
struct ossl_lib_ctx_st;

/*
 * The certificates of a PEM file, the server's own first.
 * lib      where their keys are handled; NULL: the default
 * out      filled with *n of them, at most CERT_CHAIN_MAX; the caller's
 * returns  0, or -1 with why
 */
int	cert_parse(struct span pem, struct ossl_lib_ctx_st *lib,
	    struct x509_st *out[CERT_CHAIN_MAX], size_t *n,
	    struct why *why) must_use;
/* Does it hold a private key as well?  It must not be where it is then. */
bool	cert_pem_has_key(struct span pem);
/* The same of DER, one certificate behind the other and nothing else. */
int	cert_parse_der(struct span der, struct ossl_lib_ctx_st *lib,
	    struct x509_st *out[CERT_CHAIN_MAX], size_t *n) must_use;
void	cert_free(struct x509_st **certs, size_t n);

/* SHA-256 over the public key as it stands in the certificate. */
int	cert_key_id(const struct x509_st *cert, uint8_t id[CERT_ID])
	    must_use;

/* The DNS names; the common name if there are none.  -1: none at all. */
int	cert_names(const struct x509_st *cert, struct cert_names *out)
	    must_use;
void	cert_names_free(struct cert_names *names);
/* RFC 6125 6.4.3: a "*" stands for one whole first label. */
bool	cert_names_have(const struct cert_names *names, struct span host);

#endif
