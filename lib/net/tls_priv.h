/*
 * tls_priv - what the files of tls share; nobody else includes this.
 */
#ifndef NET_TLS_PRIV_H
#define NET_TLS_PRIV_H

#include <openssl/ssl.h>

#include "net/cert.h"
#include "net/tls.h"
#include "net/tls_ask.h"

/*
 * NOTHING -> SIGNATURE -> NOTHING	the library is left halfway
 * NOTHING -> CHAIN -> NOTHING		it asks for the certificate again
 */
enum tls_waits { WAITS_NOTHING, WAITS_SIGNATURE, WAITS_CHAIN };

struct tls {
	SSL *ssl;
	struct tls_server *server;	/* of its handshake */
	int  fd;
	enum tls_waits waits;
	bool asked_chain;	/* once is enough */
	bool ending;		/* nothing is asked any more */
	void *asked;		/* of the one who answers */
	void (*go_on)(void *ctx);
	void *go_on_ctx;
	uint8_t *sig;		/* the answer that came, sig_n octets */
	size_t sig_n;
	bool up;		/* the handshake is over */
	bool broken;		/* no goodbye */
	unsigned empty;		/* records since the last octet of data */
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

/* Where the certificate for a name is looked up; tls_sites.c. */
struct tls_credential {
	const char *kind;	/* of its key: "RSA", ... */
	X509	   *leaf;
	STACK_OF(X509) *chain;
	EVP_PKEY   *key;	/* the private half is elsewhere */
};
#define TLS_KINDS	3
struct tls_site {
	struct cert_names names;
	struct tls_credential v[TLS_KINDS];
	size_t		  n;
};
struct tls_sites;
struct tls_sites *tls_sites_new(void);
void	tls_sites_free(struct tls_sites **s);
size_t	tls_sites_count(const struct tls_sites *s);	/* those added */
const struct tls_site *tls_sites_first(const struct tls_sites *s);
/* try_out: would the library serve it? */
int	tls_sites_add(struct tls_sites *s, struct span pem,
	    bool (*try_out)(const struct tls_credential *c, void *ctx),
	    void *ctx, struct why *why) must_use;
/*
 * NULL: not known.  *ask: whether to ask for it; what was found long ago is good
 * until there is an answer.
 */
const struct tls_site *tls_sites_find(struct tls_sites *s, const char *host,
	    bool *ask);
/* What was found for a host; empty: nothing.  It may be forgotten later. */
void	tls_sites_learn(struct tls_sites *s, const char *host,
	    struct span der);

/* One that was found proved wrong: it is asked for again. */
void	tls_sites_forget(struct tls_sites *s, const char *host);

/* tls_wait.c: the session whose handshake runs now. */
struct tls *tls_current(void);
void	tls_set_current(struct tls *t);
/* Asks, and if need be leaves the handshake until the answer is there. */
size_t	tls_ask_signature(struct tls_text *text, uint8_t *sig,
	    size_t sig_max);
/* TLS_FOUND: what there is was learned.  LATER: the handshake must stop. */
enum tls_found tls_ask_chain(struct tls *t, const char *host) must_use;
/* The answer of a session that waits is not wanted any more. */
void	tls_wait_end(struct tls *t);

/* tls_server.c: the answer for the host that this client named. */
void	tls_server_learn(const struct tls *t, struct span der);
/* Nobody signed for it: perhaps it was renewed behind our back. */
void	tls_server_unlearn(const struct tls *t);

/* tls_facts.c: of that certificate, RFC 5929 4.1 */
int	tls_end_point(const X509 *x, uint8_t out[TLS_BINDING_MAX], size_t *n)
	    must_use;

/*
 * tls_heap.c: before the library is used; what it makes until close, and what of
 * that it changes later, is kept together.
 */
void	tls_heap_open(void);
void	tls_heap_close(void);

/* tls_tickets.c: id tells protocols apart. */
void	tls_tickets_use(SSL_CTX *ctx, const char *id, uint32_t lifetime_s);
/* The server's end point, for a session that was resumed. */
int	tls_tickets_end_point(SSL *ssl, const void **p, size_t *n) must_use;

/* tls_provider.c: into both; must come before any key is read. */
int	tls_provider_load(OSSL_LIB_CTX *lib) must_use;
/* A key whose private half is elsewhere, for the public one of cert. */
EVP_PKEY *tls_provider_key(OSSL_LIB_CTX *lib, X509 *cert, const char *host);

#endif
