/*
 * fd - see fd.h.  Every call here is restarted after a signal; whoever needs
 * to be woken waits with a deadline instead.
 */
#include "os/fd.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "os/clock.h"
#include "os/fault.h"
#include "os/hijack.h"

/* Room for some full packets of 8 KiB in each direction. */
#define PAIR_BUFFER	(128 * 1024)

static int
close_once(int *fd)
{
	int rc = 0;

	if (*fd >= 0) {
		rc = close(*fd);
		/* Linux and the BSDs have closed it even then. */
		if (rc != 0 && errno == EINTR)
			rc = 0;
		if (rc != 0 && errno == EBADF)
			bug("close of %d, which is not open", *fd);
	}
	*fd = -1;
	return rc;
}

void
fd_close(int *fd)
{
	int error = errno;

	(void)close_once(fd);	/* the caller has nothing to lose */
	errno = error;
}

int
fd_close_check(int *fd)
{
	return close_once(fd);
}

ssize_t
fd_read(int fd, void *p, size_t n)
{
	ssize_t got;

	hijack_look(fd, true);
	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

ssize_t
fd_pread(int fd, void *p, size_t n, uint64_t at)
{
	ssize_t got;

	if (at > INT64_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	do
		got = pread(fd, p, n, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got;
}

ssize_t
fd_write(int fd, const void *p, size_t n)
{
	ssize_t done;

	if (fault_here("write"))
		return -1;
	do
		done = write(fd, p, n);
	while (done < 0 && errno == EINTR);
	return done;
}

ssize_t
fd_write_now(int sock, const void *p, size_t n)
{
	ssize_t done;

	do
		done = send(sock, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	return done;
}

int
fd_write_all(int fd, const void *p, size_t n)
{
	const char *from = p;
	ssize_t done;

	while (n > 0) {
		done = fd_write(fd, from, n);
		if (done < 0)
			return -1;
		from += done;
		n -= (size_t)done;
	}
	return 0;
}

int
fd_pwrite_all(int fd, const void *p, size_t n, uint64_t at)
{
	const char *from = p;
	ssize_t done;

	while (n > 0) {
		if (at > INT64_MAX) {
			errno = EOVERFLOW;
			return -1;
		}
		if (fault_here("write"))
			return -1;
		done = pwrite(fd, from, n, (off_t)at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		from += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

int
fd_pread_all(int fd, void *p, size_t n, uint64_t at)
{
	char *to = p;
	ssize_t got;

	while (n > 0) {
		got = fd_pread(fd, to, n, at);
		if (got < 0)
			return -1;
		if (got == 0) {
			errno = ENODATA;
			return -1;
		}
		to += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return 0;
}

int
fd_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) < 0 ? -1 : 0;
}

int
fd_cloexec(int fd, bool on)
{
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? -1 : 0;
}

int
fd_dup(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

int
fd_pipe(int out[2])
{
	return pipe2(out, O_CLOEXEC);
}

int
fd_pair(int out[2])
{
	const int size = PAIR_BUFFER;
	int i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) != 0)
		return -1;
	for (i = 0; i < 2; i++)
		if (setsockopt(out[i], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size)) != 0) {
			fd_close(&out[0]);
			fd_close(&out[1]);
			return -1;
		}
	return 0;
}

bool
fd_is_channel(int fd)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	socklen_t type_size = sizeof(int), size = sizeof(sa);
	int type = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 &&
	    type == SOCK_SEQPACKET && getsockname(fd, &sa, &size) == 0 &&
	    sa.sa_family == AF_UNIX;
}

int
fd_stream_pair(int out[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out);
}

static void
close_span(int first, int last)
{
	if (first > last)
		return;
#if defined(__linux__) || defined(__FreeBSD__)
	if (close_range((unsigned)first, (unsigned)last, 0) == 0)
		return;
#endif
	if (last == INT_MAX)
		last = (int)sysconf(_SC_OPEN_MAX) - 1;
	for (int fd = first; fd <= last; fd++)
		(void)close(fd);	/* most are not open */
}

void
fd_close_all_but(int lowest, const int *keep, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (keep[i] < lowest)
			continue;
		close_span(lowest, keep[i] - 1);
		lowest = keep[i] + 1;
	}
	close_span(lowest, INT_MAX);
}

void
fd_no_sigpipe(void)
{
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		bug("signal: errno %d", errno);
}

/* One descriptor and its header; aligned as the kernel wants it. */
union control {
	struct cmsghdr align;
	char octets[CMSG_SPACE(sizeof(int))];
};

static int
send_packet(int sock, const void *p, size_t n, int fd, int flags)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control = { .octets = { 0 } };
	struct cmsghdr *c;
	ssize_t done;

	if (n == 0) {	/* it would read as the end of the channel */
		errno = EINVAL;
		return -1;
	}
	if (fd >= 0) {
		msg.msg_control = control.octets;
		msg.msg_controllen = sizeof(control.octets);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do
		done = sendmsg(sock, &msg, MSG_NOSIGNAL | flags);
	while (done < 0 && errno == EINTR);
	return done < 0 ? -1 : 0;
}

int
fd_send(int sock, const void *p, size_t n, int fd)
{
	return send_packet(sock, p, n, fd, 0);
}

int
fd_send_now(int sock, const void *p, size_t n, int fd)
{
	return send_packet(sock, p, n, fd, MSG_DONTWAIT);
}

/* The descriptor that came with msg, or -1; *odd: something else came. */
static int
take_fd(struct msghdr *msg, bool *odd)
{
	struct cmsghdr *c;
	int fd = -1;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_RIGHTS && fd < 0 &&
		    c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&fd, CMSG_DATA(c), sizeof(int));
		else
			*odd = true;
	}
	return fd;
}

