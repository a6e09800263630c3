/*
 * fd: descriptors over sockets (unix(7)), short writes, closing, waiting.
 */
#include "os/fd.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fs.h"
#include "t.h"

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static unsigned
open_count(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += is_open(fd) ? 1 : 0;
	return n;
}

static void
test_close(void **state)
{
	int fd = dup(1), copy = fd;

	(void)state;
	errno = 77;
	fd_close(&fd);
	T_TRUE(errno == 77 && fd == -1 && !is_open(copy));
	fd_close(&fd);		/* once is enough */
	T_TRUE(fd_close_check(&fd) == 0);
}

static void
test_cloexec(void **state)
{
	int p[2], q[2], r[2], fds[6];

	(void)state;
	T_TRUE(fd_pipe(p) == 0 && fd_pair(q) == 0 && fd_stream_pair(r) == 0);
	memcpy(fds, p, sizeof(p));
	memcpy(fds + 2, q, sizeof(q));
	memcpy(fds + 4, r, sizeof(r));
	for (size_t i = 0; i < COUNT(fds); i++) {
		T_TRUE((fcntl(fds[i], F_GETFD) & FD_CLOEXEC) != 0);
		fd_close(&fds[i]);
	}
}

static void
test_send_recv(void **state)
{
	int pair[2], pipe_fds[2], got = 0;
	char text[16];

	(void)state;
	T_TRUE(fd_pair(pair) == 0 && fd_pipe(pipe_fds) == 0);
	T_TRUE(fd_send(pair[0], "hello", 5, pipe_fds[1]) == 0);
	T_TRUE(is_open(pipe_fds[1]));
	T_TRUE(fd_recv(pair[1], text, sizeof(text), &got) == 5);
	T_TRUE(memcmp(text, "hello", 5) == 0 && got >= 0);
	T_TRUE((fcntl(got, F_GETFD) & FD_CLOEXEC) != 0);
	T_TRUE(fd_write_all(got, "x", 1) == 0);
	T_TRUE(fd_read(pipe_fds[0], text, 1) == 1 && text[0] == 'x');
	fd_close(&got);

	T_TRUE(fd_send(pair[0], "no fd", 5, -1) == 0);
	T_TRUE(fd_recv(pair[1], text, sizeof(text), &got) == 5 && got == -1);
	/* An empty packet would read as the end. */
	T_TRUE(fd_send(pair[0], "", 0, -1) == -1 && errno == EINVAL);

	/* A packet that does not fit is refused, with what came along. */
	unsigned before = open_count();
	T_TRUE(fd_send(pair[0], "0123456789abcdefg", 17, pipe_fds[1]) == 0);
	T_TRUE(fd_recv(pair[1], text, sizeof(text), &got) == -1);
	T_TRUE(errno == EPROTO && got == -1 && open_count() == before);

	/* No room for the descriptor here is not the sender's fault. */
	struct rlimit was, none;
	int next = fd_dup(pair[0]);

	T_TRUE(getrlimit(RLIMIT_NOFILE, &was) == 0);
	none = was;
	none.rlim_cur = (rlim_t)next;
	fd_close(&next);
	T_TRUE(setrlimit(RLIMIT_NOFILE, &none) == 0);
	T_TRUE(fd_send(pair[0], "hello", 5, pipe_fds[1]) == 0);
	T_TRUE(fd_recv(pair[1], text, sizeof(text), &got) == -1);
	T_TRUE(errno == EMFILE && got == -1);
	T_TRUE(setrlimit(RLIMIT_NOFILE, &was) == 0);

	fd_close(&pair[0]);
	T_TRUE(fd_recv(pair[1], text, sizeof(text), &got) == 0 && got == -1);
	fd_close(&pair[1]);
	fd_close(&pipe_fds[0]);
	fd_close(&pipe_fds[1]);
}

/* A connection whose other holder has made it blocking, and full. */
static void
test_write_now(void **state)
{
	char text[4096] = { 'x' };
	int pair[2], other;

	(void)state;
	T_TRUE(fd_stream_pair(pair) == 0 && (other = fd_dup(pair[0])) >= 0);
	T_TRUE(fd_write_now(pair[0], "hello", 5) == 5);
	T_TRUE(fd_read(pair[1], text, sizeof(text)) == 5);
	T_TRUE(fd_nonblock(pair[0], true) == 0);
	while (fd_write(pair[0], text, sizeof(text)) > 0)
		continue;
	T_TRUE(errno == EAGAIN && fd_nonblock(other, false) == 0);
	(void)alarm(5);		/* the test ends if it waits */
	T_TRUE(fd_write_now(pair[0], "hello", 5) == -1 && errno == EAGAIN);
	(void)alarm(0);
	fd_close(&pair[1]);
	T_TRUE(fd_write_now(pair[0], "hello", 5) == -1 && errno == EPIPE);
	fd_close(&pair[0]);
	fd_close(&other);
}

/* Two descriptors in one message, and two messages of one each. */
static void
send_two(int sock, const int fds[2], bool apart)
{
	char one[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = one };
	struct cmsghdr *c;

	memset(one, 0, sizeof(one));
	m.msg_controllen = apart ? 2 * CMSG_SPACE(sizeof(int)) :
	    CMSG_SPACE(2 * sizeof(int));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN((apart ? 1 : 2) * sizeof(int));
	memcpy(CMSG_DATA(c), fds, (apart ? 1 : 2) * sizeof(int));
	if (apart) {
		c = CMSG_NXTHDR(&m, c);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), fds + 1, sizeof(int));
	}
	T_TRUE(sendmsg(sock, &m, 0) == 1);
}

