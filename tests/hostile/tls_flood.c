/*
 * tls_flood - a client of TLS 1.3 that sends, behind its handshake, as many
 * KeyUpdate messages (RFC 8446 4.6.3), records of one octet, or records of
 * none (5.1 allows them) as it may; mixed: one octet in 31 records, which is
 * as few as no library counts.
 *
 *	tls_flood keys|octets|empty|mixed|few PORT COUNT
 *
 * few: COUNT records of none, then a line, the answer to which is printed.
 *
 * No library sends a record without data, so those are sealed here, with the
 * client's application_traffic_secret_0 (7.1, 7.3, 5.3).
 *
 * Prints how many the server has stood before it closed, or COUNT.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET	32	/* SHA-256 */
#define TAG	16

static struct {
	uint8_t secret[SECRET], key[16], iv[12];
	uint64_t sequence;
} sealing;

static void
on_secret(const SSL *ssl, const char *line)
{
	static const char label[] = "CLIENT_TRAFFIC_SECRET_0 ";
	const char *hex = strrchr(line, ' ');
	char two[3] = "";

	(void)ssl;
	if (strncmp(line, label, sizeof(label) - 1) != 0 ||
	    strlen(hex + 1) != 2 * SECRET)
		return;
	for (int i = 0; i < SECRET; i++) {
		memcpy(two, hex + 1 + 2 * i, 2);
		sealing.secret[i] = (uint8_t)strtoul(two, NULL, 16);
	}
}

/* HKDF-Expand-Label (RFC 8446 7.1) of at most one hash's length. */
static void
expand(const char *label, uint8_t *out, size_t n)
{
	uint8_t in[64] = { 0, (uint8_t)n, (uint8_t)(6 + strlen(label)) };
	uint8_t whole[SECRET];
	size_t at = 3;

	memcpy(in + at, "tls13 ", 6);
	at += 6;
	memcpy(in + at, label, strlen(label));
	at += strlen(label);
	in[at++] = 0;				/* no context */
	in[at++] = 1;
	HMAC(EVP_sha256(), sealing.secret, SECRET, in, at, whole, NULL);
	memcpy(out, whole, n);
}

/* One record of n octets of data. */
static bool
put(SSL *ssl, const uint8_t *data, size_t n)
{
	uint8_t record[64] = { 23, 3, 3, 0, (uint8_t)(n + 1 + TAG) };
	uint8_t plain[32], nonce[12];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int some;

	if (n > 0)
		memcpy(plain, data, n);
	plain[n] = 23;				/* application_data */
	memcpy(nonce, sealing.iv, sizeof(nonce));
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(sealing.sequence >> 8 * i);
	sealing.sequence++;
	if (EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, sealing.key,
	    nonce) != 1 ||
	    EVP_EncryptUpdate(c, NULL, &some, record, 5) != 1 ||
	    EVP_EncryptUpdate(c, record + 5, &some, plain,
	    (int)n + 1) != 1 ||
	    EVP_EncryptFinal_ex(c, record + 5 + some, &some) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG,
	    record + 5 + n + 1) != 1)
		abort();
	EVP_CIPHER_CTX_free(c);
	n += 5 + 1 + TAG;
	return write(SSL_get_fd(ssl), record, n) == (ssize_t)n;
}

static bool
send_one(SSL *ssl, const char *what, long n)
{
	if (strcmp(what, "keys") == 0)
		return SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1 &&
		    SSL_do_handshake(ssl) == 1;
	if (strcmp(what, "octets") == 0)
		return SSL_write(ssl, "a", 1) == 1;
	return put(ssl, (const uint8_t *)"a",
	    strcmp(what, "mixed") == 0 && n % 31 == 0);
}

static SSL *
connect_to(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	if (fd < 0 || ctx == NULL ||
	    connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1)
		return NULL;
	SSL_CTX_set_keylog_callback(ctx, on_secret);
	if (SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") != 1)
		return NULL;
	ssl = SSL_new(ctx);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
		return NULL;
	return ssl;
}

/* What the server answers is read, or its answers would fill the pipe. */
static bool
drain(SSL *ssl)
{
	char octets[4096];
	ssize_t n;

	while ((n = recv(SSL_get_fd(ssl), octets, sizeof(octets),
	    MSG_DONTWAIT)) > 0)
		continue;
	return n != 0;
}

/* What is sealed here is understood. */
static int
few(SSL *ssl, long count)
{
	static const char line[] = "a LOGOUT\r\n";
	char answer[1000];
	int n = SSL_read(ssl, answer, sizeof(answer));	/* the greeting */

	while (n > 0 && count-- > 0)
		if (!put(ssl, NULL, 0))
			return 1;
	if (n <= 0 || !put(ssl, (const uint8_t *)line, sizeof(line) - 1) ||
	    (n = SSL_read(ssl, answer, sizeof(answer))) <= 0)
		return 1;
	printf("%.*s", n, answer);
	return 0;
}

int
main(int argc, char **argv)
{
	SSL *ssl;
	long n = 0, count;

	if (argc != 4)
		return 64;
	(void)signal(SIGPIPE, SIG_IGN);
	count = strtol(argv[3], NULL, 10);
	ssl = connect_to((uint16_t)strtol(argv[2], NULL, 10));
	if (ssl == NULL)
		return 1;
	expand("key", sealing.key, sizeof(sealing.key));
	expand("iv", sealing.iv, sizeof(sealing.iv));
	if (strcmp(argv[1], "few") == 0)
		return few(ssl, count);
	while (n < count && drain(ssl) && send_one(ssl, argv[1], n))
		n++;
	printf("%ld\n", n);
	return 0;
}
