/*
 * ipc/server and chan: who may say what, how often, with which descriptor;
 * and what a wrong peer costs: its own channel, nobody else's.
 */
#include "ipc/server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "ipc/chan.h"
#include "ipc/frame.h"
#include "ipc/msg_chan.h"
#include "ipc/msg_queue.h"
#include "ipc/msg_refusal.h"
#include "os/clock.h"
#include "os/fd.h"
#include "t.h"

#define ID	"ABCDEFGHJKLMNPQRSTUV"	/* 20 characters */

static struct {
	struct event_base *base;
	struct ipc_server *srv;
	unsigned runs, closes;
	int	 kept_fd;
	bool	 close_all;
	uint32_t lost;		/* request of what found no room */
	char	 log[4096];
} t;

static void
to_memory(enum log_level level, struct span line)
{
	(void)level;
	span_copy_cut(line, t.log, sizeof(t.log));
}

static enum verdict
on_new(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct queue_new *m = msg->body;
	struct queue_committed answer = { .id = ID };
	struct why why;

	T_TRUE(ctx == &t);
	t.runs++;
	if (m->size_octets == 13)
		return VERDICT_CLOSE;
	if (m->size_octets == 14) {
		why_set(&why, WHY_TEMP, "4.3.1", "disk is full");
		return ipc_refuse(peer, msg->request, &why);
	}
	return ipc_answer(peer, msg, &queue_committed_type, &answer, -1);
}

static void
close_peer(struct ipc_peer *peer, void *arg)
{
	(void)arg;
	ipc_peer_close(peer);
}

static enum verdict
on_abort(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	(void)msg;
	(void)ctx;
	t.runs++;
	if (t.close_all)
		ipc_server_each(ipc_peer_server(peer), ROLE_SMTPD_SESSION,
		    close_peer, NULL);
	return VERDICT_OK;
}

static enum verdict
on_file(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	(void)peer;
	(void)ctx;
	t.runs++;
	t.kept_fd = *msg->fd;
	*msg->fd = -1;
	return VERDICT_OK;
}

#define SESSION	ROLE_BIT(ROLE_SMTPD_SESSION)
static const struct ipc_rule rules[] = {
	{ SESSION, &queue_new_type, 0, on_new },
	{ SESSION, &queue_abort_type, 5, on_abort },
	{ SESSION, &queue_file_type, 0, on_file },
	CHAN_RULE(ROLE_BIT(ROLE_SMTPD) | ROLE_BIT(ROLE_QMGR)),
};

static void
on_closed(struct ipc_peer *peer, void *ctx)
{
	T_TRUE(ctx == &t);
	T_TRUE(ipc_peer_get(peer) == NULL || ipc_peer_get(peer) == &t);
	t.closes++;
}

static unsigned nones;		/* times that nobody of smtpd was left */

static void
on_none(enum role role)
{
	T_TRUE(ipc_server_count(t.srv, role) == 0);
	if (role == ROLE_SMTPD)
		nones++;
}

static int
setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.kept_fd = -1;
	log_set_sink(to_memory);
	t.base = event_base_new();
	t.srv = ipc_server_new(t.base, rules, COUNT(rules), &t);
	ipc_server_on_close(t.srv, on_closed);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ipc_server_free(&t.srv);
	event_base_free(t.base);
	fd_close(&t.kept_fd);
	return 0;
}

static void
turn(void)
{
	for (int i = 0; i < 20; i++)
		(void)event_base_loop(t.base, EVLOOP_NONBLOCK);
}

/* A new peer; our end of its channel. */
static int
add(enum role role)
{
	int pair[2];

	T_TRUE(fd_pair(pair) == 0 && fd_nonblock(pair[0], true) == 0);
	(void)ipc_server_add(t.srv, pair[1], role);
	return pair[0];
}

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

static bool
closed(int fd)
{
	struct frame f;

	return frame_recv(fd, &f) == FRAME_END;
}

static bool
logged(const char *text)
{
	return strstr(t.log, "event=ipc-refused") != NULL &&
	    strstr(t.log, text) != NULL;
}

