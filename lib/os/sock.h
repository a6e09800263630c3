/*
 * sock - internet and local sockets, and addresses as text.
 */
#ifndef OS_SOCK_H
#define OS_SOCK_H

#include <sys/types.h>

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"

struct sock_addr {
	uint8_t	 family;	/* 4, 6, or 0: none (local socket) */
	uint8_t	 ip[16];	/* network order; 4 octets used for family 4 */
	uint16_t port;
	uint32_t scope;
};

#define SOCK_IP_SIZE	48	/* longest IPv6 text with scope, and NUL */

/* "192.0.2.1", "2001:db8::1"; an IPv4-mapped IPv6 address counts as IPv4. */
int	sock_parse_ip(struct span text, struct sock_addr *a) must_use;
/* "192.0.2.1:25", "[::1]:25", "*:25" (0.0.0.0), ":25" is refused. */
int	sock_parse_hostport(struct span text, struct sock_addr *a) must_use;
void	sock_format_ip(const struct sock_addr *a, char out[SOCK_IP_SIZE]);
bool	sock_ip_eq(const struct sock_addr *a, const struct sock_addr *b);
bool	sock_is_loopback(const struct sock_addr *a);
/* 0.0.0.0, ::, multicast, broadcast: never a place to connect to. */
bool	sock_is_unusable(const struct sock_addr *a);

/* Of a private, shared or link-local network: 10.0.0.0/8, fc00::/7, ... */
bool	sock_is_private(const struct sock_addr *a);

struct sock_net {		/* "192.0.2.0/24", "2001:db8::/32" */
	struct sock_addr base;
	uint8_t bits;
};
int	sock_parse_net(struct span text, struct sock_net *n) must_use;
bool	sock_net_has(const struct sock_net *n, const struct sock_addr *a);

/*
 * Whose limits an address shares: IPv4 /24, IPv6 /48, as much as one site
 * has.  All limits of networks go by this.
 */
#define SOCK_NETWORK_IPV4	3	/* octets of the address */
#define SOCK_NETWORK_IPV6	6
struct sock_network {
	uint8_t octets[1 + SOCK_NETWORK_IPV6];	/* family, then those */
};
void	sock_network_of(const struct sock_addr *a, struct sock_network *n);
/* Whose clients are counted together: IPv4 address, IPv6 /64 of a customer. */
struct sock_source {
	uint8_t octets[9];	/* family, then 4 or 8 of the address */
};
void	sock_source_of(const struct sock_addr *a, struct sock_source *s);

/* Listening, non-blocking, CLOEXEC, SO_REUSEADDR, backlog 1024; IPv6 only-v6. */
int	sock_listen(const struct sock_addr *a, struct why *why) must_use;
/* A path socket with the given mode; a stale one is replaced. */
int	sock_listen_local(const char *path, uint32_t mode, struct why *why)
	    must_use;
int	sock_connect_local(const char *path) must_use;	/* SOCK_STREAM */

/*
 * A new connection, CLOEXEC, blocking off, TCP_NODELAY; -1 EAGAIN: none waits.
 * peer  filled; family 0 for a local socket
 */
int	sock_accept(int listener, struct sock_addr *peer) must_use;
int	sock_local_addr(int fd, struct sock_addr *a) must_use;
/* The uid at the other end of a local socket, from the kernel. */
int	sock_peer_uid(int fd, uint32_t *uid) must_use;

/*
 * Connected non-blocking socket, or -1 with why (WHY_TEMP).
 * from  source address or NULL
 */
int	sock_connect(const struct sock_addr *to, const struct sock_addr *from,
	    int64_t deadline_ms, struct why *why) must_use;
/* Half close: no more output; the peer sees the end. */
void	sock_end_output(int fd);

/* For logd: turn on credentials, and receive packets with their senders' pids. */
int	sock_want_credentials(int fd) must_use;
struct sock_signed {
	char   *p;	/* room for size octets */
	size_t	size;
	size_t	n;	/* octets that came */
	int32_t pid;	/* 0: not known */
	bool	end;	/* of the channel; where there are no credentials an
			   empty packet cannot be told from it */
};
#define SOCK_SIGNED_MAX	16
/*
 * What is there, at most count (<= SOCK_SIGNED_MAX) packets, by one call,
 * without waiting.
 * returns  how many of v are filled; -1 with errno
 */
int	sock_recv_signed(int fd, struct sock_signed *v, int count) must_use;

#endif
