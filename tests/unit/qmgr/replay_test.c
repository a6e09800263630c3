/*
 * qmgr/replay and qmgr/report_text: what a log says after a restart, also when
 * there is no room for all of it, and what a report quotes of a long one.
 */
#include "tests/unit/scratch.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/clock.h"
#include "qmgr/limits.h"
#include "qmgr/replay.h"
#include "qmgr/report_text.h"

#define TEXT	"Subject: x\r\n\r\nhello\r\n"
#define RCPTS	200

static struct qmgr q;
static struct message *m;
static int fd = -1;

static void
nothing(evutil_socket_t sock, short what, void *arg)
{
	(void)sock;
	(void)what;
	(void)arg;
}

static void
free_route(void *data)
{
	free(data);
}

static int
set_up(void **state)
{
	struct why why;

	if (scratch_setup(state) != 0)
		return -1;
	memset(&q, 0, sizeof(q));
	if (queue_open(&q.queue, scratch, 0, &why) != 0)
		return -1;
	id_maker_init(&q.ids, q.queue.run);
	TAILQ_INIT(&q.ripe);
	TAILQ_INIT(&q.log_open);
	q.base = event_base_new();
	q.work = event_new(q.base, -1, 0, nothing, NULL);
	q.messages = hash_new(100, q.seed);
	q.schedule = schedule_new(100, q.seed, free_route);
	span_copy_cut(SPAN_LIT("mx.demo.example"), q.set.hostname,
	    sizeof(q.set.hostname));
	return 0;
}

static int
tear_down(void **state)
{
	fd_close(&fd);
	if (m != NULL)
		message_free(m);
	m = NULL;
	schedule_free(&q.schedule);
	hash_free(&q.messages, NULL);
	event_free(q.work);
	event_base_free(q.base);
	queue_close(&q.queue);
	return scratch_teardown(state);
}

/* A queued message to n recipients, and m with its envelope. */
static void
make(uint32_t n)
{
	struct queue_rcpt *rcpts = xcalloc(n, sizeof(*rcpts));
	struct queue_envelope e = { .from = SPAN_LIT("alice@demo.example"),
		.client = SPAN_LIT("local"), .time = clock_wall_s(),
		.rcpts = rcpts, .rcpts_n = n };
	struct arena *a = arena_new(ENVELOPE_MEMORY);
	char id[ID_SIZE], text[RCPTS][32];
	struct queue_head h;
	struct why why;

	for (uint32_t i = 0; i < n; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "r%u@there.example", i);
		rcpts[i].address = rcpts[i].original = span_str(text[i]);
	}
	id_make(&q.ids, clock_wall_us(), id);
	fd = queue_write(&q.queue, id, &e, SPAN_LIT(TEXT), &why);
	T_TRUE(fd >= 0);
	fd_close(&fd);
	fd = queue_open_read(&q.queue, QUEUE_INCOMING, id);
	T_TRUE(fd >= 0 && queue_read_head(fd, a, &h, &why) == QUEUE_GOT);
	m = message_new(&q, id, QUEUE_INCOMING, MSG_LOADING);
	T_TRUE(m != NULL);
	message_fill(m, &h);
	arena_free(&a);
	free(rcpts);
}

static void
put(struct buf *out, struct queue_log l)
{
	l.time = clock_wall_s();
	T_TRUE(queue_log_put(out, &l) == 0);
}

static void
append(struct buf *lines)
{
	int log = queue_open_log(&q.queue, QUEUE_INCOMING, m->id);

	T_TRUE(log >= 0 && fd_pwrite_all(log, lines->p, lines->n,
	    m->log_end) == 0);
	fd_close(&log);
	buf_fini(lines);
}

