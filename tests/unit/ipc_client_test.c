/*
 * ipc/client: an answer, a refusal, and every way in which the other end can
 * be wrong, late or gone: then the channel is closed and stays so.
 */
#include "ipc/client.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ipc/frame.h"
#include "ipc/msg_lookup.h"
#include "ipc/msg_queue.h"
#include "ipc/msg_refusal.h"
#include "os/clock.h"
#include "os/fd.h"
#include "t.h"

#define ID	"ABCDEFGHJKLMNPQRSTUV"	/* 20 characters */

static const struct queue_new ask = { 5 };

static void
say(int fd, const struct ipc_type *type, uint32_t request, const void *msg,
    int with)
{
	struct buf out;

	buf_init(&out, IPC_PACKET_MAX);
	T_TRUE(frame_pack(&out, type, request, msg) == 0);
	T_TRUE(fd_send(fd, out.p, out.n, with) == 0);
	buf_fini(&out);
}

static int
begin(struct ipc_client *c)
{
	int pair[2];

	T_TRUE(fd_pair(pair) == 0);
	ipc_client_init(c, pair[0], "qmgr");
	return pair[1];
}

/* The answer lies there before the question: request ids count from 1. */
static int
call(struct ipc_client *c, struct queue_file *answer, int *fd, struct why *why)
{
	const struct ipc_question q = { .type = &queue_new_type, .msg = &ask,
		.fd = -1, .answer = &queue_file_type,
		.deadline_ms = clock_deadline(50) };

	return ipc_call(c, &q, answer, fd, why);
}

static void
test_answer(void **state)
{
	const struct queue_file m = { ID };
	struct queue_file answer;
	struct ipc_client c;
	struct frame f;
	struct why why;
	int fd, peer = begin(&c);

	(void)state;
	say(peer, &queue_file_type, 1, &m, peer);
	T_TRUE(call(&c, &answer, &fd, &why) == 0);
	T_TRUE(fd >= 0 && strcmp(answer.id, ID) == 0);
	fd_close(&fd);
	T_TRUE(frame_recv(peer, &f) == FRAME_OK && f.request == 1 &&
	    f.type == IPC_NUM_QUEUE_NEW && f.fd == -1);
	say(peer, &queue_file_type, 2, &m, peer);
	T_TRUE(call(&c, &answer, NULL, &why) == 0);	/* closed inside */
	ipc_client_fini(&c);
	T_TRUE(c.fd == -1);
	fd_close(&peer);
}

static void
test_refusal(void **state)
{
	const struct refusal no = { 1, "5.2.3", "too large" };
	struct queue_file answer;
	struct ipc_client c;
	struct why why;
	int fd, peer = begin(&c);

	(void)state;
	say(peer, &refusal_type, 1, &no, -1);
	T_TRUE(call(&c, &answer, &fd, &why) != 0 && fd == -1);
	T_TRUE(why.kind == WHY_PERM && strcmp(why.esc, "5.2.3") == 0);
	T_TRUE(c.fd >= 0);	/* the channel is as good as before */
	ipc_client_fini(&c);
	fd_close(&peer);
}

static void
answer_late(int peer)
{
	(void)peer;
}

static void
answer_end(int peer)
{
	T_TRUE(close(dup(peer)) == 0);
}

static void
answer_other_request(int peer)
{
	const struct queue_file m = { ID };

	say(peer, &queue_file_type, 2, &m, peer);
}

static void
answer_other_type(int peer)
{
	const struct resolved m = { 1 };

	say(peer, &resolved_type, 1, &m, -1);
}

static void
answer_without_fd(int peer)
{
	const struct queue_file m = { ID };

	say(peer, &queue_file_type, 1, &m, -1);
}

static void
refuse_with_fd(int peer)
{
	const struct refusal no = { 1, "5.2.3", "too large" };

	say(peer, &refusal_type, 1, &no, peer);
}

static void
answer_malformed(int peer)
{
	T_TRUE(fd_send(peer, "\0\x71\0\0\0\1\0\2ab", 10, peer) == 0);
}

static void
answer_short(int peer)
{
	T_TRUE(fd_send(peer, "\0", 1, -1) == 0);
}

static const struct { const char *what; void (*answer)(int peer); } wrong[] = {
	{ "late", answer_late }, { "another request", answer_other_request },
	{ "another type", answer_other_type },
	{ "no descriptor", answer_without_fd },
	{ "unexpected descriptor", refuse_with_fd },
	{ "malformed", answer_malformed }, { "no header", answer_short },
};

static unsigned
open_count(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
	return n;
}

static void
test_wrong(void **state)
{
	struct queue_file answer;
	struct ipc_client c;
	struct why why;
	unsigned before = open_count();
	int fd, peer;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		t_case(wrong[i].what);
		peer = begin(&c);
		wrong[i].answer(peer);
		T_TRUE(call(&c, &answer, &fd, &why) != 0);
		T_TRUE(why.kind == WHY_TEMP && fd == -1 && c.fd == -1);
		T_TRUE(strncmp(why.text, "qmgr: ", 6) == 0);
		why_clear(&why);
		T_TRUE(call(&c, &answer, &fd, &why) != 0 &&
		    why.kind == WHY_TEMP);
		fd_close(&peer);
		T_TRUE(open_count() == before);
	}
	t_case("end");
	peer = begin(&c);
	answer_end(peer);
	fd_close(&peer);
	T_TRUE(call(&c, &answer, &fd, &why) != 0 && c.fd == -1);
}

/* What our own table refuses is not sent, and the channel stays good. */
static void
test_unsayable(void **state)
{
	struct rcpt_check m = { "" };
	struct ipc_client c;
	struct frame f;
	struct why why;
	int peer = begin(&c);

	(void)state;
	T_TRUE(ipc_client_send(&c, &rcpt_check_type, 1, &m, -1, &why) != 0);
	T_TRUE(why.kind == WHY_TEMP && c.fd >= 0);
	T_TRUE(fd_nonblock(peer, true) == 0);
	T_TRUE(frame_recv(peer, &f) == FRAME_AGAIN);
	ipc_client_fini(&c);
	fd_close(&peer);
}

static void
test_several(void **state)
{
	const struct ipc_type *const types[] = { &target_type, &resolved_type };
	static struct target m = { .kind = TARGET_REMOTE,
		.address = "a@b.example", .nexthop = "b.example" };
	const struct resolved end = { 1 };
	struct ipc_client c;
	struct ipc_got got;
	struct target back;
	struct why why;
	int peer = begin(&c);

	(void)state;
	say(peer, &target_type, 9, &m, -1);
	say(peer, &resolved_type, 9, &end, -1);
	T_TRUE(ipc_client_recv(&c, types, 2, clock_deadline(50), &got,
	    &why) == 0 && got.type == &target_type && got.request == 9);
	memcpy(&back, got.msg.octets, sizeof(back));
	T_TRUE(strcmp(back.nexthop, "b.example") == 0);
	T_TRUE(ipc_client_recv(&c, types, 2, clock_deadline(50), &got,
	    &why) == 0 && got.type == &resolved_type);
	ipc_client_fini(&c);
	fd_close(&peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_unsayable),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
