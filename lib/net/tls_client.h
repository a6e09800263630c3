/*
 * tls_client - TLS towards a server: whom it must prove to be, and by what.
 */
#ifndef NET_TLS_CLIENT_H
#define NET_TLS_CLIENT_H

#include "net/tls.h"

#define TLS_NAMES_MAX	4	/* of one server */
#define TLS_TLSA_MAX	32	/* records of one server that count */
#define TLS_CA_FILE_MAX	(8 * MIB)
#define TLS_CA_MAX	2000	/* certificates in it */

struct tls_client;	/* what all sessions of a program have in common */

struct tls_client *tls_client_new(void);
void	tls_client_free(struct tls_client **c);
/*
 * The authorities that are believed, in place of those of before.
 * pem      any number of certificates, one after the other; text between them
 *	    and blocks of other kinds are passed over; a broken one is the end
 * returns  how many there are; 0: none, all as before
 */
size_t	tls_client_trust(struct tls_client *c, struct span pem);

/* A TLSA record, as SMTP may use it: usages 2 and 3 (RFC 7672). */
struct tls_tlsa {
	uint8_t	    usage, selector, matching;
	struct span data;
};

enum tls_proof {
	TLS_PROOF_NONE,		/* whoever it is */
	TLS_PROOF_CA,		/* a chain to an authority, and a name */
	TLS_PROOF_DANE		/* one of the records */
};
struct tls_want {
	const char *host;	/* asked for (SNI) if it is a name; or NULL */
	enum tls_proof proof;
	/*
	 * Any of these in the certificate; ".b.example" for all that ends so.
	 * A record of usage 3 asks for no name.
	 */
	const char *names[TLS_NAMES_MAX];
	size_t	    nnames;
	const struct tls_tlsa *tlsa;
	size_t	    ntlsa;
};
/*
 * fd       non-blocking; stays the caller's
 * want     only for this call.  Records that the library cannot use do not
 *	    count; with none left there is no proof (tls_proven()).
 * returns  NULL: no memory, or a name that cannot be asked for
 */
struct tls *tls_connect(const struct tls_client *c, int fd,
	    const struct tls_want *want);
/* After the handshake: what the server has proven. */
enum tls_proof tls_proven(const struct tls *t);

#endif
