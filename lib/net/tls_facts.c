/*
 * tls_facts - see tls.h; this part is what a session can tell of itself: what
 * was agreed on, who the client proved to be, and values that tie a login to
 * it.
 */
#include "net/tls_priv.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string.h>

#include "base/bug.h"

#define EXPORTER_OCTETS	32	/* RFC 9266 2 */

/* ---------------------------------------------------- the client's address */

/* An address that could mean something else to somebody is none. */
static bool
take_address(const ASN1_STRING *s, char *out)
{
	int n = s == NULL ? 0 : ASN1_STRING_length(s);
	const unsigned char *p = s == NULL ? NULL : ASN1_STRING_get0_data(s);
	struct span text = span_of(p, n > 0 ? (size_t)n : 0);

	if (text.n == 0 || text.n >= TLS_CLIENT_SIZE)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	if (span_chr(text, '@') == text.n)
		return false;
	span_copy_cut(text, out, TLS_CLIENT_SIZE);
	return true;
}

static bool
alternative_address(const X509 *x, char *out)
{
	GENERAL_NAMES *alt = X509_get_ext_d2i(x, NID_subject_alt_name, NULL,
	    NULL);
	const GENERAL_NAME *g;
	bool found = false;

	for (int i = 0; alt != NULL && !found &&
	    i < sk_GENERAL_NAME_num(alt); i++) {
		g = sk_GENERAL_NAME_value(alt, i);
		found = g->type == GEN_EMAIL &&
		    take_address(g->d.rfc822Name, out);
	}
	GENERAL_NAMES_free(alt);
	return found;
}

static void
subject_address(const X509 *x, char *out)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(subject,
	    NID_pkcs9_emailAddress, -1);

	if (at >= 0)
		(void)take_address(X509_NAME_ENTRY_get_data(
		    X509_NAME_get_entry(subject, at)), out);
}

static void
client_facts(const struct tls *t, struct tls_facts *facts)
{
	const X509 *x = SSL_get0_peer_certificate(t->ssl);

	facts->client_sent = x != NULL;
	facts->client_verified = x != NULL &&
	    SSL_get_verify_result(t->ssl) == X509_V_OK;
	if (facts->client_verified && !alternative_address(x, facts->client))
		subject_address(x, facts->client);
	ERR_clear_error();
}

void
tls_facts(const struct tls *t, struct tls_facts *facts)
{
	const char *host = SSL_get_servername(t->ssl,
	    TLSEXT_NAMETYPE_host_name);

	*facts = (struct tls_facts){
		.version = SSL_get_version(t->ssl),
		.cipher = SSL_get_cipher_name(t->ssl),
		.resumed = SSL_session_reused(t->ssl) == 1,
	};
	span_copy_cut(span_str(host), facts->host, sizeof(facts->host));
	if (SSL_is_server(t->ssl))
		client_facts(t, facts);
}

/* ----------------------------------------------------------------- bindings */

/* RFC 5929 4.1: the hash of the certificate's signature, but no weak one. */
static const EVP_MD *
end_point_hash(const X509 *x)
{
	int hash;

	if (X509_get_signature_info((X509 *)(uintptr_t)x, &hash, NULL, NULL,
	    NULL) != 1)
		return NULL;
	if (hash == NID_md5 || hash == NID_sha1)
		hash = NID_sha256;
	return hash == NID_undef ? NULL : EVP_get_digestbynid(hash);
}

int
tls_end_point(const X509 *x, uint8_t out[TLS_BINDING_MAX], size_t *n)
{
	const EVP_MD *md = x == NULL ? NULL : end_point_hash(x);
	unsigned got = 0;
	int rc;

	rc = md != NULL && EVP_MD_get_size(md) <= TLS_BINDING_MAX &&
	    X509_digest(x, md, out, &got) == 1 ? 0 : -1;
	*n = got;
	ERR_clear_error();
	return rc;
}

static const X509 *
server_certificate(const struct tls *t)
{
	return SSL_is_server(t->ssl) ? SSL_get_certificate(t->ssl) :
	    SSL_get0_peer_certificate(t->ssl);
}

static int
end_point(const struct tls *t, uint8_t out[TLS_BINDING_MAX], size_t *n)
{
	const void *had;

	if (!SSL_is_server(t->ssl) || SSL_session_reused(t->ssl) != 1)
		return tls_end_point(server_certificate(t), out, n);
	if (tls_tickets_end_point(t->ssl, &had, n) != 0)
		return -1;
	memcpy(out, had, *n);
	return 0;
}

/* With an empty context, which in TLS 1.2 is not the same as none. */
static int
exporter(const struct tls *t, uint8_t out[TLS_BINDING_MAX], size_t *n)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	static const unsigned char context[1];

	/* RFC 9266 4.2: else another session may have the same value. */
	if (SSL_version(t->ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(t->ssl) != 1)
		return -1;
	*n = EXPORTER_OCTETS;
	return SSL_export_keying_material(t->ssl, out, *n, label,
	    sizeof(label) - 1, context, 0, 1) == 1 ? 0 : -1;
}

int
tls_binding(const struct tls *t, enum tls_binding_kind kind,
    uint8_t out[TLS_BINDING_MAX], size_t *n)
{
	*n = 0;
	if (!t->up)
		return -1;
	return kind == TLS_BIND_EXPORTER ? exporter(t, out, n) :
	    end_point(t, out, n);
}
