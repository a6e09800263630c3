/*
 * tls - see tls.h; this part is one session.  The library reads and writes the
 * descriptor itself.  AUTO_RETRY is off: after each record that brings no data
 * (a key update, an empty one) control comes back to the caller, who
 * looks at his deadline before he waits for more.
 */
#include "net/tls.h"

#include <openssl/err.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "net/tls_priv.h"
#include "os/clock.h"
#include "os/fd.h"

#define EMPTY_MAX	64	/* records in a row that bring no data */

#define GROUPS	"X25519:P-256:P-384"
#define CIPHERS	"ECDHE+AESGCM:ECDHE+CHACHA20"
#define SCHEMES	"ed25519:ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:" \
	"ecdsa_secp521r1_sha512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:" \
	"rsa_pss_rsae_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:" \
	"rsa_pkcs1_sha512"

static OSSL_LIB_CTX *library;

void
tls_setup(void)
{
	if (library != NULL)
		bug("tls_setup twice");
	tls_heap_open();
	library = OSSL_LIB_CTX_new();
	if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS |
	    OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_LOAD_CONFIG,
	    NULL) != 1 || library == NULL || tls_provider_load(library) != 0)
		die(EXIT_OSERR, "the TLS library cannot start");
}

OSSL_LIB_CTX *
tls_library(void)
{
	if (library == NULL)
		bug("TLS without tls_setup");
	return library;
}

SSL_CTX *
tls_context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(tls_library(), NULL, method);

	if (ctx == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, GROUPS) != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, SCHEMES) != 1)
		die(EXIT_OSERR, "the TLS library lacks what we need");
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	    SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CLEANSE_PLAINTEXT);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	return ctx;
}

/* ------------------------------------------------------------- beginnings */

struct tls *
tls_session(SSL_CTX *ctx, int fd)
{
	struct tls *t = xcalloc(1, sizeof(*t));

	t->fd = fd;
	t->ssl = SSL_new(ctx);
	if (t->ssl != NULL && SSL_set_fd(t->ssl, fd) == 1 &&
	    SSL_set_app_data(t->ssl, t) == 1)
		return t;
	tls_free(&t);
	return NULL;
}

struct tls *
tls_accept(struct tls_server *s, int fd)
{
	struct tls *t = tls_session(tls_server_hold(s), fd);

	if (t == NULL) {
		tls_server_free(&s);
		return NULL;
	}
	t->server = s;
	SSL_set_accept_state(t->ssl);
	return t;
}

void
tls_free(struct tls **t)
{
	if (*t == NULL)
		return;
	tls_wait_end(*t);
	if ((*t)->up && !(*t)->broken)
		/* RFC 8446 6.1; a peer that takes nothing gets none. */
		(void)SSL_shutdown((*t)->ssl);
	SSL_free((*t)->ssl);
	ERR_clear_error();
	tls_server_free(&(*t)->server);
	free((*t)->sig);
	free(*t);
	*t = NULL;
}

/* -------------------------------------------------------------- handshake */

static void
note_failure(struct tls *t, int error)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());
	long verified = SSL_get_verify_result(t->ssl);

	t->broken = true;
	if (error == SSL_ERROR_SYSCALL || text == NULL)
		text = "connection ended";
	else if (verified != X509_V_OK && !SSL_is_server(t->ssl))
		text = X509_verify_cert_error_string(verified);
	span_copy_cut(span_str(text), t->failure, sizeof(t->failure));
}

/* RFC 8446 4.6.3 bounds key updates by nothing; each costs a derivation. */
static void
on_record(int write, int version, int type, const void *p, size_t n, SSL *ssl,
    void *arg)
{
	struct tls *t = arg;

	(void)version;
	(void)p;
	(void)n;
	(void)ssl;
	if (write == 0 && type == SSL3_RT_HEADER)
		t->empty++;
}

static void
count_records(struct tls *t)
{
	SSL_set_msg_callback(t->ssl, on_record);
	SSL_set_msg_callback_arg(t->ssl, t);
}

