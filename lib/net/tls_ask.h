/*
 * tls_ask - what the sessions of a TLS server ask of others: signatures, whose
 * keys are elsewhere, and certificates for names that the server was not
 * given.  Straight-line programs answer at once; programs with a loop may
 * answer later, and only that session waits.
 */
#ifndef NET_TLS_ASK_H
#define NET_TLS_ASK_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

struct tls;

#define TLS_LATER	SIZE_MAX
#define TLS_SIG_MAX	1024		/* octets of a signature */
#define TLS_CHAIN_MAX	(32 * KIB)	/* octets of a chain that is found */

struct tls_text {		/* what a handshake wants signed */
	unsigned       scheme;	/* SignatureScheme, RFC 8446 4.2.3 */
	const char    *host;	/* by which the certificate was found */
	const uint8_t *key_id;	/* cert_key_id(), CERT_ID octets */
	struct span    text;	/* the whole of it, no digest */
	struct tls    *session;
};

enum tls_found { TLS_FOUND, TLS_FOUND_NONE, TLS_FOUND_LATER };

struct tls_asks {
	/*
	 * Fills at most sig_max octets, returns how many; 0: refused.
	 * TLS_LATER, only if tls_may_wait(): tls_signed() will be called.
	 */
	size_t (*sign)(const struct tls_text *text, uint8_t *sig,
	    size_t sig_max);
	/*
	 * The chain for that host, of which nothing is known but that a client
	 * said it: certificates in DER one behind the other, the host's own
	 * first, into chain; left empty: nobody has that name.  LATER, as
	 * above: tls_found() will be called.
	 * NULL: there are none but those of tls_server_add().
	 */
	enum tls_found (*find)(struct tls *t, const char *host,
	    struct buf *chain);
	/* The session waits no more; its answer must not come. */
	void (*forget)(struct tls *t);
};
void	tls_on(const struct tls_asks *asks);	/* must live on */

/* The library can leave a handshake halfway on this system. */
bool	tls_can_wait(void);
/* And this session's program has a loop. */
bool	tls_may_wait(const struct tls *t);

/* The slot of the one who answers later, for this session. */
void	tls_set_asked(struct tls *t, void *asked);
void   *tls_asked(const struct tls *t);

/*
 * The answer to TLS_LATER.  Goes on with the handshake through the function
 * of tls_wait_with(); the session may be gone afterwards.
 * n        0: refused
 * found    TLS_FOUND: the chain; empty: nobody has that name, which is
 *	    remembered for a while.  TLS_FOUND_NONE: not known
 */
void	tls_signed(struct tls *t, const uint8_t *sig, size_t n);
void	tls_found(struct tls *t, enum tls_found found, struct span chain);

#endif
