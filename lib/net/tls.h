/*
 * tls - sessions of TLS 1.2 and 1.3 over a descriptor, for servers whose
 * private keys are elsewhere and for clients (tls_client.h).  With cert and
 * tls_provider the only module that includes the TLS library.
 *
 * No session is resumed, so that nothing is shared between the children of one
 * process, but where tls_server_tickets() was called.  No early data, no
 * renegotiation, no compression, only ECDHE.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <sys/types.h>

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "net/stream.h"

#define TLS_BINDING_MAX	64	/* octets */
#define TLS_CLIENT_SIZE	321	/* an address, with NUL */

struct tls_server;	/* certificates, for all sessions of a daemon */
struct tls;		/* one session */

/*
 * Everything that the library would load late, now: before confinement and
 * before any fork.  Ends the process if it cannot be had.  Once.
 */
void	tls_setup(void);

/* ------------------------------------------------- before the first session */

/* alpn: the one protocol name that clients may ask for, RFC 7301 3.2. */
struct tls_server *tls_server_new(const char *alpn);
void	tls_server_free(struct tls_server **s);	/* sessions live on */
/*
 * One more certificate with its chain, PEM.  The first is for clients that
 * name no host or one that nobody knows; for other names the server asks
 * (net/tls_ask), and remembers a bounded number of answers.
 */
int	tls_server_add(struct tls_server *s, struct span pem,
	    struct why *why) must_use;
size_t	tls_server_count(const struct tls_server *s);
/*
 * Sessions may be resumed for lifetime_s (0: never), in this process only;
 * never one in which the client showed a certificate.  Not for processes that
 * fork to serve.
 */
void	tls_server_tickets(struct tls_server *s, uint32_t lifetime_s);
/*
 * Ask clients for a certificate that one of these CAs (PEM) vouches for.  None
 * is demanded, and a bad one ends nothing: tls_facts() tells.
 */
int	tls_server_ask_client(struct tls_server *s, struct span pem,
	    struct why *why) must_use;

/*
 * For who forks to serve, before that: what the first session of a process
 * makes the library load and keep.  Asks nobody for a signature.
 */
void	tls_server_warm(struct tls_server *s);

/* ------------------------------------------------------------- one session */

/* fd: non-blocking; stays the caller's.  NULL: no memory. */
struct tls *tls_accept(struct tls_server *s, int fd);
/* Says goodbye if that is possible at once. */
void	tls_free(struct tls **t);

/*
 * For programs with a loop, before the handshake: it may stop at
 * TLS_WAIT_ANSWER, and go_on is called when there is something to do for it.
 */
void	tls_wait_with(struct tls *t, void (*go_on)(void *ctx), void *ctx);

enum tls_result {
	TLS_DONE,
	TLS_WAIT_READ,		/* call again when fd can be read */
	TLS_WAIT_WRITE,
	TLS_WAIT_ANSWER,	/* only of others (net/tls_ask) */
	TLS_FAILED		/* nothing may be said on fd any more */
};
enum tls_result tls_handshake(struct tls *t) must_use;
/* The same for straight-line programs.  -1: failed or too late. */
int	tls_handshake_wait(struct tls *t, int64_t deadline_ms) must_use;
/* Why it failed, for logs. */
const char *tls_failure(const struct tls *t);

/* As struct stream_io: octets, 0 at the peer's goodbye, or -1 with errno. */
ssize_t	tls_read(struct tls *t, void *p, size_t n, int *want) must_use;
ssize_t	tls_write(struct tls *t, const void *p, size_t n, int *want)
	    must_use;
/* For stream_set_io(), with the struct tls as ctx; its close frees it. */
extern const struct stream_io tls_stream_io;

struct tls_facts {
	const char *version;	/* "TLSv1.3"; valid as long as the process */
	const char *cipher;	/* "TLS_AES_256_GCM_SHA384" */
	char	    host[256];	/* what the client asked for, or "" */
	bool	    resumed;	/* by a ticket */
	/* Of the client's certificate, for servers that ask for one. */
	bool	    client_sent;
	bool	    client_verified;	/* a CA of ours vouches, dates hold */
	/* Its address: rfc822Name (RFC 5280 4.2.1.6), else emailAddress of
	   the subject; "" without a verified one. */
	char	    client[TLS_CLIENT_SIZE];
};
void	tls_facts(const struct tls *t, struct tls_facts *facts);

enum tls_binding_kind {
	TLS_BIND_EXPORTER,	/* "tls-exporter", RFC 9266 */
	TLS_BIND_END_POINT	/* "tls-server-end-point", RFC 5929 4 */
};
/*
 * What ties a login to this session, which must be up.
 * out      filled with *n octets
 * returns  0; -1: the type is not defined for this session (TLS 1.2 without
 *	    extended master secret; a certificate signed without a hash)
 */
int	tls_binding(const struct tls *t, enum tls_binding_kind kind,
	    uint8_t out[TLS_BINDING_MAX], size_t *n) must_use;

#endif
