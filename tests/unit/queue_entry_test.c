/*
 * queue/entry and queue/scan: the directories, the lock, the run number, one
 * file from its making to its end, and every way in which it can be damaged.
 */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "queue/entry.h"
#include "queue/scan.h"

static char dir[64];
static int top;
static struct queue q;
static struct id_maker ids;

static int
set_up(void **state)
{
	struct why why;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/queue_entry.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	top = fs_open_top(dir);
	if (queue_open(&q, top, 0, &why) != 0)
		return -1;
	id_maker_init(&ids, q.run);
	return 0;
}

static int
tear_down(void **state)
{
	char name[64];
	int tmp;

	(void)state;
	queue_close(&q);
	fd_close(&top);
	(void)snprintf(name, sizeof(name), "%s", dir + strlen("/tmp/"));
	tmp = fs_open_top("/tmp");
	if (fs_remove_tree(tmp, name, 10000) != 0)
		return -1;
	fd_close(&tmp);
	return 0;
}

static const struct queue_rcpt rcpt = { SPAN_LIT("bob@demo.example"),
	SPAN_LIT("bob@demo.example"), 0, SPAN_LIT("") };
static const struct queue_envelope envelope = {
	.from = SPAN_LIT("alice@demo.example"), .client = SPAN_LIT("local"),
	.time = 1795327200, .rcpts = &rcpt, .rcpts_n = 1,
};
#define TEXT	"Subject: x\r\n\r\nhello\r\n"

static void
make(char id[ID_SIZE])
{
	struct why why;
	int fd;

	id_make(&ids, clock_wall_us(), id);
	fd = queue_write(&q, id, &envelope, SPAN_LIT(TEXT), &why);
	T_TRUE(fd >= 0);
	fd_close(&fd);
}

static void
count(const char *id, int64_t next_s, void *ctx)
{
	(void)id;
	(void)next_s;
	(*(size_t *)ctx)++;
}

static size_t
scan(enum queue_state s)
{
	size_t n = 0, foreign;

	T_INT(queue_scan(&q, s, count, &n, &foreign), 0);
	T_INT(foreign, 0);
	return n;
}

static void
lock_and_run(void **state)
{
	struct queue second;
	struct why why;
	uint32_t run = q.run;

	(void)state;
	T_INT(queue_open(&second, top, 0, &why), -1);
	T_INT(why.kind, WHY_TEMP);
	queue_close(&q);
	T_INT(queue_open(&q, top, 0, &why), 0);
	T_INT(q.run, run + 1);
}

/* Of a start that the power cut ended; and what is not of that form. */
static void
left_by_a_power_cut(void **state)
{
	static const char *const left[] = { ".run.0123456789abcdef",
	    ".pause.00000000ffffffff" };
	static const char *const others[] = { ".run.0123456789abcdeg",
	    ".0123456789abcdef", "run.0123456789abcdef", ".run" };
	struct fs_stat st;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(left); i++)
		T_INT(fs_replace(top, left[i], SPAN_LIT("7"), 0600), 0);
	for (size_t i = 0; i < COUNT(others); i++)
		T_INT(fs_replace(top, others[i], SPAN_LIT("7"), 0600), 0);
	queue_close(&q);
	T_INT(queue_open(&q, top, 0, &why), 0);
	for (size_t i = 0; i < COUNT(left); i++)
		T_INT(fs_stat(top, left[i], &st), -1);
	for (size_t i = 0; i < COUNT(others); i++) {
		T_INT(fs_stat(top, others[i], &st), 0);
		T_INT(fs_discard(top, others[i]), 0);
	}
}

static void
life(void **state)
{
	struct arena *a = arena_new(MIB);
	struct queue_head h;
	struct queue_check c;
	struct why why;
	char id[ID_SIZE];
	int fd;

	(void)state;
	make(id);
	T_INT(scan(QUEUE_INCOMING), 1);
	fd = queue_open_read(&q, QUEUE_INCOMING, id);
	T_INT(queue_read_head(fd, a, &h, &why), QUEUE_GOT);
	T_SPAN(h.envelope.from, envelope.from);
	T_INT(h.first.message_octets, strlen(TEXT));
	T_INT(h.size_octets, queue_first_end(&h.first));
	queue_check_begin(&c, &h.first);
	T_INT(queue_check_step(&c, fd, 10), QUEUE_CHECK_MORE);
	T_INT(queue_check_step(&c, fd, MIB), QUEUE_CHECK_GOOD);
	fd_close(&fd);
	/* An edge that the table does not have. */
	T_INT(queue_move(&q, id, QUEUE_DEFERRED, QUEUE_INCOMING), -1);
	T_INT(queue_move(&q, id, QUEUE_INCOMING, QUEUE_DEFERRED), 0);
	T_INT(scan(QUEUE_INCOMING), 0);
	T_INT(scan(QUEUE_DEFERRED), 1);
	T_INT(queue_remove(&q, QUEUE_DEFERRED, id), 0);
	T_INT(queue_remove(&q, QUEUE_DEFERRED, id), 0);
	T_INT(scan(QUEUE_DEFERRED), 0);
	arena_free(&a);
}

