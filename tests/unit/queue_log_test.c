/* queue/log: every kind is read as it was written; a torn line is none. */
#include "t.h"

#include <string.h>

#include "queue/log.h"

#define W(s)	SPAN_LIT(s)

static const struct queue_log samples[] = {
	{ .kind = QUEUE_LOG_MAILBOX, .time = 1795327200, .index = 7,
	    .parent = 2, .address = W("bob@demo.example"), .owner = W(""),
	    .user = W("bob@demo.example"), .uid = 1001, .gid = 100,
	    .home = W("/home/b ob"), .maildir = W("/home/b ob/Maildir"),
	    .system_user = 1, .detail = W("spam") },
	{ .kind = QUEUE_LOG_REMOTE, .index = 0, .parent = UINT32_MAX,
	    .address = W("x@y.example"), .owner = W("owner-l@z.example"),
	    .transport = 1, .nexthop = W("[192.0.2.1]"), .port = 65535,
	    .tls = 4 },
	{ .kind = QUEUE_LOG_REMOTE_FROM, .index = 0, .parent = UINT32_MAX,
	    .address = W("x@y.example"), .owner = W(""),
	    .nexthop = W("y.example"),
	    .source = W("192.0.2.1,2001:db8::1") },
	{ .kind = QUEUE_LOG_PIPE, .index = 1, .nexthop = W("archive"),
	    .address = W("a@b"), .owner = W("-") },
	{ .kind = QUEUE_LOG_ADDRESS, .index = 1, .address = W("a@b\n") },
	{ .kind = QUEUE_LOG_EXPANDED, .parent = 1, .first = 3, .count = 50000 },
	{ .kind = QUEUE_LOG_FORWARD, .index = 4, .parent = 1,
	    .address = W("me@elsewhere.example") },
	{ .kind = QUEUE_LOG_DONE, .index = 4, .esc = W("2.0.0"),
	    .address = W("a@b"), .remote = W("mx.b (192.0.2.9)"),
	    .text = W("250 2.0.0 ok: queued as 4711") },
	{ .kind = QUEUE_LOG_LATER, .index = 4, .esc = W("4.4.1"),
	    .text = W("100% =00000000") },
	{ .kind = QUEUE_LOG_NEVER, .index = 0, .esc = W("5.1.1"),
	    .text = W("550 a\r\n\ttype:mda\0 \xff-") },
	{ .kind = QUEUE_LOG_PASS, .age_s = 86400, .next = 1795330800,
	    .time = INT64_C(253402300799) },
	{ .kind = QUEUE_LOG_BOUNCED, .index = 9, .id = W("0123"),
	    .owner = W("") },
	{ .kind = QUEUE_LOG_DELAYED, .id = W("0123") },
	{ .kind = QUEUE_LOG_REQUEUED },
	{ .kind = QUEUE_LOG_WAIT, .index = 9, .next = 1795330800 },
};

static void
same(const struct queue_log *a, const struct queue_log *b)
{
	T_INT(a->kind, b->kind);
	T_INT(a->time, b->time);
	T_INT(a->index, b->index);
	T_INT(a->parent, b->parent);
	T_INT(a->first, b->first);
	T_INT(a->count, b->count);
	T_INT(a->uid, b->uid);
	T_INT(a->gid, b->gid);
	T_INT(a->system_user, b->system_user);
	T_INT(a->transport, b->transport);
	T_INT(a->port, b->port);
	T_INT(a->tls, b->tls);
	T_INT(a->age_s, b->age_s);
	T_INT(a->next, b->next);
	T_SPAN(a->address, b->address);
	T_SPAN(a->owner, b->owner);
	T_SPAN(a->user, b->user);
	T_SPAN(a->home, b->home);
	T_SPAN(a->maildir, b->maildir);
	T_SPAN(a->detail, b->detail);
	T_SPAN(a->nexthop, b->nexthop);
	T_SPAN(a->esc, b->esc);
	T_SPAN(a->remote, b->remote);
	T_SPAN(a->text, b->text);
	T_SPAN(a->id, b->id);
}

static void
identity(void **state)
{
	struct buf line, store;
	struct queue_log back;

	(void)state;
	buf_init(&line, QUEUE_LOG_LINE_MAX);
	buf_init(&store, QUEUE_LOG_LINE_MAX);
	for (size_t i = 0; i < COUNT(samples); i++) {
		t_case(queue_log_name(samples[i].kind));
		buf_clear(&line);
		T_INT(queue_log_put(&line, &samples[i]), 0);
		T_TRUE(line.p[line.n - 1] == '\n');
		for (size_t k = 0; k + 1 < line.n; k++)
			T_TRUE(line.p[k] >= 32 && line.p[k] < 127);
		T_INT(queue_log_parse(span_head(buf_span(&line), line.n - 1),
		    &store, &back), 0);
		same(&back, &samples[i]);
	}
	buf_fini(&line);
	buf_fini(&store);
}

/* A line cut anywhere, or with any bit turned, is no line. */
static void
torn(void **state)
{
	struct buf line, store;
	struct queue_log back;

	(void)state;
	buf_init(&line, QUEUE_LOG_LINE_MAX);
	buf_init(&store, QUEUE_LOG_LINE_MAX);
	for (size_t i = 0; i < COUNT(samples); i++) {
		t_case(queue_log_name(samples[i].kind));
		buf_clear(&line);
		T_INT(queue_log_put(&line, &samples[i]), 0);
		buf_cut(&line, line.n - 1);
		for (size_t k = 0; k < line.n; k++) {
			T_INT(queue_log_parse(span_head(buf_span(&line), k),
			    &store, &back), -1);
			T_INT(queue_log_parse(span_from(buf_span(&line),
			    k + 1), &store, &back), -1);
			line.p[k] = (char)(line.p[k] ^ 1);
			T_INT(queue_log_parse(buf_span(&line), &store, &back),
			    -1);
			line.p[k] = (char)(line.p[k] ^ 1);
		}
	}
	buf_fini(&line);
	buf_fini(&store);
}

static void
bounds(void **state)
{
	static char big[641];
	struct queue_log l = { .kind = QUEUE_LOG_DONE };
	struct buf line;

	(void)state;
	memset(big, '\n', sizeof(big));
	buf_init(&line, QUEUE_LOG_LINE_MAX);
	l.text = span_of(big, 640);
	T_INT(queue_log_put(&line, &l), 0);
	l.text = span_of(big, 641);
	buf_clear(&line);
	T_INT(queue_log_put(&line, &l), -1);
	T_INT(line.n, 0);
	/* The longest line of all fits. */
	l = (struct queue_log){ .kind = QUEUE_LOG_MAILBOX,
		.address = span_of(big, 640), .owner = span_of(big, 640),
		.user = span_of(big, 640), .home = span_of(big, 640),
		.maildir = span_of(big, 640), .detail = span_of(big, 64) };
	T_INT(queue_log_put(&line, &l), 0);
	l = (struct queue_log){ .kind = QUEUE_LOG_PASS, .time = -1 };
	T_INT(queue_log_put(&line, &l), -1);
	buf_fini(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity),
		cmocka_unit_test(torn),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
