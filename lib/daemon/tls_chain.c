/*
 * tls_chain - see tls_chain.h.
 * Each part says by a sum of which chain it is, and the next question repeats
 * that: so parts of two chains are never put together, and a chain that was
 * renewed between two questions comes from its beginning.
 */
#include "daemon/tls_chain.h"

#define BEGUN_MAX	5	/* who is renewed faster is not served */

void
tls_chain_init(struct tls_chain *c)
{
	*c = (struct tls_chain){ .sum = 0 };
	buf_init(&c->octets, CERT_TOTAL_MAX);
}

void
tls_chain_fini(struct tls_chain *c)
{
	buf_fini(&c->octets);
}

void
tls_chain_ask(const struct tls_chain *c, const char *host,
    struct cert_req *req)
{
	*req = (struct cert_req){ .from = (uint32_t)c->octets.n,
		.sum = c->sum };
	span_copy_cut(span_str(host), req->host, sizeof(req->host));
}

enum tls_chain_state
tls_chain_take(struct tls_chain *c, const struct cert_rep *rep)
{
	if (rep->from == 0) {
		if (c->begun++ == BEGUN_MAX)
			return TLS_CHAIN_WRONG;
		buf_clear(&c->octets);
		c->sum = rep->sum;
	}
	if (rep->from != c->octets.n || rep->sum != c->sum ||
	    rep->from >= rep->total || rep->part_len > rep->total - rep->from)
		return TLS_CHAIN_WRONG;
	(void)buf_add(&c->octets, rep->part, rep->part_len);	/* fits */
	return c->octets.n < rep->total ? TLS_CHAIN_MORE : TLS_CHAIN_WHOLE;
}
