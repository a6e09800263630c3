/*
 * cert - see cert.h.
 * Certificates come from the administrator's files; the names in them are
 * still looked at: one with a NUL or a control in it is passed over.
 */
#include "net/cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

void
cert_free(struct x509_st **certs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		X509_free(certs[i]);
}

/* A file that asks for a password is refused, not asked about. */
static int
no_password(char *to, int size, int rwflag, void *ctx)
{
	(void)to;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return -1;
}

/* Half a chain would be found out by clients only: what is wrong, or NULL. */
static const char *
read_all(BIO *in, struct ossl_lib_ctx_st *lib, struct x509_st **out,
    size_t *n)
{
	X509 *x = NULL;
	unsigned long error;

	*n = 0;
	ERR_clear_error();
	while (in != NULL && (x = X509_new_ex(lib, NULL)) != NULL &&
	    PEM_read_bio_X509(in, &x, no_password, NULL) != NULL) {
		if (*n == CERT_CHAIN_MAX) {
			X509_free(x);
			return "more than 10 certificates in one file";
		}
		out[(*n)++] = x;
		x = NULL;
	}
	X509_free(x);
	/* The end of the file is an error too, and the only good one. */
	error = ERR_peek_last_error();
	if (ERR_GET_LIB(error) != ERR_LIB_PEM ||
	    ERR_GET_REASON(error) != PEM_R_NO_START_LINE)
		return "a certificate that cannot be read";
	return *n > 0 ? NULL : "no certificate in PEM form";
}

int
cert_parse(struct span pem, struct ossl_lib_ctx_st *lib,
    struct x509_st *out[CERT_CHAIN_MAX], size_t *n, struct why *why)
{
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	const char *wrong = read_all(in, lib, out, n);

	ERR_clear_error();
	BIO_free(in);
	if (wrong == NULL)
		return 0;
	cert_free(out, *n);
	*n = 0;
	why_set(why, WHY_PERM, "5.3.5", "%s", wrong);
	return -1;
}

bool
cert_pem_has_key(struct span pem)
{
	return span_find(pem, SPAN_LIT("PRIVATE KEY-----")) < pem.n;
}

int
cert_parse_der(struct span der, struct ossl_lib_ctx_st *lib,
    struct x509_st *out[CERT_CHAIN_MAX], size_t *n)
{
	const unsigned char *p = (const unsigned char *)der.p,
	    *end = p + der.n;
	X509 *x;

	*n = 0;
	while (p < end && *n < CERT_CHAIN_MAX &&
	    (x = X509_new_ex(lib, NULL)) != NULL) {
		if (d2i_X509(&x, &p, end - p) == NULL) {
			X509_free(x);
			break;
		}
		out[(*n)++] = x;
	}
	ERR_clear_error();
	if (*n > 0 && p == end)
		return 0;
	cert_free(out, *n);
	*n = 0;
	return -1;
}

int
cert_key_id(const struct x509_st *cert, uint8_t id[CERT_ID])
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (n <= 0)
		return -1;
	(void)SHA256(der, (size_t)n, id);	/* of memory: cannot fail */
	OPENSSL_free(der);
	return 0;
}

static void
add_name(struct cert_names *out, const ASN1_STRING *s)
{
	int n = ASN1_STRING_length(s);
	const unsigned char *p = ASN1_STRING_get0_data(s);
	char *name;

	if (n <= 0 || n >= CERT_NAME_SIZE || out->n == CERT_NAMES_MAX)
		return;
	for (int i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return;
	out->v = xreallocarray(out->v, out->n + 1, sizeof(out->v[0]));
	name = out->v[out->n++];
	for (int i = 0; i < n; i++)
		name[i] = ascii_lower((char)p[i]);
	name[n] = '\0';
}

static void
add_common_name(struct cert_names *out, const X509 *cert)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at >= 0)
		add_name(out, X509_NAME_ENTRY_get_data(
		    X509_NAME_get_entry(subject, at)));
}

int
cert_names(const struct x509_st *cert, struct cert_names *out)
{
	GENERAL_NAMES *alt;
	const GENERAL_NAME *g;

	*out = (struct cert_names){ NULL, 0 };
	alt = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; alt != NULL && i < sk_GENERAL_NAME_num(alt); i++) {
		g = sk_GENERAL_NAME_value(alt, i);
		if (g->type == GEN_DNS)
			add_name(out, g->d.dNSName);
	}
	GENERAL_NAMES_free(alt);
	if (out->n == 0)
		add_common_name(out, cert);
	return out->n > 0 ? 0 : -1;
}

void
cert_names_free(struct cert_names *names)
{
	free(names->v);
	*names = (struct cert_names){ NULL, 0 };
}

static bool
name_fits(struct span name, struct span host)
{
	size_t dot = span_chr(host, '.');

	if (!span_starts(name, SPAN_LIT("*.")))
		return span_ieq(name, host);
	return dot > 0 && dot < host.n &&
	    span_ieq(span_from(name, 2), span_from(host, dot + 1));
}

bool
cert_names_have(const struct cert_names *names, struct span host)
{
	for (size_t i = 0; i < names->n; i++)
		if (name_fits(span_str(names->v[i]), host) ||
		    span_ieq_str(host, names->v[i]))
			return true;
	return false;
}
