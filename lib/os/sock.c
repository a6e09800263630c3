/*
 * sock - see sock.h: making, accepting and connecting sockets.  Addresses as
 * text are in sock_addr.c.
 */
#include "os/sock.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/fd.h"

#define BACKLOG		1024
#define ACCEPT_TRIES	16	/* clients gone before we came, in a row */

union any {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage ss;
};

static socklen_t
to_system(const struct sock_addr *a, union any *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == 4) {
		out->in.sin_family = AF_INET;
		out->in.sin_port = htons(a->port);
		memcpy(&out->in.sin_addr, a->ip, 4);
		return sizeof(out->in);
	}
	out->in6.sin6_family = AF_INET6;
	out->in6.sin6_port = htons(a->port);
	out->in6.sin6_scope_id = a->scope;
	memcpy(&out->in6.sin6_addr, a->ip, 16);
	return sizeof(out->in6);
}

static void
from_system(const union any *from, struct sock_addr *a)
{
	memset(a, 0, sizeof(*a));
	if (from->sa.sa_family == AF_INET) {
		a->family = 4;
		a->port = ntohs(from->in.sin_port);
		memcpy(a->ip, &from->in.sin_addr, 4);
	} else if (from->sa.sa_family == AF_INET6) {
		a->port = ntohs(from->in6.sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&from->in6.sin6_addr)) {
			a->family = 4;
			memcpy(a->ip, from->in6.sin6_addr.s6_addr + 12, 4);
		} else {
			a->family = 6;
			a->scope = from->in6.sin6_scope_id;
			memcpy(a->ip, &from->in6.sin6_addr, 16);
		}
	}
}

static int
set_on(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on));
}

static int
inet_socket(const struct sock_addr *a)
{
	return socket(a->family == 4 ? AF_INET : AF_INET6,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int
sock_listen(const struct sock_addr *a, struct why *why)
{
	char ip[SOCK_IP_SIZE];
	union any addr;
	socklen_t len = to_system(a, &addr);
	int fd;

	fd = inet_socket(a);
	if (fd >= 0 && set_on(fd, SOL_SOCKET, SO_REUSEADDR) == 0 &&
	    (a->family == 4 || set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0) &&
	    bind(fd, &addr.sa, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	sock_format_ip(a, ip);
	why_sys(why, WHY_TEMP, "4.3.0", "cannot listen on %s port %u", ip,
	    a->port);
	fd_close(&fd);
	return -1;
}

static int
local_addr(const char *path, struct sockaddr_un *un)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	return span_copy(span_str(path), un->sun_path, sizeof(un->sun_path));
}

/* Nobody listens on it any more: it may go.  Anything else there stays. */
static int
remove_stale(const char *path)
{
	struct stat sb;
	int fd;

	if (lstat(path, &sb) != 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(sb.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	fd = sock_connect_local(path);
	if (fd >= 0) {
		fd_close(&fd);
		errno = EADDRINUSE;
		return -1;
	}
	return unlink(path);
}

/* Closed to all until its mode is set. */
static int
bind_local(int fd, const struct sockaddr_un *un, uint32_t mode)
{
	mode_t old = umask(0177);
	int rc;

	rc = bind(fd, (const struct sockaddr *)un, sizeof(*un));
	(void)umask(old);	/* cannot fail */
	if (rc != 0)
		return -1;
	return chmod(un->sun_path, mode & 0777);
}

int
sock_listen_local(const char *path, uint32_t mode, struct why *why)
{
	struct sockaddr_un un;
	int fd = -1;

	if (local_addr(path, &un) != 0) {
		why_set(why, WHY_PERM, "5.3.5", "path too long: %s", path);
		return -1;
	}
	if (remove_stale(path) == 0)
		fd = socket(AF_UNIX,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind_local(fd, &un, mode) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot listen on %s", path);
	fd_close(&fd);
	return -1;
}

int
sock_connect_local(const char *path)
{
	struct sockaddr_un un;
	int fd, rc;

	if (local_addr(path, &un) != 0) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	do
		rc = connect(fd, (struct sockaddr *)&un, sizeof(un));
	while (rc != 0 && errno == EINTR);
	if (rc != 0)
		fd_close(&fd);
	return fd;
}

/* accept(2): errors of this one client, not of the listener. */
static bool
client_error(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPROTO ||
	    error == ENETDOWN || error == EHOSTUNREACH || error == ENETUNREACH;
}

int
sock_accept(int listener, struct sock_addr *peer)
{
	union any addr;
	socklen_t len;
	int fd, tries = 0;

	do {
		len = sizeof(addr);
		memset(&addr, 0, sizeof(addr));
		fd = accept4(listener, &addr.sa, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
	} while (fd < 0 && client_error(errno) && ++tries < ACCEPT_TRIES);
	if (fd < 0) {
		if (client_error(errno))
			errno = EAGAIN;
		return -1;
	}
	from_system(&addr, peer);
	if (peer->family != 0)	/* fails only for a client that has gone */
		(void)set_on(fd, IPPROTO_TCP, TCP_NODELAY);
	return fd;
}

int
sock_local_addr(int fd, struct sock_addr *a)
{
	union any addr;
	socklen_t len = sizeof(addr);

	memset(&addr, 0, sizeof(addr));
	if (getsockname(fd, &addr.sa, &len) != 0)
		return -1;
	from_system(&addr, a);
	return 0;
}

int
sock_peer_uid(int fd, uint32_t *uid)
{
#ifdef SO_PEERCRED
#ifdef __OpenBSD__
	struct sockpeercred cred;
#else
	struct ucred cred;
#endif
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return -1;
	*uid = cred.uid;
	return 0;
#else
	uid_t u;
	gid_t g;

	if (getpeereid(fd, &u, &g) != 0)
		return -1;
	*uid = u;
	return 0;
#endif
}

static int
connect_until(int fd, const struct sock_addr *to, int64_t deadline_ms)
{
	union any addr;
	socklen_t len = to_system(to, &addr);
	int error = 0, rc;

	if (connect(fd, &addr.sa, len) == 0)
		return 0;
	/* After EINTR it goes on by itself, as after EINPROGRESS. */
	if (errno != EINPROGRESS && errno != EINTR)
		return -1;
	rc = fd_wait(fd, FD_WRITE, deadline_ms);
	if (rc == 0)
		errno = ETIMEDOUT;
	if (rc <= 0)
		return -1;
	len = sizeof(error);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

int
sock_connect(const struct sock_addr *to, const struct sock_addr *from,
    int64_t deadline_ms, struct why *why)
{
	char ip[SOCK_IP_SIZE];
	union any source;
	socklen_t len;
	int fd;

	fd = inet_socket(to);
	if (fd < 0)
		goto bad;
	if (from != NULL) {
		len = to_system(from, &source);
		if (bind(fd, &source.sa, len) != 0)
			goto bad;
	}
	if (connect_until(fd, to, deadline_ms) == 0) {
		(void)set_on(fd, IPPROTO_TCP, TCP_NODELAY);	/* only speed */
		return fd;
	}
bad:
	sock_format_ip(to, ip);
	why_sys(why, WHY_TEMP, "4.4.1", "connect to %s port %u", ip, to->port);
	fd_close(&fd);
	return -1;
}

void
sock_end_output(int fd)
{
	(void)shutdown(fd, SHUT_WR);	/* the peer may be gone already */
}
