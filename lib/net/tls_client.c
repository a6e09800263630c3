/*
 * tls_client - see tls.h; this part is a client's own: what all its sessions
 * have in common, and how one begins.
 */
#include "net/tls_priv.h"

#include <stdlib.h>

#include "base/bug.h"

struct tls_client {
	SSL_CTX *ctx;
};

struct tls_client *
tls_client_new(void)
{
	struct tls_client *c = xcalloc(1, sizeof(*c));

	c->ctx = tls_context(TLS_client_method());
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_NONE, NULL);
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

SSL_CTX *
tls_client_context(const struct tls_client *c)
{
	return c->ctx;
}
