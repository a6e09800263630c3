/*
 * stream: deadlines of a whole command, a pace for transfers, one write for
 * a flight of answers, and what another layer may see of earlier octets.
 */
#include "net/stream.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fd.h"
#include "os/spawn.h"
#include "t.h"

/* A stream on one end; the other is returned. */
static int
open_pair(struct stream *s, size_t in_size, size_t out_size)
{
	int pair[2];

	T_TRUE(fd_stream_pair(pair) == 0);
	T_TRUE(fd_nonblock(pair[0], true) == 0);
	stream_init(s, pair[0], in_size, out_size);
	stream_deadline(s, 2000);
	return pair[1];
}

static void
test_read(void **state)
{
	struct stream s;
	int peer = open_pair(&s, 64, 64);

	(void)state;
	T_TRUE(stream_idle(&s));
	T_TRUE(fd_write_all(peer, "abc", 3) == 0);
	T_TRUE(stream_fill(&s) == STREAM_OK);
	T_STR(stream_peek(&s), "abc");
	stream_consume(&s, 2);
	T_STR(stream_peek(&s), "c");
	T_TRUE(fd_write_all(peer, "def", 3) == 0);
	T_TRUE(stream_fill(&s) == STREAM_OK);
	T_STR(stream_peek(&s), "cdef");
	/* To the brim and no further. */
	T_TRUE(fd_write_all(peer, "0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789", 80) == 0);
	T_TRUE(stream_fill(&s) == STREAM_OK);
	while (stream_fill(&s) == STREAM_OK)
		continue;
	T_TRUE(stream_peek(&s).n == 64);
	T_TRUE(stream_fill(&s) == STREAM_FULL);
	stream_consume(&s, 64);
	T_TRUE(stream_fill(&s) == STREAM_OK && stream_peek(&s).n == 20);
	fd_close(&peer);
	T_TRUE(stream_fill(&s) == STREAM_EOF);
	T_TRUE(stream_fill(&s) == STREAM_EOF);
	T_TRUE(s.octets_in == 86);
	stream_fini(&s);
}

/* Somebody who reads nothing holds up nobody, and loses nothing. */
static void
test_flush_now(void **state)
{
	static char text[65536], got[65536];
	struct stream s;
	int peer = open_pair(&s, 64, sizeof(text)), small = 4608;
	size_t sent = 0, n = 0;
	ssize_t part;

	(void)state;
	T_TRUE(setsockopt(s.fd, SOL_SOCKET, SO_SNDBUF, &small,
	    sizeof(small)) == 0);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	T_TRUE(stream_write(&s, text, 60000) == STREAM_OK);
	T_TRUE(!stream_flush_now(&s));
	sent = (size_t)s.octets_out;
	T_TRUE(sent < 60000 && s.out_n == 60000 - sent);
	T_TRUE(stream_write(&s, text + 60000, 1000) == STREAM_OK);
	while (n < 61000) {
		T_TRUE((part = fd_read(peer, got + n, sizeof(got) - n)) > 0);
		n += (size_t)part;
		(void)!stream_flush_now(&s);
	}
	T_TRUE(stream_flush_now(&s) && n == 61000);
	T_TRUE(memcmp(got, text, n) == 0);
	fd_close(&peer);
	T_TRUE(stream_write(&s, "x", 1) == STREAM_OK);
	T_TRUE(!stream_flush_now(&s) && stream_flush(&s) == STREAM_ERROR);
	stream_fini(&s);
}

/* One octet now and then does not buy more time. */
static void
test_command_deadline(void **state)
{
	struct stream s;
	int peer = open_pair(&s, 4096, 64);
	enum stream_result r = STREAM_OK;
	int64_t start = clock_mono_ms();
	pid_t pid;

	(void)state;
	if ((pid = spawn_fork()) == 0) {
		for (int i = 0; i < 100; i++) {
			if (fd_write_all(peer, "x", 1) != 0)
				_exit(0);
			clock_sleep_ms(10);
		}
		_exit(0);
	}
	fd_close(&peer);
	stream_deadline(&s, 150);
	while (r == STREAM_OK)
		r = stream_fill(&s);
	T_TRUE(r == STREAM_TIMEOUT);
	T_TRUE(clock_mono_ms() - start >= 149);
	T_TRUE(clock_mono_ms() - start < 600);
	/* It stays so, whatever the deadline is now. */
	stream_deadline(&s, 1000);
	T_TRUE(stream_fill(&s) == STREAM_TIMEOUT);
	stream_fini(&s);
	T_TRUE(spawn_wait(pid, clock_deadline(5000),
	    &(struct spawn_end){ .pid = 0 }) == 0);
}