enum tls_result
tls_handshake(struct tls *t)
{
	int rc, error;

	if (t->waits != WAITS_NOTHING)
		return TLS_WAIT_ANSWER;
	if (!t->ending)		/* else it is that of tls_server_warm() */
		tls_heap_close();
	ERR_clear_error();
	tls_set_current(t);
	rc = SSL_do_handshake(t->ssl);
	tls_set_current(NULL);
	if (rc == 1) {
		t->up = true;
		count_records(t);
		tls_server_free(&t->server);
		(void)SSL_clear_mode(t->ssl, SSL_MODE_ASYNC);
		return TLS_DONE;
	}
	error = SSL_get_error(t->ssl, rc);
	if (error == SSL_ERROR_WANT_ASYNC ||
	    error == SSL_ERROR_WANT_X509_LOOKUP)
		return TLS_WAIT_ANSWER;
	if (error == SSL_ERROR_WANT_READ)
		return TLS_WAIT_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return TLS_WAIT_WRITE;
	note_failure(t, error);
	ERR_clear_error();
	return TLS_FAILED;
}

int
tls_handshake_wait(struct tls *t, int64_t deadline_ms)
{
	enum tls_result r;
	int what;

	while ((r = tls_handshake(t)) != TLS_DONE) {
		if (r == TLS_FAILED || r == TLS_WAIT_ANSWER)
			return -1;	/* nobody here answers later */
		what = r == TLS_WAIT_READ ? FD_READ : FD_WRITE;
		if (clock_mono_ms() >= deadline_ms ||
		    fd_wait(t->fd, what, deadline_ms) != 1) {
			t->broken = true;
			span_copy_cut(SPAN_LIT("took too long"), t->failure,
			    sizeof(t->failure));
			return -1;
		}
	}
	return 0;
}

const char *
tls_failure(const struct tls *t)
{
	return t->failure;
}

/* ----------------------------------------------------------------- octets */

static ssize_t
ended(struct tls *t, int *want)
{
	int error = SSL_get_error(t->ssl, 0), saved = errno;

	switch (error) {
	case SSL_ERROR_WANT_READ:
		*want = FD_READ;
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_WANT_WRITE:
		*want = FD_WRITE;
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	}
	note_failure(t, error);
	ERR_clear_error();
	errno = error == SSL_ERROR_SYSCALL && saved != 0 && saved != EAGAIN ?
	    saved : ECONNRESET;
	return -1;
}

ssize_t
tls_read(struct tls *t, void *p, size_t n, int *want)
{
	size_t got;

	ERR_clear_error();
	errno = 0;
	if (t->empty > EMPTY_MAX) {
		t->broken = true;
		errno = ECONNRESET;
		return -1;
	}
	if (SSL_read_ex(t->ssl, p, n < SSIZE_MAX ? n : SSIZE_MAX,
	    &got) == 1) {
		t->empty = 0;
		return (ssize_t)got;
	}
	return ended(t, want);
}

ssize_t
tls_write(struct tls *t, const void *p, size_t n, int *want)
{
	size_t done;

	ERR_clear_error();
	errno = 0;
	if (SSL_write_ex(t->ssl, p, n < SSIZE_MAX ? n : SSIZE_MAX,
	    &done) == 1)
		return (ssize_t)done;
	if (ended(t, want) == 0)	/* a goodbye is no room to write */
		errno = EPIPE;
	return -1;
}

static ssize_t
io_read(void *ctx, int fd, void *p, size_t n, int *want)
{
	(void)fd;
	return tls_read(ctx, p, n, want);
}

static ssize_t
io_write(void *ctx, int fd, const void *p, size_t n, int *want)
{
	(void)fd;
	return tls_write(ctx, p, n, want);
}

static void
io_close(void *ctx)
{
	struct tls *t = ctx;

	tls_free(&t);
}

static bool
io_pending(void *ctx)
{
	struct tls *t = ctx;

	return SSL_pending(t->ssl) > 0;
}

const struct stream_io tls_stream_io = {
	.read = io_read, .write = io_write, .close = io_close,
	.pending = io_pending
};