/* A forward file brought one more recipient, then its owner was done. */
static void
make_forwarded(void)
{
	struct buf lines;

	make(1);
	buf_init(&lines, 64 * KIB);
	put(&lines, (struct queue_log){ .kind = QUEUE_LOG_FORWARD, .index = 1,
	    .parent = 0, .address = SPAN_LIT("else@where.example") });
	put(&lines, (struct queue_log){ .kind = QUEUE_LOG_DONE, .index = 0,
	    .address = SPAN_LIT("r0@there.example"), .esc = SPAN_LIT("2.0.0"),
	    .text = SPAN_LIT("forwarded") });
	append(&lines);
}

static void
test_forward(void **state)
{
	(void)state;
	make_forwarded();
	T_TRUE(replay(m, fd) == 0);
	T_INT(m->n, 2);
	T_INT(m->rcpts[0].state, RCPT_DONE);
	T_INT(m->rcpts[1].state, RCPT_NEW);
	T_TRUE(span_eq_str(m->rcpts[1].address, "else@where.example"));
}

/*
 * With no room for the further recipient the message must not be taken for
 * done: the mail would be lost, for nobody is left to ask for the place.
 */
static void
test_no_room(void **state)
{
	size_t others = RCPTS_MAX - 1;

	(void)state;
	make_forwarded();
	q.rcpts += others;
	T_TRUE(replay(m, fd) == -1);
	q.rcpts -= others;
}

static void
test_no_room_for_row(void **state)
{
	size_t others = RCPTS_MAX - 2;
	struct buf lines;

	(void)state;
	make(1);
	buf_init(&lines, 64 * KIB);
	for (uint32_t i = 1; i <= 3; i++)
		put(&lines, (struct queue_log){ .kind = QUEUE_LOG_ADDRESS,
		    .index = i, .parent = 0, .address = SPAN_LIT("a@b.example") });
	put(&lines, (struct queue_log){ .kind = QUEUE_LOG_EXPANDED, .parent = 0,
	    .first = 1, .count = 3 });
	append(&lines);
	q.rcpts += others;
	T_TRUE(replay(m, fd) == -1);
	q.rcpts -= others;
}

static size_t
times(struct span s, const char *text)
{
	size_t n = 0, at;

	while ((at = span_find(s, span_str(text))) < s.n) {
		s = span_from(s, at + 1);
		n++;
	}
	return n;
}

/*
 * RFC 3464 2.3.6: the diagnostic is what the other host said.  A host with
 * new words for each try fills the log; the report has the last of them, for
 * every recipient.
 */
static void
test_long_log(void **state)
{
	uint32_t all[RCPTS];
	struct report_text t = { .m = NULL, .id = "x", .rcpts = all, .n = RCPTS,
		.to = SPAN_LIT("alice@demo.example") };
	char text[512];
	struct buf lines, out;

	(void)state;
	make(RCPTS);
	memset(text, 'w', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	buf_init(&lines, 64 * MIB);
	for (int pass = 0; pass < 60; pass++)
		for (uint32_t i = 0; i < RCPTS; i++) {
			(void)snprintf(text, 16, "451 busy %03d", pass);
			text[12] = 'w';
			put(&lines, (struct queue_log){ .index = i,
			    .kind = QUEUE_LOG_LATER, .esc = SPAN_LIT("4.2.3"),
			    .address = m->rcpts[i].address, .remote =
			    SPAN_LIT("mx.there.example[192.0.2.1]:25"),
			    .text = span_str(text) });
		}
	append(&lines);
	for (uint32_t i = 0; i < RCPTS; i++)
		all[i] = i;
	t.m = m;
	buf_init(&out, REPORT_MAX);
	T_TRUE(report_text(&t, &out) == 0);
	T_INT(times(buf_span(&out), "Remote-MTA: dns; mx.there.example"), RCPTS);
	T_TRUE(times(buf_span(&out), "451 busy 059") >= RCPTS);
	T_INT(times(buf_span(&out), "451 busy 058"), 0);
	buf_fini(&out);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_forward), CASE(test_no_room),
		CASE(test_no_room_for_row), CASE(test_long_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