/* What a packet of got octets brought; as fd_recv returns it. */
static ssize_t
judge_packet(struct msghdr *msg, ssize_t got, int *fd)
{
	bool odd = false;

	*fd = take_fd(msg, &odd);
	if (odd || (msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		/* Of two, the first is there: with none, we had no room. */
		bool short_of = !odd && *fd < 0 &&
		    (msg->msg_flags & MSG_TRUNC) == 0;

		fd_close(fd);
		errno = short_of ? EMFILE : EPROTO;
		return -1;
	}
	return got;
}

/*
 * msg_controllen is CMSG_LEN, not CMSG_SPACE: the padding of CMSG_SPACE has
 * room for a second int, and Linux would install a second descriptor there.
 */
ssize_t
fd_recv(int sock, void *p, size_t n, int *fd)
{
	struct iovec iov = { .iov_base = p, .iov_len = n };
	union control control = { .octets = { 0 } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.octets,
	    .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t got;

	*fd = -1;
	hijack_look(sock, true);
	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -1 : judge_packet(&msg, got, fd);
}

int
fd_recv_many(int sock, struct fd_packet *v, int count)
{
	union control control[FD_PACKETS];
	struct iovec iov[FD_PACKETS][2];
	struct mmsghdr msg[FD_PACKETS];
	int got;

	if (count > FD_PACKETS)
		bug("%d packets at once", count);
	memset(msg, 0, (size_t)count * sizeof(msg[0]));
	for (int i = 0; i < count; i++) {
		iov[i][0] = (struct iovec){ v[i].head, v[i].head_n };
		iov[i][1] = (struct iovec){ v[i].body, v[i].body_n };
		msg[i].msg_hdr.msg_iov = iov[i];
		msg[i].msg_hdr.msg_iovlen = 2;
		msg[i].msg_hdr.msg_control = control[i].octets;
		msg[i].msg_hdr.msg_controllen = CMSG_LEN(sizeof(int));
	}
	hijack_look(sock, false);
	do
		got = recvmmsg(sock, msg, (unsigned)count,
		    MSG_CMSG_CLOEXEC | MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	for (int i = 0; i < got; i++) {
		v[i].n = judge_packet(&msg[i].msg_hdr,
		    (ssize_t)msg[i].msg_len, &v[i].fd);
		v[i].error = v[i].n < 0 ? errno : 0;
	}
	return got;
}

/* For poll(2): -1 waits for ever, at most a day at a time otherwise. */
static int
ms_left(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == INT64_MAX)
		return -1;
	left = deadline_ms - clock_mono_ms();
	if (left <= 0)
		return 0;
	return left > 86400000 ? 86400000 : (int)left;
}

static int
poll_until(struct pollfd *pfd, nfds_t n, int64_t deadline_ms)
{
	int rc, ms;

	for (;;) {
		ms = ms_left(deadline_ms);
		rc = poll(pfd, n, ms);
		if (rc < 0 && errno == EINTR)
			continue;
		if (rc != 0 || ms == 0)
			return rc;
	}
}

int
fd_wait(int fd, int what, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = fd };
	int rc;

	if ((what & FD_READ) != 0)
		pfd.events |= POLLIN;
	if ((what & FD_WRITE) != 0)
		pfd.events |= POLLOUT;
	rc = poll_until(&pfd, 1, deadline_ms);
	if (rc > 0 && (pfd.revents & POLLNVAL) != 0) {
		errno = EBADF;
		return -1;
	}
	return rc;
}

static int
wait_pair(struct pollfd pfd[2], int64_t deadline_ms)
{
	int rc = poll_until(pfd, 2, deadline_ms);

	if (rc <= 0)
		return rc;
	if (((pfd[0].revents | pfd[1].revents) & POLLNVAL) != 0) {
		errno = EBADF;
		return -1;
	}
	return (pfd[0].revents != 0 ? 1 : 0) + (pfd[1].revents != 0 ? 2 : 0);
}

int
fd_wait_two(int a, int b, int64_t deadline_ms)
{
	struct pollfd pfd[2] = {
		{ .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN },
	};

	return wait_pair(pfd, deadline_ms);
}

int
fd_wait_in_out(int in, int out, int64_t deadline_ms)
{
	struct pollfd pfd[2] = {
		{ .fd = in, .events = POLLIN },
		{ .fd = out, .events = POLLOUT },
	};

	return wait_pair(pfd, deadline_ms);
}

int
fd_no_writer(int fd)
{
#ifdef F_SETLEASE
	/* An open for writing in between would send SIGIO, which kills. */
	if (fcntl(fd, F_SETSIG, SIGURG) != 0)
		return -1;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) {
		if (errno == EINVAL)	/* this file system has none */
			errno = ENOSYS;
		return -1;
	}
	return fcntl(fd, F_SETLEASE, F_UNLCK) != 0 ? -1 : 0;
#else
	(void)fd;
	errno = ENOSYS;
	return -1;
#endif
}

bool
fd_at_end(int sock)
{
	char c;

	return recv(sock, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}
