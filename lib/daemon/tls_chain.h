/*
 * tls_chain - the certificate of a host in parts, as keyd sends it.
 */
#ifndef DAEMON_TLS_CHAIN_H
#define DAEMON_TLS_CHAIN_H

#include "base/base.h"
#include "base/buf.h"
#include "ipc/msg_sign.h"

struct tls_chain {
	struct buf octets;	/* what came, CERT_TOTAL_MAX at most */
	uint64_t   sum;		/* of the whole */
	unsigned   begun;	/* how often */
};

void	tls_chain_init(struct tls_chain *c);
void	tls_chain_fini(struct tls_chain *c);

/* The question for what is missing. */
void	tls_chain_ask(const struct tls_chain *c, const char *host,
	    struct cert_req *req);

enum tls_chain_state {
	TLS_CHAIN_MORE,
	TLS_CHAIN_WHOLE,
	TLS_CHAIN_WRONG		/* no answer to that question */
};
/*
 * One more part.  Where the pair was renewed meanwhile it begins anew, a few
 * times.
 */
enum tls_chain_state tls_chain_take(struct tls_chain *c,
	    const struct cert_rep *rep) must_use;

#endif