/* Octets that are always ready do not buy more time either. */
static void
test_ready_peer(void **state)
{
	struct stream s;
	int peer = open_pair(&s, 64, 64);
	enum stream_result r = STREAM_OK;
	char text[4096] = { 0 };
	unsigned fills = 0;

	(void)state;
	T_TRUE(fd_write_all(peer, text, sizeof(text)) == 0);
	stream_deadline(&s, 40);
	for (; r == STREAM_OK; fills++) {
		clock_sleep_ms(10);
		stream_consume(&s, stream_peek(&s).n);
		r = stream_fill(&s);
	}
	T_TRUE(r == STREAM_TIMEOUT && fills < 20);
	stream_fini(&s);
	fd_close(&peer);
}

/* 1000 octets a second are asked for; a tenth of it runs out of time. */
/* Below such a layer there is always something, and it is never data. */
static ssize_t
empty_record(void *ctx, int fd, void *p, size_t n, int *want)
{
	uint64_t *calls = ctx;

	(void)p;
	(void)n;
	(*calls)++;
	T_TRUE(fd_wait(fd, FD_READ, clock_deadline(0)) == 1);
	*want = FD_READ;
	errno = EAGAIN;
	return -1;
}

static ssize_t
no_room(void *ctx, int fd, const void *p, size_t n, int *want)
{
	(void)p;
	return empty_record(ctx, fd, NULL, n, want);
}

static void
close_nothing(void *ctx)
{
	(void)ctx;
}

/* Whoever sends endless records without data meets the deadline. */
static void
test_records_without_data(void **state)
{
	const struct stream_io io = { .read = empty_record, .write = no_room,
		.close = close_nothing };
	uint64_t calls = 0;
	struct stream s;
	int peer = open_pair(&s, 64, 64);

	(void)state;
	T_TRUE(fd_write_all(peer, "x", 1) == 0);
	T_TRUE(stream_set_io(&s, &io, &calls) == 0);
	stream_deadline(&s, 50);
	T_TRUE(stream_fill(&s) == STREAM_TIMEOUT && calls > 0);
	stream_fini(&s);
	fd_close(&peer);

	peer = open_pair(&s, 64, 64);
	T_TRUE(fd_write_all(peer, "x", 1) == 0);
	T_TRUE(stream_set_io(&s, &io, &calls) == 0);
	stream_deadline(&s, 50);
	(void)stream_puts(&s, "y");
	T_TRUE(stream_flush(&s) == STREAM_TIMEOUT);
	stream_fini(&s);
	fd_close(&peer);
}

static void
test_pace(void **state)
{
	static const struct {
		const char *name;
		size_t octets;
		enum stream_result end;
	} cases[] = {
		{ "fast enough", 40, STREAM_EOF },
		{ "too slow", 1, STREAM_TIMEOUT },
	};
	char text[64] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stream s;
		int peer = open_pair(&s, 4096, 64);
		enum stream_result r = STREAM_OK;
		pid_t pid;

		t_case(cases[i].name);
		if ((pid = spawn_fork()) == 0) {
			for (int j = 0; j < 60; j++) {
				if (fd_write_all(peer, text,
				    cases[i].octets) != 0)
					_exit(0);
				clock_sleep_ms(10);
			}
			_exit(0);
		}
		fd_close(&peer);
		stream_pace(&s, 200, 1000);
		while (r == STREAM_OK) {
			r = stream_fill(&s);
			stream_consume(&s, stream_peek(&s).n);
			T_TRUE(s.deadline_ms <= clock_deadline(200));
		}
		T_TRUE(r == cases[i].end);
		stream_fini(&s);
		T_TRUE(spawn_wait(pid, clock_deadline(5000),
		    &(struct spawn_end){ .pid = 0 }) == 0);
	}
}

static void
test_write(void **state)
{
	struct stream s;
	int peer = open_pair(&s, 64, 64);
	char text[256];

	(void)state;
	T_TRUE(fd_nonblock(peer, true) == 0);
	T_TRUE(stream_puts(&s, "250 one\r\n") == STREAM_OK);
	T_TRUE(stream_puts(&s, "250 two\r\n") == STREAM_OK);
	T_TRUE(fd_read(peer, text, sizeof(text)) == -1 && errno == EAGAIN);
	T_TRUE(stream_flush(&s) == STREAM_OK);
	T_TRUE(fd_read(peer, text, sizeof(text)) == 18);
	/* More than the buffer: leaves in full buffers. */
	memset(text, 'x', sizeof(text));
	T_TRUE(stream_write(&s, text, 130) == STREAM_OK);
	T_TRUE(fd_read(peer, text, sizeof(text)) == 128);
	/* Waiting for input sends what waits. */
	T_TRUE(fd_write_all(peer, "go", 2) == 0);
	T_TRUE(stream_fill(&s) == STREAM_OK);
	T_TRUE(fd_read(peer, text, sizeof(text)) == 2);
	T_TRUE(s.octets_out == 148);
	fd_close(&peer);
	T_TRUE(stream_puts(&s, "x") == STREAM_OK);
	T_TRUE(stream_flush(&s) == STREAM_ERROR);
	T_TRUE(stream_write(&s, text, sizeof(text)) == STREAM_ERROR);
	stream_fini(&s);
}