static void
test_two_refused(void **state)
{
	int pair[2], got;
	const int two[2] = { 0, 1 };
	char text[16];
	unsigned before;

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	for (int apart = 0; apart < 2; apart++) {
		t_case(apart ? "two control messages" : "one of two");
		before = open_count();
		send_two(pair[0], two, apart != 0);
		T_TRUE(fd_recv(pair[1], text, sizeof(text), &got) == -1);
		T_TRUE(errno == EPROTO && got == -1);
		T_TRUE(open_count() == before);	/* nothing was kept */
	}
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

/* pipe(7): a write larger than the pipe comes back short. */
static void
test_short_writes(void **state)
{
	const size_t n = 1 << 20;
	char *out = malloc(n), *in = malloc(n);
	int p[2], status;
	size_t have = 0;
	ssize_t got;
	pid_t pid;

	(void)state;
	T_TRUE(out != NULL && in != NULL && fd_pipe(p) == 0);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(i * 7 + i / 251);
	pid = fork();
	if (pid == 0) {
		fd_close(&p[0]);
		_exit(fd_write_all(p[1], out, n) == 0 ? 0 : 1);
	}
	fd_close(&p[1]);
	while (have < n && (got = fd_read(p[0], in + have,
	    n - have > 777 ? 777 : n - have)) > 0)
		have += (size_t)got;
	T_TRUE(waitpid(pid, &status, 0) == pid && status == 0);
	T_TRUE(have == n && memcmp(in, out, n) == 0);
	fd_close(&p[0]);
	free(in);
	free(out);
}

static void
test_at(void **state)
{
	char path[] = "/tmp/fd_test.XXXXXX", text[8];
	int fd = mkstemp(path);

	(void)state;
	T_TRUE(fd >= 0 && unlink(path) == 0);
	T_TRUE(fd_pwrite_all(fd, "abcdef", 6, 2) == 0);
	T_TRUE(fd_pread_all(fd, text, 8, 0) == 0);
	T_TRUE(memcmp(text, "\0\0abcdef", 8) == 0);
	T_TRUE(fd_pread_all(fd, text, 3, 6) == -1 && errno == ENODATA);
	T_TRUE(fd_pread(fd, text, 1, UINT64_MAX) == -1);
	fd_close(&fd);
}

static void
test_wait(void **state)
{
	int a[2], b[2];
	int64_t start;

	(void)state;
	T_TRUE(fd_pipe(a) == 0 && fd_pipe(b) == 0);
	start = clock_mono_ms();
	T_TRUE(fd_wait(a[0], FD_READ, clock_deadline(60)) == 0);
	T_TRUE(clock_mono_ms() - start >= 59);
	T_TRUE(fd_wait(a[1], FD_WRITE, clock_deadline(1000)) == 1);
	T_TRUE(fd_wait_two(a[0], b[0], clock_deadline(10)) == 0);
	T_TRUE(fd_write_all(b[1], "x", 1) == 0);
	T_TRUE(fd_wait_two(a[0], b[0], clock_deadline(1000)) == 2);
	T_TRUE(fd_write_all(a[1], "x", 1) == 0);
	T_TRUE(fd_wait_two(a[0], b[0], clock_deadline(1000)) == 3);
	T_TRUE(fd_wait_two(a[0], b[1], clock_deadline(1000)) == 1);
	/* A deadline that has passed still sees what is ready. */
	T_TRUE(fd_wait(a[0], FD_READ, clock_deadline(-5)) == 1);
	for (int i = 0; i < 2; i++) {
		fd_close(&a[i]);
		fd_close(&b[i]);
	}
	T_TRUE(fd_wait(200, FD_READ, clock_deadline(10)) == -1);
}

static void
test_close_all_but(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		const int keep[] = { 2, 11, 12, 40 };
		bool ok = true;

		for (int fd = 5; fd < 60; fd++)
			(void)!dup2(0, fd);
		fd_close_all_but(5, keep, COUNT(keep));
		for (int fd = 5; fd < 300; fd++)
			ok &= is_open(fd) ==
			    (fd == 11 || fd == 12 || fd == 40);
		_exit(ok && is_open(0) && is_open(2) ? 0 : 1);
	}
	T_TRUE(waitpid(pid, &status, 0) == pid && status == 0);
}

/* fcntl(2), F_SETLEASE: refused while anybody has it open for writing. */
static void
test_no_writer(void **state)
{
	char path[] = "/var/tmp/fd_test.XXXXXX";
	int w = mkstemp(path), r, pair[2], got;
	char c;

	(void)state;
	T_TRUE(w >= 0);
	r = open(path, O_RDONLY | O_CLOEXEC);
	T_TRUE(r >= 0 && fd_no_writer(r) == -1 && errno == EAGAIN);
	/* Also while the descriptor is only on its way in a socket. */
	T_TRUE(fd_pair(pair) == 0 && fd_send(pair[0], "x", 1, w) == 0);
	fd_close(&w);
	T_TRUE(fd_no_writer(r) == -1 && errno == EAGAIN);
	T_TRUE(fd_recv(pair[1], &c, 1, &got) == 1);
	fd_close(&got);
	T_TRUE(fd_no_writer(r) == 0);
	/* The lease is not kept: opening for writing does not wait for it. */
	w = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	T_TRUE(w >= 0);
	fd_close(&w);
	fd_close(&r);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	T_TRUE(unlink(path) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_cloexec),
		cmocka_unit_test(test_send_recv),
		cmocka_unit_test(test_write_now),
		cmocka_unit_test(test_two_refused),
		cmocka_unit_test(test_short_writes),
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_close_all_but),
		cmocka_unit_test(test_no_writer),
	};

	fd_no_sigpipe();
	return cmocka_run_group_tests_name("fd", tests, NULL, NULL);
}
