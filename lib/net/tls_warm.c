/*
 * tls_warm - see tls.h; this part is a handshake with ourselves.
 * The library finds its algorithms when it first needs them: some 250 KiB and
 * half a millisecond that each child of a listener would pay for again.  A
 * listener has no key to sign with, so the handshake ends there, with nothing
 * asked of anybody (ending); what comes before is nearly all.
 */
#include "net/tls_priv.h"

#include <openssl/bio.h>
#include <openssl/err.h>

/* The octets of one are the other's to read. */
static bool
join(SSL *client, SSL *server)
{
	BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());

	if (to == NULL || from == NULL || BIO_up_ref(to) != 1 ||
	    BIO_up_ref(from) != 1)
		return false;	/* the process is at its end of memory */
	SSL_set_bio(server, to, from);
	SSL_set_bio(client, from, to);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	return true;
}

void
tls_server_warm(struct tls_server *s)
{
	SSL_CTX *ctx = tls_context(TLS_client_method());
	SSL *client = SSL_new(ctx);
	struct tls *t = tls_accept(s, -1);

	if (client != NULL && t != NULL && join(client, t->ssl)) {
		t->ending = true;
		(void)SSL_do_handshake(client);	/* says hello, and waits */
		(void)!tls_handshake(t);	/* fails for want of a key */
	}
	tls_free(&t);
	SSL_free(client);
	SSL_CTX_free(ctx);
	ERR_clear_error();
}
