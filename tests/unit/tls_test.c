/*
 * tls: handshakes of 1.2 and 1.3 with RSA, EC and Ed25519 keys that the
 * session's context does not have; what the hook is asked to sign; names and
 * ALPN; old versions; early octets; bindings; certificates of clients.
 */
#include "net/tls.h"

#include <sys/socket.h>

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "net/cert.h"
#include "net/stream.h"
#include "net/tls_ask.h"
#include "net/tls_client.h"
#include "os/fd.h"
#include "t.h"

enum { RSA_KEY, P256_KEY, P384_KEY, ED_KEY, KEYS };

static struct {
	EVP_PKEY *pkey[KEYS];
	char	 *pem[KEYS];
	uint8_t	  id[KEYS][CERT_ID];
	struct tls_text last;		/* what was asked for */
	uint8_t	  text[256];
	unsigned  asked;
	bool	  refuse, later;
	/* What is asked and will be answered later. */
	struct tls *waits;
	uint8_t	  sig[TLS_SIG_MAX];
	size_t	  sig_n;
	unsigned  forgotten, went_on, found;
	int	  find;			/* whose chain; -1: none */
} all;

static EVP_PKEY *
make_key(int kind)
{
	switch (kind) {
	case RSA_KEY:
		return EVP_RSA_gen(2048);
	case P256_KEY:
		return EVP_EC_gen("P-256");
	case P384_KEY:
		return EVP_EC_gen("P-384");
	}
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static void
add_names(X509 *x, const char *names)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, names);

	T_TRUE(e != NULL && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

static char *
make_pem(EVP_PKEY *k, const char *names, uint8_t id[CERT_ID])
{
	X509 *x = X509_new();
	BIO *out = BIO_new(BIO_s_mem());
	char *p, *pem;
	long n;

	T_TRUE(X509_set_version(x, 2) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, k);
	add_names(x, names);
	T_TRUE(X509_sign(x, k, EVP_PKEY_is_a(k, "ED25519") ? NULL :
	    EVP_sha256()) > 0);
	T_TRUE(PEM_write_bio_X509(out, x) == 1);
	T_TRUE(cert_key_id(x, id) == 0);
	n = BIO_get_mem_data(out, &p);
	pem = calloc(1, (size_t)n + 1);
	memcpy(pem, p, (size_t)n);
	BIO_free(out);
	X509_free(x);
	return pem;
}

static const char *const names[KEYS] = {
	"DNS:rsa.example,DNS:*.wild.example", "DNS:ec.example",
	"DNS:ec384.example", "DNS:ed.example"
};

/* Stands in for keyd: signs whatever it is. */
static size_t
sign(const struct tls_text *what, uint8_t *sig, size_t sig_max)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;
	unsigned low = what->scheme & 0xff, high = what->scheme >> 8;
	unsigned n = high == 8 ? low - 4 : high - 4;
	const char *hash = n == 0 ? "SHA256" : n == 1 ? "SHA384" : "SHA512";
	size_t key = 0, got = sig_max;

	while (memcmp(all.id[key], what->key_id, CERT_ID) != 0)
		T_TRUE(++key < KEYS);
	all.asked++;
	all.last = *what;
	T_TRUE(what->text.n <= sizeof(all.text));
	memcpy(all.text, what->text.p, what->text.n);
	if (all.refuse) {
		EVP_MD_CTX_free(md);
		return 0;
	}
	T_TRUE(EVP_DigestSignInit_ex(md, &how, key == ED_KEY ? NULL : hash,
	    NULL, NULL, all.pkey[key], NULL) == 1);
	if (key == RSA_KEY && high == 8) {
		EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
	}
	T_TRUE(EVP_DigestSign(md, sig, &got,
	    (const unsigned char *)what->text.p, what->text.n) == 1);
	EVP_MD_CTX_free(md);
	if (!all.later)
		return got;
	T_TRUE(tls_may_wait(what->session));
	memcpy(all.sig, sig, got);
	memset(sig, 0, got);
	all.sig_n = got;
	all.waits = what->session;
	return TLS_LATER;
}

/* Knows every name below found.example, and that it is the key's at `find`. */
static enum tls_found
find(struct tls *t, const char *host, struct buf *chain)
{
	BIO *in = BIO_new_mem_buf(all.find < 0 ? "" : all.pem[all.find], -1);
	X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
	unsigned char *der = NULL;
	int n;

	BIO_free(in);
	ERR_clear_error();
	(void)host;
	all.found++;
	if (x == NULL)
		return TLS_FOUND;
	n = i2d_X509(x, &der);
	T_TRUE(n > 0 && buf_add(chain, der, (size_t)n) == 0);
	OPENSSL_free(der);
	X509_free(x);
	if (!all.later)
		return TLS_FOUND;
	all.waits = t;
	return TLS_FOUND_LATER;
}

static void
forget(struct tls *t)
{
	T_TRUE(t == all.waits);
	all.forgotten++;
	all.waits = NULL;
}

