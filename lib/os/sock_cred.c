/*
 * sock_cred - the part of sock that tells logd which process sent a line.  On
 * Linux the kernel adds the pid to each packet; elsewhere it is 0.
 */
#include "os/sock.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "os/hijack.h"

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
union control {
	struct cmsghdr align;
	char octets[CMSG_SPACE(sizeof(struct ucred))];
};

static int32_t
pid_of(struct msghdr *msg)
{
	struct cmsghdr *c;
	struct ucred cred;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_CREDENTIALS &&
		    c->cmsg_len == CMSG_LEN(sizeof(cred))) {
			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
			return cred.pid;
		}
	return 0;
}

/*
 * The buffer has room for the credentials only: descriptors that somebody
 * adds find none and are never installed here (MSG_CTRUNC).
 */
int
sock_recv_signed(int fd, struct sock_signed *v, int count)
{
	union control control[SOCK_SIGNED_MAX];
	struct iovec iov[SOCK_SIGNED_MAX];
	struct mmsghdr msg[SOCK_SIGNED_MAX];
	int got;

	if (count > SOCK_SIGNED_MAX)
		bug("%d packets at once", count);
	memset(msg, 0, (size_t)count * sizeof(msg[0]));
	for (int i = 0; i < count; i++) {
		iov[i] = (struct iovec){ v[i].p, v[i].size };
		msg[i].msg_hdr.msg_iov = &iov[i];
		msg[i].msg_hdr.msg_iovlen = 1;
		msg[i].msg_hdr.msg_control = control[i].octets;
		msg[i].msg_hdr.msg_controllen = CMSG_LEN(sizeof(struct ucred));
	}
	hijack_look(fd, false);
	do
		got = recvmmsg(fd, msg, (unsigned)count,
		    MSG_CMSG_CLOEXEC | MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	for (int i = 0; i < got; i++) {
		v[i].n = msg[i].msg_len;
		/* Every packet has credentials, also one that is empty. */
		v[i].end = v[i].n == 0 && msg[i].msg_hdr.msg_controllen == 0;
		v[i].pid = pid_of(&msg[i].msg_hdr);
	}
	return got;
}
#else
int
sock_recv_signed(int fd, struct sock_signed *v, int count)
{
	ssize_t got;
	int i;

	for (i = 0; i < count; i++) {
		do
			got = recv(fd, v[i].p, v[i].size, MSG_DONTWAIT);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return i > 0 ? i : -1;
		v[i].n = (size_t)got;
		v[i].pid = 0;
		v[i].end = got == 0;
		if (v[i].end)
			return i + 1;
	}
	return i;
}
#endif
