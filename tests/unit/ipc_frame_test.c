/*
 * frame_test - several packets by one call: each with its own descriptor, the
 * end, and what breaks a channel.
 */
#include "ipc/frame.h"

#include <sys/socket.h>

#include <string.h>
#include <unistd.h>

#include "os/fd.h"
#include "t.h"

/* Type 1 + n, request n, a body of n octets. */
static void
put(int chan, uint8_t n, int fd)
{
	uint8_t p[IPC_HEADER + 255] = { 0, (uint8_t)(1 + n), 0, 0, 0, n };

	memset(p + IPC_HEADER, n, n);
	T_TRUE(fd_send(chan, p, (size_t)(IPC_HEADER + n), fd) == 0);
}

static int
lowest_free(void)
{
	int fd = dup(0);

	fd_close(&(int){ fd });
	return fd;
}

static struct frame v[FRAMES_AT_ONCE];
static enum frame_got got[FRAMES_AT_ONCE];

static void
test_group(void **state)
{
	int pair[2];

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	put(pair[0], 7, -1);
	put(pair[0], 0, pair[0]);
	put(pair[0], 200, -1);
	T_TRUE(frame_recv_many(pair[1], v, got) == 3);
	for (int i = 0; i < 3; i++)
		T_TRUE(got[i] == FRAME_OK);
	T_TRUE(v[0].type == 8 && v[0].request == 7 && v[0].body_len == 7);
	T_TRUE(v[0].fd == -1 && v[0].body[6] == 7);
	T_TRUE(v[1].body_len == 0 && v[1].fd >= 0);
	T_TRUE(v[2].type == 201 && v[2].body_len == 200 && v[2].fd == -1);
	fd_close(&v[1].fd);
	T_TRUE(frame_recv_many(pair[1], v, got) == 1 && got[0] == FRAME_AGAIN);
	for (uint8_t n = 0; n < FRAMES_AT_ONCE + 2; n++)
		put(pair[0], n, -1);
	fd_close(&pair[0]);
	T_TRUE(frame_recv_many(pair[1], v, got) == FRAMES_AT_ONCE);
	T_TRUE(got[FRAMES_AT_ONCE - 1] == FRAME_OK);
	T_TRUE(frame_recv_many(pair[1], v, got) == 3);
	T_TRUE(got[1] == FRAME_OK && v[1].request == FRAMES_AT_ONCE + 1);
	T_TRUE(got[2] == FRAME_END);
	fd_close(&pair[1]);
}

/* What stands behind a broken packet is dropped, with its descriptor. */
static void
test_broken(void **state)
{
	int pair[2], before;

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	before = lowest_free();
	put(pair[0], 1, -1);
	T_TRUE(fd_send(pair[0], "short", 5, pair[0]) == 0);
	put(pair[0], 2, pair[0]);
	T_TRUE(frame_recv_many(pair[1], v, got) == 2);
	T_TRUE(got[0] == FRAME_OK && got[1] == FRAME_BROKEN && v[1].fd == -1);
	T_TRUE(lowest_free() == before);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

/* Two descriptors in one packet: neither stays. */
static void
test_two(void **state)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(2 * sizeof(int))];
	} control = { .octets = { 0 } };
	char p[IPC_HEADER] = { 0 };
	struct iovec iov = { .iov_base = p, .iov_len = sizeof(p) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.octets,
	    .msg_controllen = sizeof(control.octets) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int pair[2], before;

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	before = lowest_free();
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), pair, sizeof(pair));
	T_TRUE(sendmsg(pair[0], &msg, 0) == (ssize_t)sizeof(p));
	T_TRUE(frame_recv_many(pair[1], v, got) == 1);
	T_TRUE(got[0] == FRAME_BROKEN && v[0].fd == -1);
	T_TRUE(lowest_free() == before);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

/* One at a time, and it never waits. */
static void
test_now(void **state)
{
	int pair[2];

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	T_TRUE(frame_recv_now(pair[1], v) == FRAME_AGAIN);
	put(pair[0], 3, -1);
	put(pair[0], 4, -1);
	T_TRUE(frame_recv_now(pair[1], v) == FRAME_OK && v->request == 3);
	T_TRUE(frame_recv_now(pair[1], v) == FRAME_OK && v->request == 4);
	fd_close(&pair[0]);
	T_TRUE(frame_recv_now(pair[1], v) == FRAME_END);
	fd_close(&pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