static const struct tls_asks asks = { sign, find, forget };

/* A CA and what it signs; email: in the subject, alt: in the names. */
static X509 *
make_client(EVP_PKEY *ca, EVP_PKEY *k, const char *email, const char *alt,
    long days)
{
	X509 *x = X509_new();
	X509_NAME *issuer = X509_NAME_new(), *subject = X509_NAME_new();
	X509_EXTENSION *e;

	X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC,
	    (const unsigned char *)"our CA", -1, -1, 0);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)(k == ca ? "our CA" : "client"), -1, -1, 0);
	if (email != NULL)
		X509_NAME_add_entry_by_txt(subject, "emailAddress",
		    MBSTRING_ASC, (const unsigned char *)email, -1, -1, 0);
	T_TRUE(X509_set_version(x, 2) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), k == ca ? 1 : 2);
	X509_set_issuer_name(x, issuer);
	X509_set_subject_name(x, subject);
	X509_gmtime_adj(X509_getm_notBefore(x), -864000);
	X509_gmtime_adj(X509_getm_notAfter(x), days * 86400);
	X509_set_pubkey(x, k);
	if (alt != NULL)
		add_names(x, alt);
	e = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
	    k == ca ? "critical,CA:TRUE" : "CA:FALSE");
	T_TRUE(X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
	T_TRUE(X509_sign(x, ca, EVP_sha256()) > 0);
	X509_NAME_free(issuer);
	X509_NAME_free(subject);
	return x;
}

static char *
pem_of(X509 *x)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *p, *pem;
	long n;

	T_TRUE(PEM_write_bio_X509(out, x) == 1);
	n = BIO_get_mem_data(out, &p);
	pem = calloc(1, (size_t)n + 1);
	memcpy(pem, p, (size_t)n);
	BIO_free(out);
	return pem;
}

