/*
 * tls_flood - a client of TLS 1.3 that sends, behind its handshake, as many
 * KeyUpdate messages (RFC 8446 4.6.3) or records of one octet as it may.
 *
 *	tls_flood keys|octets PORT COUNT
 *
 * Prints how many the server has stood before it closed, or COUNT.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	while (n < count && drain(ssl)) {
		if (strcmp(argv[1], "keys") == 0 ? SSL_key_update(ssl,
		    SSL_KEY_UPDATE_REQUESTED) != 1 ||
		    SSL_do_handshake(ssl) != 1 : SSL_write(ssl, "a", 1) != 1)
			break;
		n++;
	}
	printf("%ld\n", n);
	return 0;
}