static void
test_answer(void **state)
{
	const struct queue_new ok = { 1 }, no = { 14 };
	int fd = add(ROLE_SMTPD_SESSION);
	struct refusal r;
	struct frame f;

	(void)state;
	say(fd, &queue_new_type, 77, &ok, -1);
	say(fd, &queue_new_type, 78, &no, -1);
	turn();
	T_TRUE(t.runs == 2);
	T_TRUE(frame_recv(fd, &f) == FRAME_OK && f.request == 77 &&
	    f.type == IPC_NUM_QUEUE_COMMITTED);
	T_TRUE(frame_recv(fd, &f) == FRAME_OK && f.request == 78 &&
	    f.type == IPC_NUM_REFUSAL);
	T_TRUE(ipc_decode(&refusal_type, f.body, f.body_len, &r) == 0 &&
	    strcmp(r.text, "disk is full") == 0 && r.permanent == 0);
	T_TRUE(t.closes == 0);
	fd_close(&fd);
	turn();
	T_TRUE(t.closes == 1);
	T_TRUE(ipc_server_count(t.srv, ROLE_SMTPD_SESSION) == 0);
}

/* Each wrong message closes its sender; the neighbour is still served. */
static void
refused(enum role role, void (*send)(int fd), const char *reason)
{
	const struct queue_new ok = { 1 };
	int wrong = add(role), right = add(ROLE_SMTPD_SESSION);
	struct frame f;

	t_case(reason);
	t.log[0] = '\0';
	t.runs = 0;
	send(wrong);
	turn();
	T_TRUE(logged(reason) && closed(wrong));
	say(right, &queue_new_type, 1, &ok, -1);
	turn();
	T_TRUE(frame_recv(right, &f) == FRAME_OK);
	fd_close(&wrong);
	fd_close(&right);
	turn();
}

static void
send_unknown(int fd)
{
	T_TRUE(fd_send(fd, "\x7f\xff\0\0\0\1", 6, -1) == 0);
}

static void
send_new(int fd)
{
	const struct queue_new m = { 1 };

	say(fd, &queue_new_type, 1, &m, -1);
}

static void
send_commit(int fd)		/* of the catalogue, in no rule */
{
	const struct queue_commit m = { ID };

	say(fd, &queue_commit_type, 1, &m, -1);
}

static void
send_short(int fd)
{
	T_TRUE(fd_send(fd, "\0\x70\0\0\0\1\0", 7, -1) == 0);
}

static void
send_long(int fd)
{
	T_TRUE(fd_send(fd, "\0\x70\0\0\0\1\0\0\0\0\0\0\0\1\0", 15, -1) == 0);
}

static void
send_out_of_range(int fd)	/* 2^40, the bound is 2^32 */
{
	T_TRUE(fd_send(fd, "\0\x70\0\0\0\1\0\0\1\0\0\0\0\0", 14, -1) == 0);
}

static void
send_with_fd(int fd)
{
	const struct queue_new m = { 1 };

	say(fd, &queue_new_type, 1, &m, fd);
}

static void
send_without_fd(int fd)
{
	const struct queue_file m = { ID };

	say(fd, &queue_file_type, 1, &m, -1);
}

static void
send_header_only(int fd)
{
	T_TRUE(fd_send(fd, "\0\x70", 2, -1) == 0);
}

static void
send_closing(int fd)
{
	const struct queue_new m = { 13 };

	say(fd, &queue_new_type, 1, &m, -1);
}

static void
send_flood(int fd)		/* 5 a second, bursts of 10 */
{
	const struct queue_abort m = { ID };

	for (int i = 0; i < 12; i++)
		say(fd, &queue_abort_type, 1, &m, -1);
}

static void
test_refused(void **state)
{
	(void)state;
	refused(ROLE_SMTPD_SESSION, send_unknown, "unknown type");
	refused(ROLE_SMTPD_SESSION, send_commit, "unknown type");
	refused(ROLE_DNSD, send_new, "not from this role");
	refused(ROLE_SMTPD_SESSION, send_short, "malformed");
	refused(ROLE_SMTPD_SESSION, send_long, "malformed");
	refused(ROLE_SMTPD_SESSION, send_out_of_range, "malformed");
	refused(ROLE_SMTPD_SESSION, send_with_fd, "descriptor");
	refused(ROLE_SMTPD_SESSION, send_without_fd, "descriptor");
	refused(ROLE_SMTPD_SESSION, send_header_only, "broken packet");
	refused(ROLE_SMTPD_SESSION, send_closing, "handler");
	refused(ROLE_SMTPD_SESSION, send_flood, "rate");
	T_TRUE(t.runs == 10 + 1);	/* the burst, and the neighbour */
}