static int
setup(void **state)
{
	(void)state;
	tls_setup();
	tls_on(&asks);
	all.find = -1;
	for (int i = 0; i < KEYS; i++) {
		all.pkey[i] = make_key(i);
		all.pem[i] = make_pem(all.pkey[i], names[i], all.id[i]);
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (int i = 0; i < KEYS; i++) {
		EVP_PKEY_free(all.pkey[i]);
		free(all.pem[i]);
	}
	return 0;
}

static struct tls_server *
server_with(const int *which, size_t n)
{
	struct tls_server *s = tls_server_new("imap");
	struct why why;

	for (size_t i = 0; i < n; i++)
		T_TRUE(tls_server_add(s, span_str(all.pem[which[i]]),
		    &why) == 0);
	return s;
}

/* A client of the plain library, in the same process. */
struct peer {
	SSL_CTX *ctx;
	SSL *ssl;
	struct tls *tls;
	int fds[2];
};

static void
open_peer(struct peer *p, struct tls_server *s, int version,
    const char *host)
{
	T_TRUE(fd_stream_pair(p->fds) == 0);
	T_TRUE(fd_nonblock(p->fds[0], true) == 0);
	T_TRUE(fd_nonblock(p->fds[1], true) == 0);
	p->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(p->ctx, 0);
	SSL_CTX_set_min_proto_version(p->ctx, version);
	SSL_CTX_set_max_proto_version(p->ctx, version);
	p->ssl = SSL_new(p->ctx);
	SSL_set_fd(p->ssl, p->fds[1]);
	SSL_set_connect_state(p->ssl);
	if (host != NULL)
		SSL_set_tlsext_host_name(p->ssl, host);
	p->tls = tls_accept(s, p->fds[0]);
	T_TRUE(p->tls != NULL);
}

static void
close_peer(struct peer *p)
{
	tls_free(&p->tls);
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	fd_close(&p->fds[0]);
	fd_close(&p->fds[1]);
}

static bool
shake(struct peer *p)
{
	enum tls_result r = TLS_WAIT_READ;
	int rc = 0;

	for (int i = 0; i < 20 && (r != TLS_DONE || rc != 1); i++) {
		if (rc != 1)
			rc = SSL_do_handshake(p->ssl);
		if (r == TLS_WAIT_READ || r == TLS_WAIT_WRITE)
			r = tls_handshake(p->tls);
	}
	ERR_clear_error();
	return r == TLS_DONE && rc == 1;
}

static bool
peer_is(const struct peer *p, const char *name)
{
	X509 *x = SSL_get1_peer_certificate(p->ssl);
	bool is = x != NULL && X509_check_host(x, name, 0, 0, NULL) == 1;

	X509_free(x);
	return is;
}

/* A listener has nobody to ask yet, and must not forget what it has. */
static void
test_warm(void **state)
{
	static const int which[] = { RSA_KEY, P256_KEY };
	struct tls_server *s = server_with(which, COUNT(which));
	struct peer p;

	(void)state;
	all.asked = all.found = all.forgotten = 0;
	for (int i = 0; i < 3; i++)
		tls_server_warm(s);
	T_INT(all.asked, 0);
	T_INT(all.found, 0);
	T_INT(all.forgotten, 0);
	T_INT(ERR_peek_error(), 0);
	T_INT(tls_server_count(s), 2);
	open_peer(&p, s, TLS1_3_VERSION, "rsa.example");
	T_TRUE(shake(&p));
	T_TRUE(peer_is(&p, "rsa.example"));
	T_INT(all.asked, 1);
	tls_server_free(&s);
	close_peer(&p);
}

static void
test_handshakes(void **state)
{
	static const struct {
		const char *name;
		int key, version;
		const char *sigalgs, *groups;
		unsigned scheme;
		size_t text;
	} cases[] = {
		/* RFC 8446 4.2.3 codes; lengths by 4.4.3, RFC 5246 7.4.3 */
		{ "rsa 1.3", RSA_KEY, TLS1_3_VERSION, NULL, NULL, 0x0804,
		    64 + 34 + 48 },
		{ "ec 1.3", P256_KEY, TLS1_3_VERSION, NULL, NULL, 0x0403,
		    64 + 34 + 48 },
		{ "ec384 1.3", P384_KEY, TLS1_3_VERSION, NULL, NULL, 0x0503,
		    64 + 34 + 48 },
		{ "ed 1.3", ED_KEY, TLS1_3_VERSION, NULL, NULL, 0x0807,
		    64 + 34 + 48 },
		{ "ec 1.3 over P-256", P256_KEY, TLS1_3_VERSION, NULL, "P-256",
		    0x0403, 64 + 34 + 48 },
		{ "rsa 1.2", RSA_KEY, TLS1_2_VERSION, "RSA-PSS+SHA384", NULL,
		    0x0805, 64 + 4 + 32 },
		{ "rsa 1.2 pkcs1", RSA_KEY, TLS1_2_VERSION, "RSA+SHA256",
		    NULL, 0x0401, 64 + 4 + 32 },
		{ "rsa 1.2 pkcs1 512", RSA_KEY, TLS1_2_VERSION, "RSA+SHA512",
		    NULL, 0x0601, 64 + 4 + 32 },
		{ "ec 1.2", P256_KEY, TLS1_2_VERSION, NULL, NULL, 0x0403,
		    64 + 4 + 32 },
		{ "rsa 1.2 over P-384", RSA_KEY, TLS1_2_VERSION, NULL, "P-384",
		    0x0804, 64 + 4 + 97 },
		{ "ed 1.2", ED_KEY, TLS1_2_VERSION, NULL, "P-256", 0x0807,
		    64 + 4 + 65 },
	};
	struct tls_facts facts;
	struct peer p;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_server *s = server_with(&cases[i].key, 1);

		t_case(cases[i].name);
		open_peer(&p, s, cases[i].version, NULL);
		if (cases[i].sigalgs != NULL)
			SSL_set1_sigalgs_list(p.ssl, cases[i].sigalgs);
		if (cases[i].groups != NULL)
			SSL_set1_groups_list(p.ssl, cases[i].groups);
		all.asked = 0;
		T_TRUE(shake(&p));
		T_INT(all.asked, 1);
		T_INT(all.last.scheme, cases[i].scheme);
		T_INT(all.last.text.n, cases[i].text);
		T_TRUE(strncmp(names[cases[i].key] + 4, all.last.host,
		    strlen(all.last.host)) == 0);
		tls_facts(p.tls, &facts);
		T_STR(span_str(facts.version), cases[i].version ==
		    TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
		T_TRUE(strstr(facts.cipher, "GCM") != NULL ||
		    strstr(facts.cipher, "CHACHA20") != NULL);
		close_peer(&p);
		tls_server_free(&s);
	}
}

static void
test_octets(void **state)
{
	static const int key = P256_KEY;
	struct tls_server *s = server_with(&key, 1);
	struct peer p;
	char in[64];
	int want = FD_READ;
	size_t got;

	(void)state;
	open_peer(&p, s, TLS1_3_VERSION, NULL);
	T_TRUE(shake(&p));
	T_TRUE(tls_read(p.tls, in, sizeof(in), &want) == -1 &&
	    errno == EAGAIN && want == FD_READ);
	T_TRUE(SSL_write(p.ssl, "EHLO\r\n", 6) == 6);
	T_TRUE(tls_read(p.tls, in, sizeof(in), &want) == 6);
	T_TRUE(memcmp(in, "EHLO\r\n", 6) == 0);
	T_TRUE(tls_write(p.tls, "250\r\n", 5, &want) == 5);
	T_TRUE(SSL_read_ex(p.ssl, in, sizeof(in), &got) == 1 && got == 5);
	/* A key update brings no data and does not hold us. */
	T_TRUE(SSL_key_update(p.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
	T_TRUE(SSL_write(p.ssl, "x", 1) == 1);
	T_TRUE(tls_read(p.tls, in, sizeof(in), &want) == -1 &&
	    errno == EAGAIN);
	T_TRUE(tls_read(p.tls, in, sizeof(in), &want) == 1);
	T_TRUE(SSL_session_reused(p.ssl) == 0);
	SSL_shutdown(p.ssl);
	T_TRUE(tls_read(p.tls, in, sizeof(in), &want) == 0);
	close_peer(&p);
	/* An end without goodbye is a broken connection. */
	open_peer(&p, s, TLS1_3_VERSION, NULL);
	T_TRUE(shake(&p));
	fd_close(&p.fds[1]);
	T_TRUE(tls_read(p.tls, in, sizeof(in), &want) == -1 &&
	    errno == ECONNRESET);
	close_peer(&p);
	tls_server_free(&s);
}

static struct {
	unsigned moved, waits;		/* calls of tls_write(), by outcome */
} counted;

static ssize_t
count_write(void *ctx, int fd, const void *p, size_t n, int *want)
{
	ssize_t done = tls_write(ctx, p, n, want);

	(void)fd;
	if (done >= 0)
		counted.moved++;
	else if (errno == EAGAIN && *want == FD_WRITE)
		counted.waits++;
	return done;
}

/* A peer that reads nothing is waited for, not asked again and again. */
static void
test_no_reader(void **state)
{
	static const struct stream_io counting = { .write = count_write };
	static const int key = P256_KEY;
	static char much[4 * MIB];
	struct tls_server *s = server_with(&key, 1);
	struct stream out;
	struct peer p;

	(void)state;
	open_peer(&p, s, TLS1_3_VERSION, NULL);
	T_TRUE(shake(&p));
	counted.moved = counted.waits = 0;
	stream_init(&out, p.fds[0], 64, 16384);
	T_TRUE(stream_set_io(&out, &counting, p.tls) == 0);
	stream_deadline(&out, 300);
	T_TRUE(stream_write(&out, much, sizeof(much)) == STREAM_TIMEOUT);
	T_TRUE(stream_flush(&out) == STREAM_TIMEOUT);
	T_TRUE(counted.moved > 0 && counted.moved < sizeof(much) / 16384);
	T_TRUE(counted.waits >= 1 && counted.waits <= counted.moved + 1);
	tls_free(&p.tls);
	stream_fini(&out);
	p.fds[0] = -1;
	close_peer(&p);
	tls_server_free(&s);
}

/* A flood of key updates ends the session, not our time. */
static void
test_key_updates(void **state)
{
	static const int key = P256_KEY;
	struct tls_server *s = server_with(&key, 1);
	struct peer p;
	char in[64];
	int want = FD_READ, sent = 0;
	ssize_t n = -1;

	(void)state;
	open_peer(&p, s, TLS1_3_VERSION, NULL);
	T_TRUE(shake(&p));
	/* Some, with data in between, are nothing. */
	for (int i = 0; i < 200; i++) {
		T_TRUE(SSL_key_update(p.ssl,
		    SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
		T_TRUE(SSL_write(p.ssl, "x", 1) == 1);
		do
			n = tls_read(p.tls, in, sizeof(in), &want);
		while (n < 0 && errno == EAGAIN);
		T_TRUE(n == 1);
	}
	for (; sent < 1000; sent++) {
		T_TRUE(SSL_key_update(p.ssl,
		    SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
		T_TRUE(SSL_do_handshake(p.ssl) == 1);
		n = tls_read(p.tls, in, sizeof(in), &want);
		if (n < 0 && errno != EAGAIN)
			break;
	}
	T_TRUE(n == -1 && errno == ECONNRESET && sent < 100);
	close_peer(&p);
	tls_server_free(&s);
}

static void
test_hosts(void **state)
{
	static const int keys[] = { RSA_KEY, P256_KEY, ED_KEY };
	static const struct { const char *ask, *get; } cases[] = {
		{ NULL, "rsa.example" }, { "ec.example", "ec.example" },
		{ "EC.example", "ec.example" }, { "ed.example", "ed.example" },
		{ "a.wild.example", "rsa.example" },
		{ "a.b.wild.example", "rsa.example" },
		{ "nobody.example", "rsa.example" },
	};
	struct tls_server *s = server_with(keys, COUNT(keys));
	struct peer p;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].ask);
		open_peer(&p, s, TLS1_3_VERSION, cases[i].ask);
		T_TRUE(shake(&p));
		T_TRUE(peer_is(&p, cases[i].get));
		close_peer(&p);
	}
	tls_server_free(&s);
}

/* What fails, and that nothing is said afterwards. */
static void
test_refusals(void **state)
{
	static const int key = P256_KEY;
	static const int old[] = { SSL3_VERSION, TLS1_VERSION,
	    TLS1_1_VERSION };
	struct tls_server *s = server_with(&key, 1);
	struct peer p;

	(void)state;
	for (size_t i = 0; i < COUNT(old); i++) {
		open_peer(&p, s, old[i], NULL);
		T_TRUE(!shake(&p));
		close_peer(&p);
	}
	open_peer(&p, s, TLS1_2_VERSION, NULL);
	SSL_set_cipher_list(p.ssl, "AES128-SHA:DHE-RSA-AES128-SHA256");
	T_TRUE(!shake(&p));
	close_peer(&p);
	all.refuse = true;
	open_peer(&p, s, TLS1_3_VERSION, NULL);
	T_TRUE(!shake(&p));
	T_TRUE(tls_failure(p.tls)[0] != '\0');
	close_peer(&p);
	all.refuse = false;
	/* RFC 7301 3.2 */
	open_peer(&p, s, TLS1_3_VERSION, NULL);
	SSL_set_alpn_protos(p.ssl, (const unsigned char *)"\4http", 5);
	T_TRUE(!shake(&p));
	close_peer(&p);
	open_peer(&p, s, TLS1_3_VERSION, NULL);
	SSL_set_alpn_protos(p.ssl, (const unsigned char *)"\4http\4imap", 10);
	T_TRUE(shake(&p));
	close_peer(&p);
	/* Octets that are no TLS. */
	open_peer(&p, s, TLS1_3_VERSION, NULL);
	T_TRUE(fd_write_all(p.fds[1], "a002 NOOP\r\n", 11) == 0);
	T_TRUE(tls_handshake(p.tls) == TLS_FAILED);
	close_peer(&p);
	tls_server_free(&s);
}

static void
test_not_certificates(void **state)
{
	struct tls_server *s = tls_server_new("imap");
	struct why why;

	(void)state;
	T_TRUE(tls_server_add(s, SPAN_LIT(""), &why) != 0);
	T_TRUE(tls_server_add(s, SPAN_LIT("-----BEGIN CERTIFICATE-----\n"
	    "AAAA\n-----END CERTIFICATE-----\n"), &why) != 0);
	/* A chain that is broken, or too long, is none. */
	struct buf pem;

	buf_init(&pem, 64 * KIB);
	T_TRUE(buf_add_str(&pem, all.pem[P256_KEY]) == 0);
	T_TRUE(buf_add_str(&pem, "-----BEGIN CERTIFICATE-----\n"
	    "AAAA\n-----END CERTIFICATE-----\n") == 0);
	T_TRUE(tls_server_add(s, buf_span(&pem), &why) != 0);
	buf_clear(&pem);
	for (int i = 0; i < CERT_CHAIN_MAX; i++)
		T_TRUE(buf_add_str(&pem, all.pem[P256_KEY]) == 0);
	T_TRUE(buf_add_str(&pem, all.pem[P256_KEY]) == 0);
	T_TRUE(tls_server_add(s, buf_span(&pem), &why) != 0);
	buf_fini(&pem);
	T_INT(tls_server_count(s), 0);
	tls_server_free(&s);
}

static void
test_client(void **state)
{
	static const int key = RSA_KEY;
	struct tls_server *s = server_with(&key, 1);
	struct tls_client *c = tls_client_new();
	enum tls_result a = TLS_WAIT_READ, b = TLS_WAIT_READ;
	struct tls_facts facts;
	const struct tls_want want = { .host = "mx.wild.example" };
	struct tls *server, *client;
	int fds[2];

	(void)state;
	T_TRUE(fd_stream_pair(fds) == 0);
	T_TRUE(fd_nonblock(fds[0], true) == 0);
	T_TRUE(fd_nonblock(fds[1], true) == 0);
	server = tls_accept(s, fds[0]);
	client = tls_connect(c, fds[1], &want);
	for (int i = 0; i < 20 && (a != TLS_DONE || b != TLS_DONE); i++) {
		if (a != TLS_DONE)
			a = tls_handshake(client);
		if (b != TLS_DONE)
			b = tls_handshake(server);
	}
	T_TRUE(a == TLS_DONE && b == TLS_DONE);
	tls_facts(server, &facts);
	T_STR(span_str(facts.host), "mx.wild.example");
	tls_free(&client);
	tls_free(&server);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
	tls_client_free(&c);
	tls_server_free(&s);
}

static void
on_go_on(void *ctx)
{
	(void)ctx;
	all.went_on++;
}

static void
answer(bool yes)
{
	struct tls *t = all.waits;

	all.waits = NULL;
	tls_signed(t, all.sig, yes ? all.sig_n : 0);
}

/* Two handshakes wait for their signatures at once; the later one is first. */
static void
test_signatures_later(void **state)
{
	static const int key = P256_KEY, versions[] = { TLS1_2_VERSION,
	    TLS1_3_VERSION };
	struct tls_server *s = server_with(&key, 1);
	struct peer p[2];
	struct tls *waits[2];
	uint8_t sig[2][TLS_SIG_MAX];
	size_t n[2];

	(void)state;
	all.later = true;
	for (size_t v = 0; v < COUNT(versions); v++) {
		all.went_on = 0;
		for (size_t i = 0; i < 2; i++) {
			open_peer(&p[i], s, versions[v], NULL);
			tls_wait_with(p[i].tls, on_go_on, NULL);
			T_TRUE(!shake(&p[i]));
			T_TRUE(all.waits == p[i].tls);
			T_TRUE(tls_handshake(p[i].tls) == TLS_WAIT_ANSWER);
			waits[i] = all.waits;
			memcpy(sig[i], all.sig, all.sig_n);
			n[i] = all.sig_n;
		}
		for (size_t i = 2; i-- > 0; ) {
			tls_signed(waits[i], sig[i], n[i]);
			T_TRUE(shake(&p[i]));
			close_peer(&p[i]);
		}
		T_INT(all.went_on, 2);
	}
	/* Refused, and ended while it waits: nobody hangs, nothing leaks. */
	open_peer(&p[0], s, TLS1_3_VERSION, NULL);
	tls_wait_with(p[0].tls, on_go_on, NULL);
	T_TRUE(!shake(&p[0]));
	answer(false);
	T_TRUE(tls_handshake(p[0].tls) == TLS_FAILED);
	close_peer(&p[0]);
	all.forgotten = 0;
	open_peer(&p[0], s, TLS1_3_VERSION, NULL);
	tls_wait_with(p[0].tls, on_go_on, NULL);
	T_TRUE(!shake(&p[0]));
	close_peer(&p[0]);
	T_INT(all.forgotten, 1);
	all.later = false;
	tls_server_free(&s);
}

/* Names that the server was not given are asked for once. */
static void
test_found(void **state)
{
	static const int key = RSA_KEY;
	struct tls_server *s = server_with(&key, 1);
	struct peer p;

	(void)state;
	for (int round = 0; round < 4; round++) {
		static const struct { const char *name; int find; } cases[] = {
			{ "ec.example", P256_KEY }, { "nobody.example", -1 },
			{ "ec384.example", P384_KEY },
			/* a certificate that does not have the name */
			{ "not.example", ED_KEY },
		};

		for (size_t i = 0; i < COUNT(cases); i++) {
			t_case(cases[i].name);
			all.find = cases[i].find;
			all.found = 0;
			open_peer(&p, s, TLS1_3_VERSION, cases[i].name);
			T_TRUE(shake(&p));
			T_INT(all.found, round == 0);
			T_TRUE(peer_is(&p, i % 2 == 0 ? cases[i].name :
			    "rsa.example"));
			T_TRUE(i % 2 == 1 || strcmp(all.last.host,
			    cases[i].name) == 0);
			close_peer(&p);
		}
	}
	/* One that nobody signs for may have been renewed: asked for again. */
	all.find = P256_KEY;
	all.found = 0;
	all.refuse = true;
	open_peer(&p, s, TLS1_3_VERSION, "ec.example");
	T_TRUE(!shake(&p));
	close_peer(&p);
	T_INT(all.found, 0);
	all.refuse = false;
	open_peer(&p, s, TLS1_3_VERSION, "ec.example");
	T_TRUE(shake(&p));
	T_INT(all.found, 1);
	close_peer(&p);
	/* The same, later; and somebody who does not wait for it. */
	all.later = true;
	for (int round = 0; round < 2; round++) {
		all.find = ED_KEY;
		open_peer(&p, s, TLS1_2_VERSION, "ED.example");
		tls_wait_with(p.tls, on_go_on, NULL);
		T_TRUE(!shake(&p));
		T_TRUE(tls_handshake(p.tls) == TLS_WAIT_ANSWER);
		if (round == 1) {
			struct tls *t = all.waits;
			BIO *in = BIO_new_mem_buf(all.pem[ED_KEY], -1);
			X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
			unsigned char *der = NULL;
			int n = i2d_X509(x, &der);

			tls_found(t, TLS_FOUND,
			    span_of(der, (size_t)n));
			OPENSSL_free(der);
			X509_free(x);
			BIO_free(in);
			all.later = false;
			T_TRUE(shake(&p));
			T_TRUE(peer_is(&p, "ed.example"));
		}
		close_peer(&p);
	}
	all.find = -1;
	tls_server_free(&s);
}

/* Random names push nothing out but each other. */
static void
test_found_is_bounded(void **state)
{
	static const int key = RSA_KEY;
	struct tls_server *s = server_with(&key, 1);
	struct peer p;
	char name[32];

	(void)state;
	all.find = P256_KEY;
	open_peer(&p, s, TLS1_3_VERSION, "ec.example");
	T_TRUE(shake(&p));
	close_peer(&p);
	all.find = -1;
	all.found = 0;
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "n%d.example", i);
		open_peer(&p, s, TLS1_3_VERSION, name);
		(void)SSL_do_handshake(p.ssl);
		(void)!tls_handshake(p.tls);
		close_peer(&p);
	}
	T_INT(all.found, 5000);
	open_peer(&p, s, TLS1_3_VERSION, "ec.example");
	T_TRUE(shake(&p));
	T_TRUE(peer_is(&p, "ec.example"));
	T_INT(all.found, 5000);
	close_peer(&p);
	tls_server_free(&s);
}

static SSL_SESSION *got_session;

static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(got_session);
	got_session = session;
	return 1;
}

/* One connection that offers what the last one got; was it resumed? */
static bool
connect_again(struct tls_server *s, int version, uint8_t *point, size_t *n)
{
	struct tls_facts f;
	struct peer p;
	char in[16];
	int want;

	open_peer(&p, s, version, NULL);
	SSL_CTX_set_session_cache_mode(p.ctx, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(p.ctx, on_session);
	if (got_session != NULL)
		T_TRUE(SSL_set_session(p.ssl, got_session) == 1);
	T_TRUE(shake(&p));
	T_TRUE(tls_write(p.tls, "x", 1, &want) == 1);
	T_TRUE(SSL_read(p.ssl, in, sizeof(in)) == 1);
	tls_facts(p.tls, &f);
	T_TRUE(f.resumed == (SSL_session_reused(p.ssl) == 1));
	T_TRUE(SSL_SESSION_get_max_early_data(SSL_get_session(p.ssl)) == 0);
	T_TRUE(tls_binding(p.tls, TLS_BIND_END_POINT, point, n) == 0);
	/* Else the library would not use its session again. */
	SSL_set_shutdown(p.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	close_peer(&p);
	return f.resumed;
}

static void
test_tickets(void **state)
{
	static const int keys[] = { RSA_KEY, P256_KEY },
	    versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct tls_server *s, *other;
	uint8_t first[TLS_BINDING_MAX], again[TLS_BINDING_MAX];
	size_t n, m;

	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		s = server_with(keys, 2);
		/* None without being asked for. */
		T_TRUE(!connect_again(s, versions[i], first, &n));
		T_TRUE(!connect_again(s, versions[i], first, &n));
		tls_server_tickets(s, 3600);
		T_TRUE(!connect_again(s, versions[i], first, &n));
		T_TRUE(connect_again(s, versions[i], again, &m));
		T_TRUE(n == m && memcmp(first, again, n) == 0);
		/* From ticket to ticket, and to the server after a reload. */
		other = server_with(keys, 2);
		tls_server_tickets(other, 3600);
		T_TRUE(connect_again(other, versions[i], again, &m));
		T_TRUE(n == m && memcmp(first, again, n) == 0);
		tls_server_free(&other);
		/* Another protocol: RFC 8446 4.6.1 leaves it to us. */
		other = tls_server_new("pop3");
		struct why why;

		T_TRUE(tls_server_add(other, span_str(all.pem[RSA_KEY]),
		    &why) == 0);
		tls_server_tickets(other, 3600);
		T_TRUE(!connect_again(other, versions[i], again, &m));
		tls_server_free(&other);
		tls_server_free(&s);
		SSL_SESSION_free(got_session);
		got_session = NULL;
	}
}

/* The keys change: a ticket of the key before last is worth nothing. */
static void
test_ticket_keys_rotate(void **state)
{
	static const int key = P256_KEY;
	struct tls_server *s = server_with(&key, 1);
	uint8_t point[TLS_BINDING_MAX];
	SSL_SESSION *old;
	size_t n;

	(void)state;
	tls_server_tickets(s, 1);
	T_TRUE(!connect_again(s, TLS1_2_VERSION, point, &n));
	old = got_session;
	got_session = NULL;
	/* The client's own idea of its age must not be what ends it. */
	SSL_SESSION_set_timeout(old, 1000);
	sleep(3);
	got_session = old;
	T_TRUE(!connect_again(s, TLS1_2_VERSION, point, &n));
	SSL_SESSION_free(got_session);
	got_session = NULL;
	tls_server_free(&s);
}

static void
test_names(void **state)
{
	char v[][CERT_NAME_SIZE] = { "a.example", "*.b.example" };
	struct cert_names n = { v, 2 };

	(void)state;
	T_TRUE(cert_names_have(&n, SPAN_LIT("A.Example")));
	T_TRUE(cert_names_have(&n, SPAN_LIT("x.b.example")));
	T_TRUE(cert_names_have(&n, SPAN_LIT("*.b.example")));
	T_TRUE(!cert_names_have(&n, SPAN_LIT("b.example")));
	T_TRUE(!cert_names_have(&n, SPAN_LIT(".b.example")));
	T_TRUE(!cert_names_have(&n, SPAN_LIT("x.y.b.example")));
	T_TRUE(!cert_names_have(&n, SPAN_LIT("")));
}

/* RFC 9266 2: both ends export the same; RFC 5929 4.1: hash of the cert. */
static void
test_bindings(void **state)
{
	static const struct {
		int key, version;
		size_t end_point;	/* octets; 0: not defined */
	} cases[] = {
		{ RSA_KEY, TLS1_3_VERSION, 32 },
		{ P256_KEY, TLS1_2_VERSION, 32 },
		{ ED_KEY, TLS1_3_VERSION, 0 },	/* its signature has no hash */
	};
	uint8_t ours[TLS_BINDING_MAX], theirs[32];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_n;
	struct peer p;
	X509 *x;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_server *s = server_with(&cases[i].key, 1);

		open_peer(&p, s, cases[i].version, NULL);
		T_TRUE(tls_binding(p.tls, TLS_BIND_EXPORTER, ours, &n) == -1);
		T_TRUE(shake(&p));
		T_TRUE(tls_binding(p.tls, TLS_BIND_EXPORTER, ours, &n) == 0);
		T_INT(n, 32);
		T_TRUE(SSL_export_keying_material(p.ssl, theirs, 32,
		    "EXPORTER-Channel-Binding", 24, (const uint8_t *)"", 0,
		    1) == 1);
		T_TRUE(memcmp(ours, theirs, 32) == 0);
		T_TRUE((tls_binding(p.tls, TLS_BIND_END_POINT, ours, &n) ==
		    0) == (cases[i].end_point > 0));
		T_INT(n, cases[i].end_point);
		x = SSL_get1_peer_certificate(p.ssl);
		T_TRUE(X509_digest(x, EVP_sha256(), digest, &digest_n) == 1);
		T_TRUE(memcmp(ours, digest, n) == 0);
		X509_free(x);
		close_peer(&p);
		tls_server_free(&s);
	}
	/* TLS 1.2 without extended master secret: RFC 9266 4.2. */
	struct tls_server *s = server_with(&cases[0].key, 1);

	open_peer(&p, s, TLS1_2_VERSION, NULL);
	SSL_set_options(p.ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	T_TRUE(shake(&p));
	T_TRUE(tls_binding(p.tls, TLS_BIND_EXPORTER, ours, &n) == -1);
	T_TRUE(tls_binding(p.tls, TLS_BIND_END_POINT, ours, &n) == 0);
	close_peer(&p);
	tls_server_free(&s);
}

static void
test_client_certificates(void **state)
{
	static const int key = P256_KEY;
	static const struct {
		const char *email, *alt, *is;
		bool ours;
		long days;
	} cases[] = {
		{ "s@a.example", "email:a@a.example,email:b@a.example",
		    "a@a.example", true, 1 },
		{ "s@a.example", NULL, "s@a.example", true, 1 },
		{ NULL, "DNS:a.example", "", true, 1 },
		{ "two words@a.example", NULL, "", true, 1 },
		{ "s@a.example", NULL, NULL, true, -1 },	/* expired */
		{ "s@a.example", NULL, NULL, false, 1 },
	};
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	X509 *ca = make_client(ca_key, ca_key, NULL, NULL, 1);
	struct tls_server *s = server_with(&key, 1);
	char *pem = pem_of(ca);
	struct tls_facts f;
	struct why why;
	struct peer p;

	(void)state;
	T_TRUE(tls_server_ask_client(s, SPAN_LIT("nothing"), &why) == -1);
	T_TRUE(tls_server_ask_client(s, span_str(pem), &why) == 0);
	for (size_t i = 0; i < COUNT(cases) * 2; i++) {
		EVP_PKEY *k = EVP_EC_gen("P-256");
		const char *is = cases[i / 2].is;
		X509 *x = make_client(cases[i / 2].ours ? ca_key : other, k,
		    cases[i / 2].email, cases[i / 2].alt, cases[i / 2].days);

		t_case(cases[i / 2].email);
		open_peer(&p, s, i % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION,
		    NULL);
		T_TRUE(SSL_use_certificate(p.ssl, x) == 1);
		T_TRUE(SSL_use_PrivateKey(p.ssl, k) == 1);
		T_TRUE(shake(&p));
		tls_facts(p.tls, &f);
		T_TRUE(f.client_sent);
		T_TRUE(f.client_verified == (is != NULL));
		T_STR(span_str(f.client), is != NULL ? is : "");
		close_peer(&p);
		X509_free(x);
		EVP_PKEY_free(k);
	}
	/* None is demanded. */
	open_peer(&p, s, TLS1_3_VERSION, NULL);
	T_TRUE(shake(&p));
	tls_facts(p.tls, &f);
	T_TRUE(!f.client_sent && !f.client_verified && f.client[0] == '\0');
	close_peer(&p);
	tls_server_free(&s);
	X509_free(ca);
	free(pem);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warm),
		cmocka_unit_test(test_handshakes),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_no_reader),
		cmocka_unit_test(test_key_updates),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_not_certificates),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_signatures_later),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_found_is_bounded),
		cmocka_unit_test(test_bindings),
		cmocka_unit_test(test_client_certificates),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_ticket_keys_rotate),
	};

	fd_no_sigpipe();
	return cmocka_run_group_tests(tests, setup, teardown);
}