/* Read what stands there, whatever it is; GOT only if the checksum holds. */
static enum queue_got
judge(int fd)
{
	struct arena *a = arena_new(MIB);
	struct queue_head h;
	struct queue_check c;
	enum queue_got got;
	struct why why;

	got = queue_read_head(fd, a, &h, &why);
	if (got == QUEUE_GOT) {
		queue_check_begin(&c, &h.first);
		if (queue_check_step(&c, fd, 64 * MIB) != QUEUE_CHECK_GOOD)
			got = QUEUE_DAMAGED;
	}
	arena_free(&a);
	return got;
}

/* Threat E9: each octet turned, each length; before the log nothing holds. */
static void
every_damage(void **state)
{
	char id[ID_SIZE], whole[KIB];
	ssize_t n;
	int fd;

	(void)state;
	make(id);
	fd = queue_open_log(&q, QUEUE_INCOMING, id);
	n = fd_pread(fd, whole, sizeof(whole), 0);
	T_TRUE(n > QUEUE_FIRST_LEN);
	T_INT(judge(fd), QUEUE_GOT);
	for (ssize_t i = 0; i < n; i++) {
		char bent = (char)(whole[i] ^ 0x20);

		T_INT(fd_pwrite_all(fd, &bent, 1, (uint64_t)i), 0);
		T_TRUE(judge(fd) == QUEUE_DAMAGED);
		T_INT(fd_pwrite_all(fd, whole + i, 1, (uint64_t)i), 0);
	}
	T_INT(judge(fd), QUEUE_GOT);
	for (ssize_t i = n - 1; i > 0; i--) {
		T_INT(fs_truncate(fd, (uint64_t)i), 0);
		T_TRUE(judge(fd) == QUEUE_DAMAGED);
	}
	T_INT(fs_truncate(fd, 0), 0);
	T_INT(judge(fd), QUEUE_UNFINISHED);
	fd_close(&fd);
	T_INT(queue_remove(&q, QUEUE_INCOMING, id), 0);
}

/* Blank first line: never acknowledged, unless there is a log behind it. */
static void
unfinished(void **state)
{
	struct queue_log l = { .kind = QUEUE_LOG_DELAYED,
		.id = SPAN_LIT("x") };
	char id[ID_SIZE], blank[QUEUE_FIRST_LEN];
	struct buf line;
	int fd;

	(void)state;
	make(id);
	memset(blank, ' ', sizeof(blank));
	blank[sizeof(blank) - 1] = '\n';
	fd = queue_open_log(&q, QUEUE_INCOMING, id);
	T_INT(fd_pwrite_all(fd, blank, sizeof(blank), 0), 0);
	T_INT(judge(fd), QUEUE_UNFINISHED);
	buf_init(&line, QUEUE_LOG_LINE_MAX);
	T_INT(queue_log_put(&line, &l), 0);
	fd_close(&fd);
	fd = fs_open_append(q.dirs[queue_dir(QUEUE_INCOMING, id)], id);
	T_INT(fd_write_all(fd, line.p, line.n), 0);
	T_INT(judge(fd), QUEUE_DAMAGED);
	fd_close(&fd);
	buf_fini(&line);
	T_INT(queue_remove(&q, QUEUE_INCOMING, id), 0);
}

static void
see(const struct queue_log *l, void *ctx)
{
	*(uint64_t *)ctx = *(uint64_t *)ctx * 10 + l->index;
}

static void
logs(void **state)
{
	struct queue_log l = { .kind = QUEUE_LOG_DONE };
	uint64_t start, seen = 0;
	struct queue_tail tail;
	struct fs_stat st;
	char id[ID_SIZE];
	struct buf b;
	int fd;

	(void)state;
	make(id);
	fd = fs_open_append(q.dirs[queue_dir(QUEUE_INCOMING, id)], id);
	T_INT(fs_fstat(fd, &st), 0);
	start = st.size_octets;
	buf_init(&b, MIB);
	for (l.index = 1; l.index < 4; l.index++) {
		T_INT(queue_log_put(&b, &l), 0);
		if (l.index == 2)
			b.p[b.n - 5] ^= 1;	/* this one does not hold */
	}
	for (int i = 0; i < 20000; i++)		/* longer than any line */
		(void)buf_add_char(&b, 'x');
	(void)buf_add_char(&b, '\n');
	l.index = 5;
	T_INT(queue_log_put(&b, &l), 0);
	T_INT(fd_write_all(fd, b.p, b.n), 0);
	T_INT(queue_each_log(fd, start, see, &seen, &tail), 0);
	T_INT(seen, 135);
	T_INT(tail.end, start + b.n);
	T_TRUE(!tail.torn);
	T_INT(fd_write_all(fd, b.p, 30), 0);
	seen = 0;
	T_INT(queue_each_log(fd, start, see, &seen, &tail), 0);
	T_INT(seen, 135);
	T_TRUE(tail.torn);
	T_INT(tail.end, start + b.n + 30);
	fd_close(&fd);
	buf_fini(&b);
	T_INT(queue_remove(&q, QUEUE_INCOMING, id), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lock_and_run),
		cmocka_unit_test(left_by_a_power_cut),
		cmocka_unit_test(life),
		cmocka_unit_test(every_damage),
		cmocka_unit_test(unfinished),
		cmocka_unit_test(logs),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
