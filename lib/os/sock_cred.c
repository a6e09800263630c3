/*
 * sock_cred - the part of sock that tells logd which process sent a line.  On
 * Linux the kernel adds the pid to each packet; elsewhere it is 0.
 */
#include "os/sock.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>

#include "base/base.h"

int
sock_want_credentials(int fd)
{
#ifdef SO_PASSCRED
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
#else
	(void)fd;
	return 0;
#endif
}

#ifdef SO_PASSCRED
/*
 * The buffer has room for the credentials only: descriptors that somebody
 * adds find none and are never installed here (MSG_CTRUNC).
 */
ssize_t
sock_recv_pid(int fd, void *p, size_t n, int32_t *pid)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(struct ucred))];
	} control = { .octets = { 0 } };
	struct iovec iov = { .iov_base = p, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.octets,
	    .msg_controllen = CMSG_LEN(sizeof(struct ucred)) };
	struct cmsghdr *c;
	struct ucred cred;
	ssize_t got;

	*pid = 0;
	do
		got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_CREDENTIALS &&
		    c->cmsg_len == CMSG_LEN(sizeof(cred))) {
			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
			*pid = cred.pid;
		}
	return got;
}
#else
ssize_t
sock_recv_pid(int fd, void *p, size_t n, int32_t *pid)
{
	ssize_t got;

	*pid = 0;
	do
		got = recv(fd, p, n, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	return got;
}
#endif
