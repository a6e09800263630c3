/*
 * tls_tickets - see tls.h; this part is resumption by tickets (RFC 8446 4.6.1,
 * RFC 5077), for processes that serve many clients.  The keys are made here,
 * at random, live in this process alone and are for all its servers,
 * so a reload loses no ticket; they change with the lifetime of a ticket, and
 * the one before is kept as long as tickets of it may come.  A ticket holds the
 * state of a TLS session and the hash of the certificate that the client saw;
 * nothing of a login, which every connection has to prove anew.  Sessions in
 * which a client showed a certificate are not resumed: who it is, is looked at
 * each time.
 */
#include "net/tls_priv.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include <string.h>

#include "base/bug.h"
#include "base/secret.h"
#include "os/clock.h"
#include "os/rand.h"

#define NAME_OCTETS	16
#define AES_OCTETS	32
#define MAC_OCTETS	32
#define PER_HANDSHAKE	2	/* clients open two connections at once */

struct ticket_key {
	uint8_t name[NAME_OCTETS];
	uint8_t aes[AES_OCTETS];
	uint8_t mac[MAC_OCTETS];
};

static struct {
	struct ticket_key now, before;
	int64_t	    born_ms;	/* of now; 0: there is none */
	int64_t	    lifetime_ms;
	EVP_CIPHER *cipher;
} tickets;

/* The one before is random from its birth: no ticket can have its name. */
static void
rotate(void)
{
	int64_t now = clock_mono_ms(), age = now - tickets.born_ms;

	if (tickets.born_ms != 0 && age < tickets.lifetime_ms)
		return;
	if (tickets.born_ms == 0 || age >= 2 * tickets.lifetime_ms)
		rand_octets(&tickets.before, sizeof(tickets.before));
	else
		memcpy(&tickets.before, &tickets.now, sizeof(tickets.now));
	rand_octets(&tickets.now, sizeof(tickets.now));
	tickets.born_ms = now;
}

static const struct ticket_key *
key_of(const uint8_t *name)
{
	if (memcmp(name, tickets.now.name, NAME_OCTETS) == 0)
		return &tickets.now;
	return memcmp(name, tickets.before.name, NAME_OCTETS) == 0 ?
	    &tickets.before : NULL;
}

static bool
begin_mac(EVP_MAC_CTX *mac, const struct ticket_key *k)
{
	static char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
		    (void *)(uintptr_t)k->mac, MAC_OCTETS),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    digest, 0),
		OSSL_PARAM_construct_end()
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0 no such key, 2 give a new one. */
static int
on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	const struct ticket_key *k;

	(void)ssl;
	rotate();
	if (enc == 1) {
		k = &tickets.now;
		memcpy(name, k->name, NAME_OCTETS);
		rand_octets(iv, (size_t)EVP_CIPHER_get_iv_length(
		    tickets.cipher));
	} else if ((k = key_of(name)) == NULL) {
		return 0;
	}
	if (EVP_CipherInit_ex2(cipher, tickets.cipher, k->aes, iv, enc,
	    NULL) != 1 || !begin_mac(mac, k))
		return -1;
	return k == &tickets.now ? 1 : 2;
}

/* What a resumed session cannot tell any more: which certificate it was. */
static int
on_generate(SSL *ssl, void *arg)
{
	uint8_t point[TLS_BINDING_MAX];
	const void *had;
	size_t n;

	(void)arg;
	if (SSL_session_reused(ssl) == 1 && tls_tickets_end_point(ssl, &had,
	    &n) == 0)
		return 1;	/* it goes on from ticket to ticket */
	if (tls_end_point(SSL_get_certificate(ssl), point, &n) != 0)
		return 1;
	return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), point,
	    n);
}

static SSL_TICKET_RETURN
on_decrypted(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
    size_t n, SSL_TICKET_STATUS status, void *arg)
{
	(void)name;
	(void)n;
	(void)arg;
	switch (status) {
	case SSL_TICKET_SUCCESS:
	case SSL_TICKET_SUCCESS_RENEW:
		if (SSL_SESSION_get0_peer(session) != NULL)
			break;
		/* RFC 8446 C.4: no ticket of 1.3 should be used twice. */
		return status == SSL_TICKET_SUCCESS &&
		    SSL_version(ssl) < TLS1_3_VERSION ?
		    SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
	}
	return SSL_TICKET_RETURN_IGNORE_RENEW;
}

int
tls_tickets_end_point(SSL *ssl, const void **p, size_t *n)
{
	void *data = NULL;

	*n = 0;
	if (SSL_SESSION_get0_ticket_appdata(SSL_get_session(ssl), &data,
	    n) != 1 || *n == 0 || *n > TLS_BINDING_MAX)
		return -1;
	*p = data;
	return 0;
}

void
tls_tickets_use(SSL_CTX *ctx, const char *id, uint32_t lifetime_s)
{
	if (tickets.cipher == NULL)
		tickets.cipher = EVP_CIPHER_fetch(tls_library(),
		    "AES-256-CBC", NULL);
	if (tickets.cipher == NULL)
		die(EXIT_OSERR, "the TLS library lacks AES-256-CBC");
	tickets.lifetime_ms = (int64_t)lifetime_s * 1000;
	rotate();
	(void)SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_timeout(ctx, (long)lifetime_s);
	if (SSL_CTX_set_num_tickets(ctx, PER_HANDSHAKE) != 1 ||
	    SSL_CTX_set_max_early_data(ctx, 0) != 1 ||
	    SSL_CTX_set_recv_max_early_data(ctx, 0) != 1 ||
	    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)id,
	    (unsigned)strlen(id)) != 1 ||
	    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket_key) != 1 ||
	    SSL_CTX_set_session_ticket_cb(ctx, on_generate, on_decrypted,
	    NULL) != 1)
		die(EXIT_OSERR, "the TLS library lacks tickets");
}