/* Who may be in a hurry is served all the same, only later. */
static void
test_paced(void **state)
{
	const struct queue_abort m = { ID };
	const struct queue_new other = { 1 };
	int64_t deadline = clock_deadline(20000);
	struct frame f;
	int fd;

	(void)state;
	ipc_server_pace(t.srv, ROLE_SMTPD_SESSION);
	fd = add(ROLE_SMTPD_SESSION);
	for (int i = 0; i < 18; i++)
		say(fd, &queue_abort_type, 1, &m, -1);
	say(fd, &queue_new_type, 2, &other, -1);
	turn();
	T_TRUE(t.runs >= 10 && t.runs < 18);	/* the burst, not all */
	while (t.runs < 19 && clock_mono_ms() < deadline)
		turn();
	T_TRUE(t.runs == 19 && t.closes == 0);
	T_TRUE(frame_recv(fd, &f) == FRAME_OK && f.request == 2);
	/* It may go while it is not read. */
	for (int i = 0; i < 4; i++)
		say(fd, &queue_abort_type, 1, &m, -1);
	turn();
	fd_close(&fd);
	while (t.closes == 0 && clock_mono_ms() < deadline)
		turn();
	T_TRUE(t.closes == 1 && t.runs == 19 + 4);
}

static void
test_descriptor(void **state)
{
	const struct queue_file m = { ID };
	int fd = add(ROLE_SMTPD_SESSION), p[2];

	(void)state;
	T_TRUE(fd_pipe(p) == 0);
	say(fd, &queue_file_type, 1, &m, p[1]);
	fd_close(&p[1]);
	turn();
	T_TRUE(t.runs == 1 && t.kept_fd >= 0);
	T_TRUE(fd_write_all(t.kept_fd, "x", 1) == 0);
	fd_close(&p[0]);
	fd_close(&fd);
}

/* A peer that does not read is closed at the bound; what fits is kept. */
static void
test_bound(void **state)
{
	struct queue_committed m = { ID };
	int fd;
	struct ipc_peer *p;
	unsigned sent = 0, got = 0;
	struct frame f;

	(void)state;
	ipc_server_bound(t.srv, 100000, 50);
	fd = add(ROLE_SMTPD_SESSION);
	p = ipc_server_peer(t.srv, ROLE_SMTPD_SESSION);
	while (sent < 100000 && ipc_send(p, &queue_committed_type, sent, &m,
	    -1) == 0)
		sent++;
	T_TRUE(sent < 100000 && logged("does not read"));
	T_TRUE(ipc_server_peer(t.srv, ROLE_SMTPD_SESSION) == NULL);
	turn();
	T_TRUE(t.closes == 1);
	while (frame_recv(fd, &f) == FRAME_OK)
		T_TRUE(f.request == got++);
	T_TRUE(got > 0 && got <= sent);
	fd_close(&fd);
}

/* Queued packets go out in order, with their descriptors, when read. */
static void
test_queue_order(void **state)
{
	const struct queue_file m = { ID };
	int fd = add(ROLE_SMTPD_SESSION), p[2];
	struct ipc_peer *peer = ipc_server_peer(t.srv, ROLE_SMTPD_SESSION);
	struct frame f;
	uint32_t n = 1000, got = 0;

	(void)state;
	T_TRUE(fd_pipe(p) == 0);
	/* Each packet in flight holds one; the kernel allows RLIMIT_NOFILE. */
	for (uint32_t i = 0; i < 200; i++)
		T_TRUE(ipc_send(peer, &queue_file_type, i, &m, p[0]) == 0);
	for (uint32_t i = 200; i < n; i++) {
		const struct queue_committed c = { ID };

		T_TRUE(ipc_send(peer, &queue_committed_type, i, &c, -1) == 0);
	}
	for (int i = 0; i < 2000 && got < n; i++) {
		turn();
		while (frame_recv(fd, &f) == FRAME_OK) {
			T_TRUE(f.request == got);
			T_TRUE((f.fd >= 0) == (got < 200));
			fd_close(&f.fd);
			got++;
		}
	}
	T_TRUE(got == n);
	fd_close(&p[0]);
	fd_close(&p[1]);
	fd_close(&fd);
}

