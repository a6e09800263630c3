/*
 * sock_syslog - see sock_syslog.h.
 * The socket is connected by master: logd in its empty root has no path to it.
 */
#include "os/sock_syslog.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "os/fd.h"

int
sock_connect_syslog(void)
{
	const struct sockaddr_un un = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&un, sizeof(un)) != 0)
		fd_close(&fd);
	return fd;
}

size_t
sock_send_lines(int fd, const struct span *v, size_t n, int64_t deadline_ms)
{
	struct iovec iov[SOCK_LINES_MAX];
	struct mmsghdr msg[SOCK_LINES_MAX];
	size_t done = 0;
	int rc;

	if (n > SOCK_LINES_MAX)
		bug("%zu lines at once", n);
	memset(msg, 0, n * sizeof(msg[0]));
	for (size_t i = 0; i < n; i++) {
		iov[i] = (struct iovec){ (void *)(uintptr_t)v[i].p, v[i].n };
		msg[i].msg_hdr.msg_iov = &iov[i];
		msg[i].msg_hdr.msg_iovlen = 1;
	}
	while (done < n) {
		rc = sendmmsg(fd, msg + done, (unsigned)(n - done),
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (rc > 0)
			done += (size_t)rc;
		else if (errno == EAGAIN) {
			if (fd_wait(fd, FD_WRITE, deadline_ms) == 1)
				continue;
			errno = EAGAIN;
			break;
		} else if (errno != EINTR)
			break;
	}
	return done;
}