/* A peer that reads nothing (a window of 0) is held to the deadline. */
static void
test_stuck_reader(void **state)
{
	struct stream s;
	int peer = open_pair(&s, 64, 4096);
	enum stream_result r = STREAM_OK;
	int64_t start = clock_mono_ms();
	char text[4096] = { 0 };

	(void)state;
	stream_deadline(&s, 100);
	for (int i = 0; i < 1000 && r == STREAM_OK; i++)
		r = stream_write(&s, text, sizeof(text));
	T_TRUE(r == STREAM_TIMEOUT && clock_mono_ms() - start >= 99);
	T_TRUE(clock_mono_ms() - start < 600);
	stream_fini(&s);
	fd_close(&peer);
}

static ssize_t
upper_read(void *ctx, int fd, void *p, size_t n, int *want)
{
	ssize_t got = fd_read(fd, p, n);
	char *c = p;

	(void)want;
	(*(int *)ctx)++;
	for (ssize_t i = 0; i < got; i++)
		c[i] = ascii_upper(c[i]);
	return got;
}

static ssize_t
upper_write(void *ctx, int fd, const void *p, size_t n, int *want)
{
	(void)ctx;
	(void)want;
	return fd_write(fd, p, n > 3 ? 3 : n);
}

static void
upper_close(void *ctx)
{
	*(int *)ctx = -1;
}

static void
test_layer(void **state)
{
	static const struct stream_io upper = { .read = upper_read,
	    .write = upper_write, .close = upper_close };
	struct stream s;
	int calls = 0, peer = open_pair(&s, 64, 64);
	char text[16];

	(void)state;
	/* CVE-2011-0411: commands behind STARTTLS in the same segment. */
	T_TRUE(fd_write_all(peer, "STARTTLS\r\nNOOP\r\n", 16) == 0);
	T_TRUE(stream_fill(&s) == STREAM_OK);
	stream_consume(&s, 10);
	T_TRUE(stream_set_io(&s, &upper, &calls) == 6);
	T_TRUE(stream_idle(&s));
	T_TRUE(fd_write_all(peer, "quit", 4) == 0);
	T_TRUE(stream_fill(&s) == STREAM_OK && calls == 1);
	T_STR(stream_peek(&s), "QUIT");
	T_TRUE(stream_puts(&s, "0123456789") == STREAM_OK);
	T_TRUE(stream_flush(&s) == STREAM_OK);
	T_TRUE(fd_read(peer, text, sizeof(text)) == 10);
	stream_fini(&s);
	T_INT(calls, -1);
	fd_close(&peer);
}

/* A layer that keeps its first three records to itself. */
static ssize_t
quiet_read(void *ctx, int fd, void *p, size_t n, int *want)
{
	int *calls = ctx;
	char record;

	if ((*calls)++ >= 3)
		return fd_read(fd, p, n);
	T_TRUE(fd_read(fd, &record, 1) == 1);
	*want = FD_READ;
	errno = EAGAIN;
	return -1;
}

static void
test_heard(void **state)
{
	static const struct stream_io quiet = { .read = quiet_read };
	struct stream s;
	int calls = 0, peer = open_pair(&s, 64, 64);

	(void)state;
	T_TRUE(stream_set_io(&s, &quiet, &calls) == 0);
	T_TRUE(!stream_heard(&s));
	/* RFC 8446 4.6.3: a change of keys may come at any time. */
	T_TRUE(fd_write_all(peer, "KK", 2) == 0);
	T_TRUE(!stream_heard(&s) && calls == 2);
	T_TRUE(fd_write_all(peer, "Kabc", 4) == 0);
	T_TRUE(stream_heard(&s));
	T_TRUE(stream_heard(&s));
	T_STR(stream_peek(&s), "abc");
	stream_consume(&s, 3);
	T_TRUE(!stream_heard(&s));
	fd_close(&peer);
	T_TRUE(stream_heard(&s));
	T_TRUE(stream_fill(&s) == STREAM_EOF);
	stream_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_flush_now),
		cmocka_unit_test(test_command_deadline),
		cmocka_unit_test(test_ready_peer),
		cmocka_unit_test(test_records_without_data),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_stuck_reader),
		cmocka_unit_test(test_layer),
		cmocka_unit_test(test_heard),
	};

	fd_no_sigpipe();
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