/* Words said before the end count, though we cannot answer any more. */
static void
test_last_words(void **state)
{
	const struct queue_new m = { 1 };
	const struct queue_committed c = { ID };
	int fd = add(ROLE_SMTPD_SESSION);
	struct ipc_peer *p = ipc_server_peer(t.srv, ROLE_SMTPD_SESSION);

	(void)state;
	say(fd, &queue_new_type, 1, &m, -1);
	say(fd, &queue_new_type, 2, &m, -1);
	T_TRUE(ipc_send(p, &queue_committed_type, 9, &c, -1) == 0);
	fd_close(&fd);		/* with a packet of ours unread */
	T_TRUE(ipc_send(p, &queue_committed_type, 10, &c, -1) != 0);
	turn();
	T_TRUE(t.runs == 2 && t.closes == 1);
}

static void
test_close_in_handler(void **state)
{
	const struct queue_abort m = { ID };
	int fds[5];

	(void)state;
	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = add(ROLE_SMTPD_SESSION);
	ipc_peer_set(ipc_server_peer(t.srv, ROLE_SMTPD_SESSION), &t);
	t.close_all = true;
	say(fds[2], &queue_abort_type, 1, &m, -1);
	turn();
	T_TRUE(t.runs == 1 && t.closes == COUNT(fds));
	for (size_t i = 0; i < COUNT(fds); i++) {
		T_TRUE(closed(fds[i]));
		fd_close(&fds[i]);
	}
}

/* Of a role the last one counts, once, however many end together. */
static void
test_none(void **state)
{
	int old = add(ROLE_SMTPD), other = add(ROLE_QMGR), newer;

	(void)state;
	nones = 0;
	ipc_server_on_none(t.srv, on_none);
	newer = add(ROLE_SMTPD);
	fd_close(&old);
	turn();
	T_TRUE(nones == 0 && t.closes == 1);
	T_TRUE(write(newer, "x", 1) == 1);	/* no packet of ours */
	turn();
	T_TRUE(nones == 1 && t.closes == 2 && closed(newer));
	fd_close(&newer);
	old = add(ROLE_SMTPD);
	newer = add(ROLE_SMTPD);
	fd_close(&old);
	fd_close(&newer);
	turn();
	T_TRUE(nones == 2 && t.closes == 4);
	fd_close(&other);
	turn();
	T_TRUE(nones == 2);
}

static void
test_limit(void **state)
{
	int a, b, c;

	(void)state;
	ipc_server_limit(t.srv, ROLE_SMTPD_SESSION, 2);
	a = add(ROLE_SMTPD_SESSION);
	b = add(ROLE_SMTPD_SESSION);
	c = add(ROLE_SMTPD_SESSION);
	T_TRUE(closed(c) && !closed(a) && logged("too many peers"));
	T_TRUE(ipc_server_count(t.srv, ROLE_SMTPD_SESSION) == 2);
	fd_close(&a);
	fd_close(&b);
	fd_close(&c);
}

/* The role of an introduced channel follows from who introduces it. */
static void
test_chan(void **state)
{
	const struct queue_new m = { 1 };
	const struct chan_new intro = { 0 };
	int listener = add(ROLE_SMTPD), qmgr = add(ROLE_QMGR), pair[2];
	int nowhere = open("/dev/null", O_RDWR);	/* no poll(2) of it */
	struct frame f;

	(void)state;
	T_TRUE(fd_pair(pair) == 0);
	say(listener, &chan_new_type, 1, &intro, pair[1]);
	fd_close(&pair[1]);
	turn();
	T_TRUE(ipc_server_count(t.srv, ROLE_SMTPD_SESSION) == 1);
	say(pair[0], &queue_new_type, 5, &m, -1);
	turn();
	T_TRUE(frame_recv(pair[0], &f) == FRAME_OK && f.request == 5);
	fd_close(&pair[0]);
	t_case("what is passed is no channel");
	T_TRUE(pipe(pair) == 0);
	say(listener, &chan_new_type, 1, &intro, pair[0]);
	say(listener, &chan_new_type, 1, &intro, nowhere);
	turn();
	T_TRUE(ipc_server_count(t.srv, ROLE_SMTPD_SESSION) == 0);
	T_TRUE(ipc_server_count(t.srv, ROLE_SMTPD) == 1);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	fd_close(&nowhere);
	t_case("a role that has no children");
	T_TRUE(fd_pair(pair) == 0);
	say(qmgr, &chan_new_type, 1, &intro, pair[1]);
	turn();
	T_TRUE(closed(qmgr) && logged("handler"));
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	fd_close(&listener);
	fd_close(&qmgr);
}

static void
test_introduce(void **state)
{
	int fd = add(ROLE_SMTPD_SESSION), ours;
	struct frame f;

	(void)state;
	ours = chan_introduce(ipc_server_peer(t.srv, ROLE_SMTPD_SESSION));
	T_TRUE(ours >= 0 && (fcntl(ours, F_GETFD) & FD_CLOEXEC) != 0);
	turn();
	T_TRUE(frame_recv(fd, &f) == FRAME_OK && f.fd >= 0 &&
	    f.type == IPC_NUM_CHAN_NEW);
	T_TRUE(fd_send(ours, "abcdef", 6, -1) == 0);
	T_TRUE(fd_nonblock(f.fd, true) == 0);
	T_TRUE(frame_recv(f.fd, &f) == FRAME_OK);
	fd_close(&fd);
	fd_close(&ours);
}

/*
 * A session too many for the descriptors of this process costs that session,
 * not its listener: else 4,000 clients would end the service for all.
 */
static void
on_lost(struct ipc_peer *peer, const struct ipc_type *type, uint32_t request,
    void *ctx)
{
	(void)ctx;
	T_TRUE(ipc_peer_role(peer) == ROLE_SMTPD && type == &chan_new_type);
	t.lost = request;
}

static void
test_no_descriptors(void **state)
{
	int listener = add(ROLE_SMTPD), pair[2], next;
	const struct chan_new intro = { 0 };
	struct rlimit was, none;

	(void)state;
	turn();
	ipc_server_on_lost(t.srv, on_lost);
	T_TRUE(fd_pair(pair) == 0 && getrlimit(RLIMIT_NOFILE, &was) == 0);
	next = fd_dup(listener);
	none = was;
	none.rlim_cur = (rlim_t)next;
	fd_close(&next);
	T_TRUE(setrlimit(RLIMIT_NOFILE, &none) == 0);
	say(listener, &chan_new_type, 77, &intro, pair[1]);
	turn();
	T_TRUE(setrlimit(RLIMIT_NOFILE, &was) == 0);
	T_TRUE(t.closes == 0 && ipc_server_count(t.srv, ROLE_SMTPD) == 1);
	T_TRUE(ipc_server_count(t.srv, ROLE_SMTPD_SESSION) == 0);
	T_TRUE(t.lost == 77);
	fd_close(&pair[1]);
	T_TRUE(closed(pair[0]));
	fd_close(&pair[0]);
	/* And the next one is served. */
	T_TRUE(fd_pair(pair) == 0);
	say(listener, &chan_new_type, 1, &intro, pair[1]);
	turn();
	T_TRUE(ipc_server_count(t.srv, ROLE_SMTPD_SESSION) == 1);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	fd_close(&listener);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_answer), CASE(test_refused), CASE(test_paced),
		CASE(test_descriptor),
		CASE(test_bound), CASE(test_queue_order),
		CASE(test_last_words), CASE(test_close_in_handler),
		CASE(test_limit), CASE(test_chan), CASE(test_introduce),
		CASE(test_no_descriptors), CASE(test_none),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
